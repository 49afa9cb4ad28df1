"""Runs in an object store: published parts first and the manifest last, so that what a reader is told of is there; and copied back to be read.

The copy's `.published` is the address of the manifest that was last sent or fetched. A manifest with another one holds what is not published
yet. Object stores compare nothing before they replace it, so this is done here: of two machines that change one run, the one that comes second is
refused, unless both send within the same moment; then the last one's manifest stands, and the other's parts stay beside it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.errors import StoreError, WrongUse
from harness.store import durable, parquet
from harness.store.compaction import CALLS_FOLDER, DAMAGED_FOLDER, JOURNAL_FOLDER, SUPERSEDED_FOLDER
from harness.store.durable import guarded
from harness.store.lock import is_held
from harness.store.manifest import MANIFEST, Manifest, Part
from harness.store.objects import Listed, Objects
from harness.store.place import Place

PUBLISHED = ".published"
SCORES_FOLDER, SCORES_FILE = "scores", "scores.parquet"
"""Where the judgings of a run lie, and the name under which others read the one in force."""

_PARTS = (CALLS_FOLDER, SUPERSEDED_FOLDER, SCORES_FOLDER, SCORES_FILE)
_FETCHERS = 8


def publish(folder: Path) -> None:
    """As `send`, of a run that has something recorded. Raises StoreError, which says where it is kept and how to publish it later."""
    try:
        send(folder)
    except StoreError as error:
        place = Place.holding(folder)
        raise StoreError(
            f"{error}\nWhat was recorded is kept in {folder}: `harness recover {folder.name} --reports {place}` publishes it"
        ) from error


def send(folder: Path) -> None:
    """Publish a run if its place is in an object store and it changed: what it consists of, then its manifest; then remove what that does not name.

    The caller holds the run's lock. Cut off at any moment, what was published before stands; a second call does the rest.

    Raises:
        StoreError: it cannot be published, or somebody else published the run meanwhile; what is in `folder` stays.
    """
    place = Place.holding(folder)
    if not place.remote or not _changed(folder):
        return
    run, objects = f"runs/{folder.name}", place.objects
    manifest, content = Manifest.load(folder), (folder / MANIFEST).read_bytes()
    there = objects.read(f"{run}/{MANIFEST}")
    if there is not None and _address(there) not in {_address(content), _seen(folder)}:
        raise StoreError(f"{place}/{run} was changed from another machine, and what was done here does not go with it")
    published = objects.below(run)
    parts = {part.file: part for part in manifest.parts}
    for name, part in parts.items():
        known = published.get(f"{run}/{name}")
        if known is None or known.size != part.bytes:
            parquet.check(folder, part, "Restore it from a copy")
            objects.put(f"{run}/{name}", folder / name)
    for name in _beside(folder):
        objects.put(f"{run}/{name}", folder / name)
    objects.put(f"{run}/{MANIFEST}", folder / MANIFEST)
    if manifest.scores is not None:
        fetch_parts(folder, [manifest.scores])
        objects.put(f"{run}/{SCORES_FILE}", folder / manifest.scores.file)
        parts[SCORES_FILE] = manifest.scores
    with guarded(folder, "cannot be written"):
        durable.write(folder / PUBLISHED, _address(content).encode())
    _clear(objects, run, parts, published)


def _beside(folder: Path) -> list[str]:
    """What belongs to a run beside its manifest and Parquet: the fleet's truth, searches, damaged journals, rows that were not imported."""
    files = (*folder.glob("*.json*"), *folder.glob("*.txt"), *(folder / DAMAGED_FOLDER).glob("*"))
    return sorted(path.relative_to(folder).as_posix() for path in files if path.name != MANIFEST)


def _clear(objects: Objects, run: str, parts: Collection[str], published: Iterable[str]) -> None:
    for name in published:
        within = name.removeprefix(f"{run}/")
        if within.partition("/")[0] in _PARTS and within not in parts:
            objects.remove(name)


