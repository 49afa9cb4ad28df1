"""The store: where runs are written down and read back; the one door of pyarrow.

    with store.Recorder(reports, info) as recorder:   # reports/runs/<run_id>/
        recorder.record(attempt)                      # safe as soon as this returns
    run = store.open_run("latest", reports)
    run.calls(), run.scores()                         # pandas frames
    run.outcomes()                                    # what each trial came to

A run's folder holds `manifest.json`, which says what else belongs to it: `calls.parquet/`, a folder of parts, and `scores/`, a file for each time that it
was judged; the one in force is `scores.parquet` as well. While it goes on `journal/` holds a file for each process that records, a line for each event; they become parts when they are full and when
the run ends. A manifest with journals beside it is that of a run that was killed, or that still goes on: then its `.lock` is held. `adaptive.json` is there if
the concurrency was searched for.

`reports` is a folder or "s3://bucket/prefix", a `Place`: then all of this lies in a copy on this machine, journals stay there, and whole files are published.
"""

from __future__ import annotations

from harness.store.baseline import ABOUT as BASELINE_FILE
from harness.store.baseline import Baseline, Layout, has_baseline, load_baseline, save_baseline
from harness.store.durable import on_disk
from harness.store.group_sync import Durability
from harness.store.importing import Brought, import_rows
from harness.store.info import RunInfo, git_commit, new_run_id
from harness.store.left_behind import LeftBehind, Row, left_behind, part_names
from harness.store.listing import Listed, runs_folder, runs_in
from harness.store.lock import Lock
from harness.store.manifest import InFlight, State
from harness.store.many import Runs, load_runs
from harness.store.opening import load_run, newest_run, open_run, run_before, set_latest
from harness.store.parquet import column_names, rows_of, unpacked
from harness.store.place import ROUTING, Place
from harness.store.recorder import Recorder
from harness.store.resuming import Remainder, remainder
from harness.store.runs import Run
from harness.store.searches import save_searches
from harness.store.standings import STANDINGS, latest_standings
from harness.store.writer import WriteOptions, Writer

__all__ = [
    "BASELINE_FILE",
    "ROUTING",
    "STANDINGS",
    "Baseline",
    "Brought",
    "Durability",
    "InFlight",
    "Layout",
    "LeftBehind",
    "Listed",
    "Lock",
    "Place",
    "Recorder",
    "Remainder",
    "Row",
    "Run",
    "RunInfo",
    "Runs",
    "State",
    "WriteOptions",
    "Writer",
    "column_names",
    "git_commit",
    "has_baseline",
    "import_rows",
    "latest_standings",
    "left_behind",
    "load_baseline",
    "load_run",
    "load_runs",
    "new_run_id",
    "newest_run",
    "on_disk",
    "open_run",
    "part_names",
    "remainder",
    "rows_of",
    "run_before",
    "runs_folder",
    "runs_in",
    "save_baseline",
    "save_searches",
    "set_latest",
    "unpacked",
]
