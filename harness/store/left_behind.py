"""What one worker of a run has recorded, read while the run goes on: for whoever takes the place of one that was killed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from harness.errors import StoreError
from harness.store import parquet
from harness.store.columns import CALLS
from harness.store.compaction import left_journals, part_paths, writer_of
from harness.store.encoding import table
from harness.store.journal import STARTED, Reading
from harness.store.manifest import Manifest
from harness.store.resuming import for_good

_COLUMNS = (
    "trial_id", "attempt", "provider", "phase", "replayed", "status", "failure_kind", "failure_side", "http_status", "retryable", "cost_usd",
)  # fmt: skip
_LINES = 4096
_TRIES = 5


class Row(NamedTuple):
    """One attempt, as in calls.parquet; `most_usd` is the most that it can have cost, if that was known before it."""

    trial_id: str
    attempt: int
    provider: str
    phase: str
    replayed: bool
    status: str
    failure_kind: str | None
    failure_side: str | None
    http_status: int | None
    retryable: bool | None
    cost_usd: float | None
    most_usd: float | None = None


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """`rows` in the order of recording; `in_flight` is the most in USD (None: unknown) that each attempt without an end can have cost."""

    rows: tuple[Row, ...]
    in_flight: tuple[float | None, ...]

    def done(self, max_retries: Mapping[str, int]) -> frozenset[str]:
        """The trials that were answered, or have failed for good, by how often each provider's are tried again."""
        return frozenset(row.trial_id for row in self.rows if row.phase == "measure" and _ends(row, max_retries))

    @property
    def attempts(self) -> dict[str, int]:
        """How many attempts each trial has."""
        return {row.trial_id: row.attempt for row in self.rows if row.phase == "measure"}


def _ends(row: Row, max_retries: Mapping[str, int]) -> bool:
    return row.status == "ok" or row.failure_kind == "dropped" or for_good(row, max_retries[row.provider])


def part_names(folder: Path) -> frozenset[str]:
    """The parts that a run has now. Raises StoreError if its manifest cannot be read."""
    return frozenset(part.file for part in Manifest.load(folder).calls)


def left_behind(folder: Path, worker: str, before: frozenset[str] = frozenset()) -> LeftBehind:
    """What a worker that has ended has recorded in a run that goes on; the parts `before` are of other workers.

    Raises:
        StoreError: it cannot be read.
    """
    for _ in range(_TRIES - 1):
        try:
            return _read(folder, worker, before)
        except StoreError as error:  # a journal may become a part between a look at the one and at the other
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
    return _read(folder, worker, before)


def _read(folder: Path, worker: str, before: frozenset[str]) -> LeftBehind:
    manifest = Manifest.load(folder)
    parts = [part for part in manifest.calls if part.file not in before]
    stored = parquet.read(part_paths(folder, parts), [*_COLUMNS, "worker"], CALLS)
    rows = [*_rows(stored.filter(pc.equal(stored["worker"], worker)))]
    started = {
        (one.journal, one.seq): one.most_usd for one in manifest.in_flight if one.journal.startswith(f"{worker}-")
    }
    for path in left_journals(folder, manifest):
        if path.name.startswith(f"{worker}-"):
            rows += _of_journal(path, started)
    return LeftBehind(tuple(rows), tuple(started.values()))


def _of_journal(path: Path, started: dict[tuple[str, int], float | None]) -> Iterator[Row]:
    """The rows of a journal; what it begins is added to `started`, what it ends is taken out."""
    writer = writer_of(path.name)
    lines: list[bytes] = []
    most: list[float | None] = []
    for line in Reading(path):
        if line.kind == STARTED:
            started[writer, line.seq] = orjson.loads(line.row)[-1]
            continue
        lines.append(line.row)
        most.append(started.pop((writer, line.of), None))
        if len(lines) == _LINES:
            yield from _rows(table(lines, CALLS), most)
            lines, most = [], []
    yield from _rows(table(lines, CALLS), most)


def _rows(rows: pa.Table, most: list[float | None] | None = None) -> Iterator[Row]:
    values: list[list[Any]] = [rows[name].to_pylist() for name in _COLUMNS]
    for number, row in enumerate(zip(*values, strict=True)):
        yield Row(*row)._replace(most_usd=most[number] if most else None)
