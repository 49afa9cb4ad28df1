"""What each provider is worth: attempts and scores → standings; calibration of simulated runs; what changed between two runs."""

from harness.standing.calibration import calibrate, share_holding
from harness.standing.columns import CALIBRATED, CALLS, COMPARED, SCORES, TIMED
from harness.standing.comparison import Tolerance, compare
from harness.standing.facts import duration, notes, spend, timed
from harness.standing.records import from_json, to_json
from harness.standing.repeats import REPEATED, repeated, repeats
from harness.standing.standings import standings
from harness.standing.under_load import invalid, levels

__all__ = [
    "CALIBRATED",
    "CALLS",
    "COMPARED",
    "REPEATED",
    "SCORES",
    "TIMED",
    "Tolerance",
    "calibrate",
    "compare",
    "duration",
    "from_json",
    "invalid",
    "levels",
    "notes",
    "repeated",
    "repeats",
    "share_holding",
    "spend",
    "standings",
    "timed",
    "to_json",
]
