"""The runs in a folder, as their manifests tell: nothing is changed, and nothing of their rows is read but what a list shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import StoreError
from harness.late import pd
from harness.store import parquet
from harness.store.columns import CALLS
from harness.store.compaction import JOURNAL_FOLDER, left_journals, part_paths
from harness.store.info import RunInfo
from harness.store.lock import is_held
from harness.store.manifest import MANIFEST, Manifest, Part
from harness.store.place import Place
from harness.store.publishing import fetch_manifests, fetch_parts, is_ahead

ListedState = Literal["complete", "interrupted", "being written", "killed", "damaged", "no run"]
"""`killed`: journals are left that no Parquet was made of yet. `damaged`: the manifest cannot be read. `no run`: there is none."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder among the runs. `info` is None where there is no manifest that can be read; `remedy` says what to do, if there is something."""

    path: Path
    state: ListedState
    info: RunInfo | None = None
    trials: int = 0
    scored: bool = False
    remedy: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether its rows can be read as they lie there."""
        return self.state in {"complete", "interrupted"}

    def calls(self, columns: Sequence[str]) -> pd.DataFrame:
        """Columns of its calls, without holding the files against the manifest. Raises StoreError."""
        fetch_parts(self.path, self.parts)
        frame: pd.DataFrame = parquet.read(part_paths(self.path, self.parts), columns, CALLS).to_pandas()
        return frame


def runs_folder(reports: Place | Path | str) -> Path:
    """Where the runs of a place lie; of an object store it is the folder of the copy, in which the manifests are brought up to date. Raises StoreError."""
    place = Place.of(reports)
    if place.remote:
        fetch_manifests(place)
    return place.folder / "runs"


def runs_in(folder: Path) -> list[Listed]:
    """What lies in a folder of runs, by name, which begins with the second of the start; empty where there is no folder."""
    return [_listed(one) for one in sorted(folder.glob("*")) if not one.name.startswith(".")]


def _listed(path: Path) -> Listed:
    if not (path / MANIFEST).is_file():
        if path.is_dir() and is_held(path):
            return Listed(path, "being written", remedy="wait until it has ended")
        return Listed(path, "no run", remedy=f"it has no {MANIFEST}: move it elsewhere, or remove it")
    try:
        manifest = Manifest.load(path)
    except StoreError as error:
        return Listed(path, "damaged", remedy=str(error).replace(f"{path}/", ""))
    state: ListedState = manifest.state
    remedy = ""
    if (path / JOURNAL_FOLDER).is_dir():
        if is_held(path):
            state, remedy = "being written", "wait until it has ended"
        elif left_journals(path, manifest):
            state, remedy = "killed", f"`harness recover {path.name}` makes a run of what it recorded"
    gone = [one for one in part_paths(path, manifest.calls) if not one.exists()]
    if gone and state != "being written" and not Place.holding(path).remote:
        return Listed(path, "damaged", manifest.info, remedy=f"{gone[0].name} is missing: restore it from a copy")
    if not remedy and is_ahead(path):
        remedy = f"it is not published yet: `harness recover {path.name}` does it"
    return Listed(path, state, manifest.info, manifest.trials, manifest.scores is not None, remedy, manifest.calls)
