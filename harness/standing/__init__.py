"""What each provider is worth: attempts and scores → standings; calibration of simulated runs; what changed between two runs."""

from harness.standing.calibration import calibrate, share_holding
from harness.standing.columns import CALIBRATED, CALLS, COMPARED, JUDGED, RESULTS, SAID, SCORES, TIMED
from harness.standing.comparison import compare
from harness.standing.facts import dated, duration, notes, spend, timed
from harness.standing.gates import gates
from harness.standing.history import Night, history
from harness.standing.judging import parted
from harness.standing.looks import LOOKS, Place, drawn, share, undecided
from harness.standing.moved import differences, flipped, flips, replies
from harness.standing.outcomes import CONDITIONS, FIGURES, FLAGS, outcomes, typed
from harness.standing.repeats import REPEATED, repeated, repeats
from harness.standing.results import expectations, results, timings
from harness.standing.standings import standings
from harness.standing.tolerance import USUAL, Tolerance
from harness.standing.under_load import invalid, levels
from harness.store.standings import from_json, to_json

__all__ = [
    "CALIBRATED",
    "CALLS",
    "COMPARED",
    "CONDITIONS",
    "FIGURES",
    "FLAGS",
    "JUDGED",
    "LOOKS",
    "REPEATED",
    "RESULTS",
    "SAID",
    "SCORES",
    "TIMED",
    "USUAL",
    "Night",
    "Place",
    "Tolerance",
    "calibrate",
    "compare",
    "dated",
    "differences",
    "drawn",
    "duration",
    "expectations",
    "flipped",
    "flips",
    "from_json",
    "gates",
    "history",
    "invalid",
    "levels",
    "notes",
    "outcomes",
    "parted",
    "repeated",
    "repeats",
    "replies",
    "results",
    "share",
    "share_holding",
    "spend",
    "standings",
    "timed",
    "timings",
    "to_json",
    "typed",
    "undecided",
]
