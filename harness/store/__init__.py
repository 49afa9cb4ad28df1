"""The store: where runs are written down and read back; the one door of pyarrow.

    with store.Recorder(reports, info) as recorder:   # reports/runs/<run_id>/
        recorder.record(attempt)                      # safe as soon as this returns
    run = store.open_run("latest", reports)
    run.calls(), run.scores()                         # pandas frames
    run.outcomes()                                    # what each trial came to

While a run goes on its folder holds `run.json` (what it stands on) and `journal.jsonl` (a line for each attempt). When it ends they become
`calls.parquet` and, last, `manifest.json`; `scores.parquet` follows when it is judged. A folder with a journal and no manifest is a run
that was killed, or that still goes on: the journal is locked while it does.
"""

from __future__ import annotations

from harness.store.info import RunInfo, new_run_id
from harness.store.manifest import State
from harness.store.recorder import Recorder
from harness.store.runs import Run, load_run, open_run, run_before, set_latest

__all__ = ["Recorder", "Run", "RunInfo", "State", "load_run", "new_run_id", "open_run", "run_before", "set_latest"]
