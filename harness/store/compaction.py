"""Compaction: journals become parts of calls.parquet, the manifest says so, and only then the journals go.

Every step may be cut off: what is not named by the manifest is made anew from the journals, and journals that it names are left over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
import pyarrow.compute as pc

from harness.errors import StoreError
from harness.store import durable, parquet
from harness.store.columns import CALLS
from harness.store.durable import guarded
from harness.store.journal import STARTED, Line, Reading, check_unheld
from harness.store.manifest import InFlight, Manifest, Part, State

CALLS_FOLDER, JOURNAL_FOLDER, DAMAGED_FOLDER = "calls.parquet", "journal", "journal.damaged"
"""Where a run's parts, its journals, and those journals lie of which a part could not be read."""

_Open = dict[tuple[str, int], InFlight]


@dataclass(slots=True)
class _Found:
    """What the reading of journals found beside rows."""

    open: _Open
    damaged: dict[str, int] = field(default_factory=dict)
    torn: int = 0


def writer_of(journal: str) -> str:
    """The writer's name in a journal's name: a writer that begins a new journal keeps it, and counts on."""
    return journal.partition(".")[0]


def left_journals(folder: Path, manifest: Manifest) -> list[Path]:
    """The journals whose records the manifest's parts do not hold, in the order of writing for each writer."""
    return [path for path in sorted((folder / JOURNAL_FOLDER).glob("*.jsonl")) if path.name not in manifest.journals]


def compact(folder: Path, manifest: Manifest, journals: Sequence[Path]) -> Manifest:
    """Write the journals' rows as one more part; returns the manifest that names it, which is not saved yet.

    Raises:
        StoreError: something cannot be read or written; the journals are kept.
    """
    found = _Found({(one.journal, one.seq): one for one in manifest.in_flight})
    parts = folder / CALLS_FOLDER
    with guarded(parts, "cannot be made"):
        parts.mkdir(exist_ok=True)
    part = parquet.write_addressed(parts, len(manifest.calls) + 1, _rows(journals, found), CALLS)
    placed = () if part is None else (replace(part, file=f"{CALLS_FOLDER}/{part.file}"),)
    return replace(
        manifest,
        calls=(*manifest.calls, *placed),
        journals=(*manifest.journals, *(path.name for path in journals)),
        damaged={**manifest.damaged, **found.damaged},
        torn=manifest.torn + found.torn,
        in_flight=tuple(found.open.values()),
    )


def _rows(journals: Sequence[Path], found: _Found) -> Iterator[bytes]:
    for path in journals:
        reading, writer = Reading(path), writer_of(path.name)
        for line in reading:
            if line.kind == STARTED:
                found.open[writer, line.seq] = _in_flight(writer, line, path)
            else:
                found.open.pop((writer, line.of), None)
                yield line.row
        found.torn += reading.torn
        if reading.damaged:
            found.damaged[path.name] = reading.damaged


def _in_flight(writer: str, line: Line, path: Path) -> InFlight:
    with guarded(path, "cannot be read"):
        return InFlight(writer, line.seq, *orjson.loads(line.row))


def finish(folder: Path, manifest: Manifest, state: State) -> Manifest:
    """Compact every journal that is left, save the manifest, and then clear what is left over. The caller holds the run's lock.

    Raises:
        StoreError: something cannot be read or written, or a worker still writes; the journals are kept.
    """
    left = left_journals(folder, manifest)
    for path in left:
        check_unheld(path)
    try:
        manifest = replace(compact(folder, manifest, left), state=state)
        ids = parquet.read(part_paths(folder, manifest.calls), ["trial_id"], CALLS)["trial_id"]
        manifest = replace(manifest, trials=pc.count_distinct(ids).as_py())
        manifest.save(folder)
    except StoreError as error:
        raise StoreError(
            f"{error}\nWhat was recorded is kept in {folder / JOURNAL_FOLDER}: `harness recover {folder}` makes a run of it"
        ) from error
    clear(folder, manifest)
    return manifest


def part_paths(folder: Path, parts: Sequence[Part]) -> list[Path]:
    """Where the parts lie."""
    return [folder / part.file for part in parts]


def clear(folder: Path, manifest: Manifest) -> None:
    """Remove journals that are in the manifest's parts, setting damaged ones aside, and parts that no manifest names.

    Raises:
        StoreError: one cannot be removed.
    """
    journals = folder / JOURNAL_FOLDER
    named = {part.file for part in (*manifest.calls, *manifest.superseded)}
    with guarded(folder, "cannot be cleared of journals that were made Parquet of"):
        for name in manifest.journals:
            _let_go(folder, name, manifest.damaged)
        for path in (folder / CALLS_FOLDER).glob("*"):
            if f"{CALLS_FOLDER}/{path.name}" not in named:
                path.unlink()
        if journals.is_dir() and not any(journals.iterdir()):
            journals.rmdir()
        durable.sync_folder(folder)


def _let_go(folder: Path, name: str, damaged: Mapping[str, int]) -> None:
    path = folder / JOURNAL_FOLDER / name
    if name in damaged and path.exists():
        (folder / DAMAGED_FOLDER).mkdir(exist_ok=True)
        path.replace(folder / DAMAGED_FOLDER / name)
    else:
        path.unlink(missing_ok=True)
