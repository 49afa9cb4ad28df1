"""What each provider is worth: attempts and scores → standings, and for simulated runs what was measured beside what was true."""

from harness.standing.calibration import calibrate, share_holding
from harness.standing.facts import duration, notes, spend, timed
from harness.standing.records import from_json, to_json
from harness.standing.standings import standings

__all__ = ["calibrate", "duration", "from_json", "notes", "share_holding", "spend", "standings", "timed", "to_json"]
