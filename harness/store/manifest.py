"""manifest.json: what a run that has ended consists of. It is written last, and readers trust nothing that it does not name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from harness.errors import StoreError
from harness.store import durable
from harness.store.columns import SCHEMA_VERSION
from harness.store.durable import guarded
from harness.store.info import RunInfo

MANIFEST = "manifest.json"

State = Literal["complete", "interrupted"]


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a run, and how to tell that it is still the one that was written."""

    file: str
    rows: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, rows: int) -> Part:
        """The part that `path` holds. Raises OSError."""
        with path.open("rb") as file:
            return cls(path.name, rows, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """`damaged` places of the journal could not be read, and `torn` says that its last line was cut off; the rest was kept."""

    state: State
    info: RunInfo
    trials: int
    calls: Part
    scores: Part | None = None
    damaged: int = 0
    torn: bool = False

    def save(self, folder: Path) -> None:
        """Put it in place of the folder's manifest, durably.

        Raises:
            StoreError: it cannot be written.
        """
        plain = {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.info.run_id,
            "state": self.state,
            "trials": self.trials,
            "calls": asdict(self.calls),
            "scores": asdict(self.scores) if self.scores else None,
            "journal": {"damaged": self.damaged, "torn": self.torn},
            "info": self.info.as_json(),
        }
        path = folder / MANIFEST
        with guarded(path, "cannot be written"):
            durable.write(path, orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read the folder's manifest.

        Raises:
            StoreError: it cannot be read, is damaged, or was written by a newer harness.
        """
        path = folder / MANIFEST
        with guarded(
            path,
            "is not a run's manifest",
            "Restore it from a copy: the Parquet files beside it can be read without it",
        ):
            plain = orjson.loads(path.read_bytes())
            if plain["schema_version"] > SCHEMA_VERSION:
                raise StoreError(
                    f"{path} was written by a newer llm-harness ({plain['info']['harness_version']}): upgrade to read it"
                )
            return cls._from_json(plain)

    @classmethod
    def _from_json(cls, plain: Mapping[str, Any]) -> Manifest:
        if plain["state"] not in ("complete", "interrupted"):
            raise ValueError(f"its state is {plain['state']!r}")
        return cls(
            state=plain["state"],
            info=RunInfo.from_json(plain["info"]),
            trials=plain["trials"],
            calls=Part(**plain["calls"]),
            scores=Part(**plain["scores"]) if plain["scores"] else None,
            damaged=plain["journal"]["damaged"],
            torn=plain["journal"]["torn"],
        )
