"""The recorder: the one process that owns a run. It makes the folder, holds its lock, and makes Parquet of what was recorded."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.ask import Trial
from harness.errors import StoreError
from harness.store.aside import Aside
from harness.store.compaction import clear, finish, set_aside
from harness.store.durable import guarded, sync_folder
from harness.store.info import RunInfo
from harness.store.lock import Lock
from harness.store.manifest import Manifest, State
from harness.store.place import Place
from harness.store.publishing import fetch_parts, publish, send
from harness.store.resuming import Remainder
from harness.store.runs import TRUTH_FILES
from harness.store.scorings import show
from harness.store.writer import WriteOptions, Writer
from harness.told import Attempt

USUAL = WriteOptions()


class Recorder:
    """Writes one run to `reports/runs/<run_id>`; as a context manager it closes itself. In an object store it is published when it begins and when it ends.

    Within the `with` each attempt is safe as soon as `record` returns, whatever happens to the process. An exception closes the run as
    "interrupted", the end of the block as "complete", unless `close` was called. Other processes of the run record by a `Writer` of their own
    in `path`, and close it before this is closed.

    Raises:
        StoreError: the folder cannot be made or written, or there is such a run already.
    """

    def __init__(
        self, reports: Place | Path | str, info: RunInfo, *, worker: str = "0", options: WriteOptions = USUAL
    ) -> None:
        place = Place.of(reports).made()
        path = place.folder / "runs" / info.run_id
        with guarded(path, "cannot be made", "Nothing was sent"):
            path.mkdir(parents=True)
            sync_folder(path.parent)
        lock = Lock(path)
        try:
            self._begin(path, lock, Manifest("interrupted", info), worker, options)
        except BaseException:
            if place.remote:  # it would be listed as not published yet, and nothing is in it
                shutil.rmtree(path, ignore_errors=True)
            lock.close()
            raise

    @classmethod
    def of(
        cls, before: Remainder | None, reports: Place | Path | str, info: RunInfo, options: WriteOptions = USUAL
    ) -> Recorder:
        """A recorder that goes on with an earlier part of a run, or begins a new one where there is none."""
        return cls(reports, info, options=options) if before is None else cls.again(before, info, options=options)

    @classmethod
    def again(cls, before: Remainder, info: RunInfo, *, worker: str = "0", options: WriteOptions = USUAL) -> Recorder:
        """Go on with a run: it stands on `info` from now on, and was begun when it was. Rows of stale trials are set aside.

        Raises:
            StoreError: another process writes it, an older harness has written it, or the folder cannot be written.
        """
        path = before.run.path
        manifest = Manifest.load(path)
        if any("/" not in part.file for part in manifest.calls):
            raise StoreError(
                f"{path} was recorded by an older llm-harness: it can be read, but not resumed; `harness run` records a new one"
            )
        lock = Lock(path)
        try:
            fetch_parts(path, manifest.calls)
            manifest = finish(path, Manifest.load(path), "interrupted")  # nobody else changes it from here on
            _check_unchanged(manifest, before)
            recorder = cls.__new__(cls)
            info = replace(info, run_id=manifest.info.run_id, created=manifest.info.created)
            manifest = set_aside(path, replace(manifest, info=info, scores=None, ended=()), before.stale)
            options = replace(options, before=before.before)
            recorder._begin(path, lock, manifest, worker, options)  # noqa: SLF001 - its own
            clear(path, manifest)
            show(path, manifest)
        except BaseException:
            lock.close()
            raise
        return recorder

    def _begin(self, path: Path, lock: Lock, manifest: Manifest, worker: str, options: WriteOptions) -> None:
        self.path, self.info, self._lock = path, manifest.info, lock
        manifest.save(path)
        try:
            send(path)
        except StoreError as error:
            raise StoreError(f"{error}\nNothing was sent to a provider") from error
        self._writer = Writer(path, self.info, worker=worker, options=options)
        self._aside: Aside | None = Aside(path, lock)

    @property
    def truth(self) -> Path:
        """A file that is not there yet, for what the simulated fleet knows of this part of the run."""
        number = len(list(self.path.glob(TRUTH_FILES))) + 1
        return self.path / ("truth.jsonl" if number == 1 else f"truth-{number}.jsonl")

    def started(self, trial: Trial, number: int, most_usd: float | None = None) -> None:
        """As `Writer.started`."""
        self._writer.started(trial, number, most_usd)

    def record(self, attempt: Attempt) -> None:
        """As `Writer.record`."""
        self._writer.record(attempt)

    def close(self, state: State = "complete", ended: Sequence[str] = ()) -> None:
        """End the run: make Parquet of what is not yet, then write the manifest. A second call does nothing.

        `ended` says in sentences what kept trials from being asked.

        Raises:
            StoreError: one of them cannot be written; what was recorded is kept in the journals, and opening the run tries again.
        """
        if self._aside is None:
            return
        aside, self._aside = self._aside, None
        with self._lock:
            self._writer.close()
            aside.close()
            finish(self.path, replace(Manifest.load(self.path), ended=tuple(ended)), state)
            publish(self.path)

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


def _check_unchanged(manifest: Manifest, before: Remainder) -> None:
    if manifest.rows != before.run.attempts:
        raise StoreError(f"{before.run.path} was resumed by another process meanwhile: nothing was sent; try again")