def _address(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _seen(folder: Path) -> str:
    try:
        return (folder / PUBLISHED).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def _changed(folder: Path) -> bool:
    manifest = folder / MANIFEST
    with guarded(folder, "cannot be read"):
        return manifest.exists() and _address(manifest.read_bytes()) != _seen(folder)


def is_ahead(folder: Path) -> bool:
    """Whether a run's folder is a copy that holds what is not published yet. Raises StoreError."""
    return Place.holding(folder).remote and ((folder / JOURNAL_FOLDER).is_dir() or is_held(folder) or _changed(folder))


def fetch_run(place: Place, run_id: str) -> Path:
    """Bring the copy of a run up to date, without its Parquet, and return its folder, which is not there if there is no such run.

    A copy that holds what is not published yet stays as it is.

    Raises:
        StoreError: the place cannot be read.
        WrongUse: the run was removed from the place since it was copied.
    """
    folder = place.made().folder / "runs" / run_id
    if is_ahead(folder):
        return folder
    objects, run = place.objects, f"runs/{run_id}"
    content = objects.read(f"{run}/{MANIFEST}")
    if content is None:
        if _seen(folder):
            raise WrongUse(f"{run_id} is no longer in {place}; a copy of what was fetched of it is {_put_away(folder)}")
        return folder
    for name in objects.below(run):
        within = name.removeprefix(f"{run}/")
        if "/" not in within and within not in {MANIFEST, SCORES_FILE}:  # not Parquet: the fleet's truth, searches
            objects.get(name, folder / within)
    _keep(folder, content)
    return folder


def _keep(folder: Path, content: bytes) -> None:
    with guarded(folder, "cannot be written"):
        folder.mkdir(parents=True, exist_ok=True)
        durable.write(folder / PUBLISHED, _address(content).encode())
        durable.write(folder / MANIFEST, content)


def _put_away(folder: Path) -> Path:
    away = folder.parent.parent / "gone" / folder.name
    away.parent.mkdir(exist_ok=True)
    shutil.rmtree(away, ignore_errors=True)
    return folder.replace(away)


def fetch_manifests(place: Place) -> None:
    """Bring the manifests of all runs of a place up to date; copies of runs that are no longer there are put away.

    Raises:
        StoreError: the place cannot be read.
    """
    if not place.remote:
        return
    here = place.made().folder / "runs"
    found = {
        name.split("/")[1]: told for name, told in place.objects.below("runs").items() if name.endswith(f"/{MANIFEST}")
    }
    for folder in here.glob("*/"):
        if folder.name not in found and _seen(folder) and not is_ahead(folder):
            _put_away(folder)
    stale = [name for name, told in found.items() if _is_stale(here / name, told)]
    with ThreadPoolExecutor(_FETCHERS) as many:
        list(many.map(lambda name: _fetch_manifest(place, here / name, found[name]), stale))


def _is_stale(folder: Path, told: Listed) -> bool:
    manifest, published = folder / MANIFEST, folder / PUBLISHED
    if not manifest.exists():
        return True
    if is_ahead(folder):
        return False
    return (
        manifest.stat().st_size != told.size
        or told.modified is None
        or published.stat().st_mtime != told.modified.timestamp()
    )


def _fetch_manifest(place: Place, folder: Path, told: Listed) -> None:
    content = place.objects.read(f"runs/{folder.name}/{MANIFEST}")
    if content is not None:
        _keep(folder, content)
        if told.modified is not None:
            os.utime(folder / PUBLISHED, (told.modified.timestamp(),) * 2)


def fetch_parts(folder: Path, parts: Iterable[Part]) -> None:
    """Fetch those of a run's Parquet files that are not here, if its place is in an object store.

    Raises:
        StoreError: the place cannot be read.
    """
    missing = [part for part in parts if not (folder / part.file).exists()]
    if missing and (place := Place.holding(folder)).remote:
        for part in missing:
            place.objects.get(f"runs/{folder.name}/{part.file}", folder / part.file)
