"""What a run's process and its workers say to each other, pickled, on the pipe between them. No message can carry a key: a `Secret` refuses to be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.told import EndedBy, Tally


@dataclass(frozen=True, slots=True)
class Stop:
    """To a worker: end as after Ctrl-C; what is in flight has the run's grace to end."""


@dataclass(frozen=True, slots=True)
class WindDown:
    """To a worker: a limit of the run is reached, ask nothing new; what is in flight may end."""

    limit: EndedBy
    why: str


@dataclass(frozen=True, slots=True)
class Grant:
    """To a worker: what it wanted may be spent, and `usd` in all beside what it kept."""

    wanted: float
    usd: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request does not fit a budget, nor ever will: of `limit` USD only `left` are not spent."""

    limit: float
    left: float


@dataclass(frozen=True, slots=True)
class Recall:
    """To a worker: give back what is not set aside, now and after each attempt, until the next `Grant`."""


@dataclass(frozen=True, slots=True)
class Told:
    """From a worker: how far it is."""

    tally: Tally


@dataclass(frozen=True, slots=True)
class Wants:
    """From a worker: the next request can cost so many USD. Of its lease it keeps what is spent and set aside; the rest it gives back.

    `granted` is what it has been granted so far: a grant that is still on its way is not given back.
    """

    usd: float
    spent: float
    held: float
    granted: float


@dataclass(frozen=True, slots=True)
class Returns:
    """From a worker: as `Wants`, without wanting."""

    spent: float
    held: float
    granted: float


@dataclass(frozen=True, slots=True)
class Ended:
    """From a worker, its last word: how far it came, what it found out, and what ended it, if that was an error."""

    tally: Tally
    found: Mapping[str, Any] = field(default_factory=dict)
    error: Exception | None = None


ToWorker = Stop | WindDown | Grant | Refusal | Recall
FromWorker = Told | Wants | Returns | Ended
