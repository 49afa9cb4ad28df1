"""manifest.json: what a run consists of. Readers trust nothing that it does not name.

It is written when the run begins, and then always after the Parquet parts that it names are durable. Journals beside it that it does not
name hold what was recorded since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from harness.ask import Gate
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
class Scoring:
    """One judging of a run: its file, and when it was made (UTC in ISO form; None: by an older harness, which did not say).

    `gates` are what it is held against, by suite.
    """

    part: Part
    made_at: str | None = None
    gates: Mapping[str, Gate] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` takes it back."""
        gates = {name: asdict(gate) for name, gate in self.gates.items()}
        return {**asdict(self.part), "made_at": self.made_at, **({"gates": gates} if gates else {})}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Scoring:
        """Raises TypeError or KeyError for a record that `as_json` did not make."""
        gates = {name: Gate(**gate) for name, gate in record.get("gates", {}).items()}
        part = Part(**{key: value for key, value in record.items() if key not in {"made_at", "gates"}})
        return cls(part, record["made_at"], gates)


@dataclass(frozen=True, slots=True)
class InFlight:
    """An attempt that was started and of which no end was recorded: it was possibly paid for, with at most `most_usd` (None: unknown).

    `journal` and `seq` say in which writer's journal and line its start stands; `started_at` is UTC in ISO form.
    """

    journal: str
    seq: int
    trial_id: str
    attempt: int
    provider: str
    suite: str
    case_id: str
    started_at: str
    most_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run consists of.

    `trials` counts those that were measured. `journals` are those whose records are in the parts. In `damaged` of them so many places could not be read, by name; of `torn` the last
    line was cut off; the rest was kept. `scorings` are all judgings, oldest first, of which that in `scores` is in force. `superseded` are rows of cases that were edited since, kept aside. `ended` says in sentences what kept
    trials from being asked.
    """

    state: State
    info: RunInfo
    trials: int = 0
    calls: tuple[Part, ...] = ()
    scores: Part | None = None
    journals: tuple[str, ...] = ()
    damaged: Mapping[str, int] = field(default_factory=dict)
    torn: int = 0
    in_flight: tuple[InFlight, ...] = ()
    superseded: tuple[Part, ...] = ()
    ended: tuple[str, ...] = ()
    scorings: tuple[Scoring, ...] = ()

    @property
    def rows(self) -> int:
        """How many attempts the parts hold."""
        return sum(part.rows for part in self.calls)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every Parquet file of the run."""
        return (*self.calls, *self.superseded, *(one.part for one in self.scorings))

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
            "rows": self.rows,
            "calls": [asdict(part) for part in self.calls],
            "scores": asdict(self.scores) if self.scores else None,
            "scorings": [one.as_json() for one in self.scorings],
            "superseded": [asdict(part) for part in self.superseded],
            "journals": list(self.journals),
            "damaged": dict(self.damaged),
            "torn": self.torn,
            "in_flight": [asdict(one) for one in self.in_flight],
            "ended": list(self.ended),
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
            return cls._of_one_file(plain) if isinstance(plain["calls"], dict) else cls._from_json(plain)

    @classmethod
    def _from_json(cls, plain: Mapping[str, Any]) -> Manifest:
        return cls(
            state=_state(plain),
            info=RunInfo.from_json(plain["info"]),
            trials=plain["trials"],
            calls=tuple(Part(**part) for part in plain["calls"]),
            scores=Part(**plain["scores"]) if plain["scores"] else None,
            journals=tuple(plain["journals"]),
            damaged={**plain["damaged"]},
            torn=plain["torn"],
            in_flight=tuple(InFlight(**one) for one in plain["in_flight"]),
            superseded=tuple(Part(**part) for part in plain["superseded"]),
            ended=tuple(plain.get("ended", ())),
            scorings=_scorings(plain),
        )

    @classmethod
    def _of_one_file(cls, plain: Mapping[str, Any]) -> Manifest:
        """An older harness gave a run one journal and one calls.parquet."""
        damaged = plain["journal"]["damaged"]
        return cls(
            state=_state(plain),
            info=RunInfo.from_json(plain["info"]),
            trials=plain["trials"],
            calls=(Part(**plain["calls"]),),
            scores=Part(**plain["scores"]) if plain["scores"] else None,
            damaged={"journal.damaged.jsonl": damaged} if damaged else {},
            torn=int(plain["journal"]["torn"]),
            scorings=_scorings(plain),
        )


def _state(plain: Mapping[str, Any]) -> State:
    state: State = plain["state"]
    if state not in ("complete", "interrupted"):
        raise ValueError(f"its state is {state!r}")
    return state


def _scorings(plain: Mapping[str, Any]) -> tuple[Scoring, ...]:
    """An older harness kept the last judging only."""
    told = plain.get("scorings", [{**plain["scores"], "made_at": None}] if plain["scores"] else ())
    return tuple(Scoring.from_json(one) for one in told)
