"""Judgings of a run side by side: each writes a file of its own into `scores/`, and the manifest says which are there and which one is in force.

`scores.parquet` is the one in force under the name that others read. It is made last, as a second name of the same file; nothing of ours reads it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness.ask import Gate
from harness.errors import StoreError
from harness.store import durable, parquet
from harness.store.columns import SCORES
from harness.store.durable import guarded
from harness.store.manifest import Manifest, Part, Scoring
from harness.store.place import Place
from harness.store.publishing import SCORES_FILE, SCORES_FOLDER, fetch_parts


def write(folder: Path, rows: Iterable[bytes]) -> Part:
    """Write encoded rows as one more judging, named by its content: no file that is there is touched, and the manifest does not name it yet.

    Raises:
        StoreError: it cannot be written.
    """
    made = scores_folder(folder)
    part = parquet.write_named(made, rows, SCORES)
    return replace(part, file=f"{SCORES_FOLDER}/{part.file}")


def scores_folder(folder: Path) -> Path:
    """The folder of a run's judgings, made if it is not there. Raises StoreError."""
    made = folder / SCORES_FOLDER
    with guarded(made, "cannot be made"):
        made.mkdir(exist_ok=True)
    return made


def put_in_force(folder: Path, manifest: Manifest, part: Part, gates: Mapping[str, Gate]) -> Manifest:
    """The manifest in which this judging is in force, saved; those before it stay. The caller holds the run's lock.

    One that came out as an earlier one did is that one, held against `gates` from now on.

    Raises:
        StoreError: it cannot be written.
    """
    kept = _kept(folder, manifest)
    if part in [one.part for one in kept]:
        kept = tuple(replace(one, gates=gates) if one.part == part else one for one in kept)
    else:
        kept = (*kept, Scoring(part, datetime.now(UTC).isoformat(timespec="seconds"), gates))
    made = replace(manifest, scores=part, scorings=kept)
    made.save(folder)
    show(folder, made)
    return made


def show(folder: Path, manifest: Manifest) -> None:
    """Make `scores.parquet` the judging in force, or nothing where there is none. In an object store it is made when the run is published. Raises StoreError."""
    shown = folder / SCORES_FILE
    with guarded(shown, "cannot be written"):
        if shown.is_dir():  # as an older harness had it in the copy of an object store
            shutil.rmtree(shown)
        if manifest.scores is None:
            shown.unlink(missing_ok=True)
        elif not Place.holding(folder).remote:
            spare = durable.beside(shown)
            try:
                _second_name(folder / manifest.scores.file, spare)
                durable.settle(spare, shown)
            finally:
                spare.unlink(missing_ok=True)


def _second_name(file: Path, name: Path) -> None:
    name.unlink(missing_ok=True)
    try:
        os.link(file, name)
    except OSError:  # a file system without them
        shutil.copyfile(file, name)


def _kept(folder: Path, manifest: Manifest) -> tuple[Scoring, ...]:
    """The judgings that there are, each in the folder for them: an older harness had one, elsewhere."""
    kept = []
    for one in manifest.scorings:
        if one.part.file.startswith(f"{SCORES_FOLDER}/"):
            kept.append(one)
            continue
        file = f"{SCORES_FOLDER}/{one.part.sha256[:12]}.parquet"
        with suppress(StoreError):  # what is damaged cannot be read as an earlier one either
            fetch_parts(folder, [one.part])
            parquet.check(folder, one.part, "")
            with guarded(folder / file, "cannot be written"):
                if not (scores_folder(folder) / Path(file).name).exists():
                    _second_name(folder / one.part.file, folder / file)
                    durable.sync_folder(folder / SCORES_FOLDER)
            kept.append(replace(one, part=replace(one.part, file=file)))
    return tuple(kept)
