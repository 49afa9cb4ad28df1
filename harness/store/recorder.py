"""The recorder: writes a run down while it goes on, and makes Parquet of it when it ends."""

from __future__ import annotations

import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import pyarrow.compute as pc

from harness.errors import StoreError
from harness.store import durable, parquet
from harness.store.columns import CALLS, Context, call_row, encode
from harness.store.durable import guarded
from harness.store.info import RunInfo
from harness.store.journal import FINISHED, Journal, Reading
from harness.store.manifest import Manifest, State
from harness.told import Attempt

CALLS_FILE, JOURNAL_FILE, INFO_FILE = "calls.parquet", "journal.jsonl", "run.json"
DAMAGED_FILE = "journal.damaged.jsonl"
"""The journal is kept under this name where a part of it could not be read."""


class Recorder:
    """Writes one run to `reports/runs/<run_id>`; as a context manager it closes itself.

    Within the `with` each attempt is safe as soon as `record` returns, whatever happens to the process. An exception closes the run as
    "interrupted", the end of the block as "complete", unless `close` was called.

    Raises:
        StoreError: the folder cannot be made or written, or there is such a run already.
    """

    def __init__(self, reports: Path, info: RunInfo, *, worker: str = "0") -> None:
        self.info = info
        self.path = reports / "runs" / info.run_id
        self._context = Context(
            run_id=info.run_id,
            worker=worker,
            host=socket.gethostname(),
            harness_version=info.harness_version,
            litellm_version=info.litellm_version,
            metadata=info.metadata,
        )
        with guarded(self.path, "cannot be made", "Nothing was sent"):
            self.path.mkdir(parents=True)
            durable.write(self.path / INFO_FILE, orjson.dumps(info.as_json(), option=orjson.OPT_INDENT_2))
            (self.path / JOURNAL_FILE).touch(exist_ok=False)
        self._journal: Journal | None = Journal(self.path / JOURNAL_FILE)

    def record(self, attempt: Attempt) -> None:
        """Write one attempt down.

        Raises:
            StoreError: the disk is full or broken; what was recorded before is kept.
        """
        if self._journal is None:
            raise StoreError(f"{self.path} is closed: nothing can be recorded any more")
        self._journal.append(FINISHED, encode(call_row(attempt, self._context)))

    def close(self, state: State = "complete") -> None:
        """End the run: make calls.parquet of the journal, then write the manifest. A second call does nothing.

        Raises:
            StoreError: one of them cannot be written; what was recorded is kept in the journal, and opening the run tries again.
        """
        if self._journal is None:
            return
        journal, self._journal = self._journal, None
        with journal:
            compact(self.path, self.info, state)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close("complete" if error is None else "interrupted")
        except StoreError as failed:
            if error is None:
                raise
            error.add_note(str(failed))  # what ended the run is the news; that it could not be closed comes with it


def compact(folder: Path, info: RunInfo, state: State) -> Manifest:
    """Make calls.parquet of a run's journal, then the manifest, and only then remove the journal. The caller holds the journal.

    Raises:
        StoreError: something cannot be read or written; the journal is then kept.
    """
    journal = folder / JOURNAL_FILE
    reading = Reading(journal)
    try:
        calls = parquet.write(folder / CALLS_FILE, (line.row for line in reading if line.kind == FINISHED), CALLS)
        ids = parquet.read(folder / CALLS_FILE, ["trial_id"])["trial_id"]
        manifest = Manifest(
            state, info, pc.count_distinct(ids).as_py(), calls, damaged=reading.damaged, torn=reading.torn
        )
        manifest.save(folder)
    except StoreError as error:
        raise StoreError(
            f"{error}\nWhat was recorded is kept in {journal}: `harness report {folder}` makes a run of it"
        ) from error
    with guarded(journal, "cannot be removed"):
        if reading.damaged:
            journal.replace(folder / DAMAGED_FILE)
        else:
            journal.unlink()
        (folder / INFO_FILE).unlink()
        durable.sync_folder(folder)
    return manifest
