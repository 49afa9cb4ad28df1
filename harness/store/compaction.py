"""Compaction: journals become parts of calls.parquet, the manifest says so, and only then the journals go.

Every step may be cut off: what is not named by the manifest is made anew from the journals, and journals that it names are left over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from harness.errors import StoreError
from harness.store import durable, parquet
from harness.store.columns import CALLS
from harness.store.durable import guarded
from harness.store.journal import STARTED, Reading, check_unheld
from harness.store.manifest import InFlight, Manifest, Part, State

CALLS_FOLDER, SUPERSEDED_FOLDER = "calls.parquet", "superseded.parquet"
"""Where a run's parts lie, and those with rows of cases that were edited since."""

JOURNAL_FOLDER, DAMAGED_FOLDER = "journal", "journal.damaged"
"""Where a run's journals lie, and those of which a part could not be read."""

_Open = dict[tuple[str, int], InFlight | bytes]
"""Attempts that were started, by writer and line; read only if they have no end."""


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
    part = parquet.write_addressed(parts, _next_number(manifest), _rows(journals, found), CALLS)
    placed = () if part is None else (replace(part, file=f"{CALLS_FOLDER}/{part.file}"),)
    return replace(
        manifest,
        calls=(*manifest.calls, *placed),
        journals=(*manifest.journals, *(path.name for path in journals)),
        damaged={**manifest.damaged, **found.damaged},
        torn=manifest.torn + found.torn,
        in_flight=tuple(_in_flight(place, told, folder) for place, told in found.open.items()),
    )


def _next_number(manifest: Manifest) -> int:
    """One more than the highest number in a part's name: names sort as the parts were written."""
    return max((int(Path(part.file).name[:4]) for part in manifest.calls), default=0) + 1


def _rows(journals: Sequence[Path], found: _Found) -> Iterator[bytes]:
    for path in journals:
        reading, writer = Reading(path), writer_of(path.name)
        for line in reading:
            if line.kind == STARTED:
                found.open[writer, line.seq] = line.row
            else:
                found.open.pop((writer, line.of), None)
                yield line.row
        found.torn += reading.torn
        if reading.damaged:
            found.damaged[path.name] = reading.damaged


def _in_flight(place: tuple[str, int], told: InFlight | bytes, folder: Path) -> InFlight:
    if isinstance(told, InFlight):
        return told
    with guarded(folder / JOURNAL_FOLDER, "cannot be read"):
        return InFlight(*place, *orjson.loads(told))


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
        rows = parquet.read(part_paths(folder, manifest.calls), ["trial_id", "phase"], CALLS)
        ids = rows.filter(pc.equal(rows["phase"], "measure"))["trial_id"]
        manifest = replace(manifest, trials=pc.count_distinct(ids).as_py())
        manifest.save(folder)
    except StoreError as error:
        raise StoreError(
            f"{error}\nWhat was recorded is kept in {folder / JOURNAL_FOLDER}: `harness recover {folder}` makes a run of it"
        ) from error
    clear(folder, manifest)
    return manifest


def set_aside(folder: Path, manifest: Manifest, trial_ids: frozenset[str]) -> Manifest:
    """Move the rows of these trials from the parts to superseded ones; returns the manifest that says so, which is not saved yet.

    Raises:
        StoreError: a part cannot be read or written; the run is as it was.
    """
    if not trial_ids:
        return manifest
    ids, calls, aside = pa.array(sorted(trial_ids)), [], list(manifest.superseded)
    with guarded(folder / SUPERSEDED_FOLDER, "cannot be made"):
        (folder / SUPERSEDED_FOLDER).mkdir(exist_ok=True)
    for part in manifest.calls:
        rows = parquet.read([folder / part.file], None, CALLS)
        stale = pc.is_in(rows["trial_id"], ids)
        if not pc.any(stale).as_py():
            calls.append(part)
            continue
        calls += _rewritten(folder, CALLS_FOLDER, int(Path(part.file).name[:4]), rows.filter(pc.invert(stale)))
        aside += _rewritten(folder, SUPERSEDED_FOLDER, len(aside) + 1, rows.filter(stale))
    return replace(manifest, calls=tuple(calls), superseded=tuple(aside))


def _rewritten(folder: Path, place: str, number: int, rows: pa.Table) -> list[Part]:
    part = parquet.write_table_addressed(folder / place, number, rows)
    return [] if part is None else [replace(part, file=f"{place}/{part.file}")]


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
        for path in (*(folder / CALLS_FOLDER).glob("*"), *(folder / SUPERSEDED_FOLDER).glob("*")):
            if f"{path.parent.name}/{path.name}" not in named:
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
