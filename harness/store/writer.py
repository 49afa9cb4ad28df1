"""A writer: what one process of a run writes its attempts down with, in journals that nobody else writes."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from harness.ask import Trial
from harness.errors import StoreError
from harness.store.columns import Context, call_row
from harness.store.compaction import JOURNAL_FOLDER
from harness.store.durable import guarded
from harness.store.encoding import encode
from harness.store.group_sync import Durability
from harness.store.info import RunInfo
from harness.store.journal import FINISHED, STARTED, Journal
from harness.told import Attempt

JOURNAL_BYTES = 256 << 20
"""A journal that has grown beyond this is followed by a new one, so that Parquet is made of it while the run goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How a run is written: what a record survives, when a journal is full, and how many attempts a trial had before this writer."""

    durability: Durability = "group"
    journal_bytes: int = JOURNAL_BYTES
    before: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Writer:
    """Writes the attempts of one worker into the run's folder; each is safe as soon as `record` returns, whatever happens to the process.

    The run's `Recorder` has made the folder; any number of processes may each have a writer in it.

    Raises:
        StoreError: the journal cannot be made.
    """

    def __init__(
        self, folder: Path, info: RunInfo, *, worker: str = "0", options: WriteOptions = WriteOptions()
    ) -> None:
        self._folder, self._options = folder / JOURNAL_FOLDER, options
        self._name = f"{re.sub('[^A-Za-z0-9_-]', '_', worker)}-{os.getpid()}-{secrets.token_hex(4)}"
        self._context = Context(
            run_id=info.run_id,
            worker=worker,
            host=socket.gethostname(),
            harness_version=info.harness_version,
            litellm_version=info.litellm_version,
            metadata=info.metadata,
        )
        self._open: dict[tuple[str, int], int] = {}
        with guarded(self._folder, "cannot be made", "Nothing was sent"):
            self._folder.mkdir(exist_ok=True)
        self._journal: Journal | None = self._begin(1)

    def _begin(self, first: int) -> Journal:
        path = self._folder / f"{self._name}.from-{first:012d}.jsonl"
        return Journal(path, self._options.durability, first=first)

    def started(self, trial: Trial, number: int, most_usd: float | None = None) -> None:
        """Write down, before its request goes out, that an attempt begins: after a crash it is known what may have been paid for.

        `most_usd`: the most that it can cost; None if unknown.

        Raises:
            StoreError: the disk is full or broken.
        """
        ref = trial.ref
        row = {
            "trial_id": ref.trial_id,
            "attempt": number + self._before(ref.trial_id),
            "provider": ref.provider,
            "suite": ref.suite,
            "case_id": ref.case_id,
            "started_at": datetime.now(UTC),
            "most_usd": most_usd,
        }
        self._open[ref.trial_id, number] = self._current().append(STARTED, encode(row))

    def record(self, attempt: Attempt) -> None:
        """Write one attempt down.

        Raises:
            StoreError: the disk is full or broken; what was recorded before is kept.
        """
        trial_id, number = attempt.trial.ref.trial_id, attempt.number
        if earlier := self._before(trial_id):
            attempt = replace(attempt, number=number + earlier)
        journal = self._current()
        journal.append(FINISHED, encode(call_row(attempt, self._context)), self._open.pop((trial_id, number), 0))
        if journal.size >= self._options.journal_bytes:
            journal.close()
            self._journal = self._begin(journal.next_seq)

    def _before(self, trial_id: str) -> int:
        return self._options.before.get(trial_id, 0)

    def _current(self) -> Journal:
        if self._journal is None:
            raise StoreError(f"{self._folder.parent} is closed: nothing can be recorded any more")
        return self._journal

    def close(self) -> None:
        """Let go of the journal; it stays. A second call does nothing.

        Raises:
            StoreError: the disk is broken.
        """
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
