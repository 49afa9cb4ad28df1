"""Runs found by name: closed first if they were killed, and brought up to date with what is published if their place is in an object store."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import WrongUse
from harness.store import durable
from harness.store.compaction import JOURNAL_FOLDER, finish, left_journals
from harness.store.durable import guarded
from harness.store.lock import Lock
from harness.store.manifest import MANIFEST, Manifest
from harness.store.place import Place
from harness.store.publishing import fetch_manifests, fetch_parts, fetch_run, is_ahead, publish
from harness.store.runs import Run

LATEST, POINTER_FILE = "latest", "run"

_REMOTE_RUN = re.compile(r"(s3:/.*?)/+(?:runs/+([^/]+)|latest)/*")


def open_run(run: str | Path, reports: Place | Path | str) -> Run:
    """The run that a person names: by its id, its folder, or a folder that points to it, such as reports/latest; "latest" for short.

    A run that was killed is closed first: Parquet is made of its journals and its state is "interrupted". What of a run was not published yet is.

    Raises:
        WrongUse: there is no such run; the message names those that there are.
        StoreError: it is still going on, or it is damaged, or its place fails; the message says what to do.
    """
    place = Place.of(reports)
    if found := _REMOTE_RUN.fullmatch(str(run)):
        place, run = Place.of(found[1]), found[2] or LATEST
    folder = _fetched(run, place) if place.remote else _folder(run, place)
    if not (folder / MANIFEST).exists():
        raise WrongUse(f"{folder} holds no run: it has no {MANIFEST}")
    manifest = Manifest.load(folder)
    if (folder / JOURNAL_FOLDER).is_dir() or is_ahead(folder):
        with Lock(folder):  # held, so that no run that goes on is closed under its recorder
            manifest = Manifest.load(folder)  # another process may have been faster
            if left_journals(folder, manifest):
                fetch_parts(folder, manifest.calls)
                manifest = finish(folder, manifest, "interrupted")
            publish(folder)
    return Run(folder, manifest)


def load_run(path: str | Path) -> Run:
    """The run in a folder, or the one that the folder points to: `load_run("reports/latest")`, `load_run("s3://bucket/reports/runs/ID")`. As `open_run`."""
    return open_run(path, Path("reports"))


def newest_run(reports: Place | Path | str) -> Run:
    """The run in `reports` that was begun last, whatever became of it. As `open_run`."""
    place = Place.of(reports)
    names = [folder.name for folder in _folders(place) if (folder / MANIFEST).exists()]
    if not names:
        raise WrongUse(f"{place} holds no run yet: `harness run` records one")
    return open_run(max(names), place)


def run_before(run: Run, reports: Place | Path | str) -> Run:
    """The last of the scored runs in `reports` that were started before `run`.

    Raises:
        WrongUse: there is none.
        StoreError: the manifest of one is damaged, or the place cannot be read.
    """
    place = Place.of(reports)
    for folder in _folders(place):  # names begin with the second of the start
        if folder.name[:15] > run.run_id[:15] or not (folder / MANIFEST).exists():
            continue
        manifest = Manifest.load(folder)
        if manifest.scores is not None and manifest.info.created < run.info.created:
            return Run(folder, manifest)
    raise WrongUse(f"{place} holds no scored run from before {run.run_id}: name the run to compare with")


def set_latest(reports: Place | Path | str, run_id: str) -> None:
    """Let reports/latest point to a run. In an object store what lies in that folder is published, the pointer last.

    Raises:
        StoreError: it cannot be written.
    """
    place = Place.of(reports)
    path = place.folder / LATEST / POINTER_FILE
    with guarded(path, "cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, f"{run_id}\n".encode())
    place.send_folder(LATEST, POINTER_FILE)


def _folders(place: Place) -> list[Path]:
    """The folders of a place's runs, the last one first."""
    if place.remote:
        fetch_manifests(place)
    return sorted((place.folder / "runs").glob("*/"), reverse=True)


def _fetched(run: str | Path, place: Place) -> Path:
    """The folder of the copy of a run that is named by its id or "latest"; also any folder on this machine."""
    if str(run) == LATEST:
        pointer = place.fetch(f"{LATEST}/{POINTER_FILE}")
        if pointer.exists():
            fetch_run(place, pointer.read_text(encoding="utf-8").strip())
    elif Path(run).name == str(run):
        fetch_run(place, str(run))
    return _folder(run, place)


def _folder(run: str | Path, place: Place) -> Path:
    reports = place.folder
    for folder in (reports / "runs" / run, reports / run, Path(run)):
        pointer = folder / POINTER_FILE
        if pointer.is_file():
            with guarded(pointer, "cannot be read"):
                return _folder_of(pointer.read_text(encoding="utf-8").strip(), pointer)
        if folder.is_dir() and folder != reports:
            return folder
    known = [one.name for one in _folders(place)]
    if not known:
        raise WrongUse(f"{run} is no run and no folder of one; {place} holds none yet: `harness run` records one")
    raise WrongUse(f"{run} is no run and no folder of one; in {place} the latest are {', '.join(known[:5])}")


def _folder_of(run_id: str, pointer: Path) -> Path:
    folder = pointer.parent.parent / "runs" / run_id
    if not run_id or not folder.is_dir():
        raise WrongUse(
            f"{pointer} points to {folder}, which is not there: name another run, or run `harness report RUN`"
        )
    return folder
