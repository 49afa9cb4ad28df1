"""What chance has made of a request: the reply, when each of its tokens is due, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.simulate.faults import Fault
from harness.simulate.keys import Key
from harness.simulate.profiles import Profile
from harness.simulate.reply import Ask, Said, Wire


@dataclass(slots=True)
class Drawn:
    """A reply that has been drawn, `number` of those to its question; times are on the event loop's clock.

    `settled`: whether it got through has been taken down.
    """

    wire: Wire
    profile: Profile
    question: str
    key: Key | None
    number: int
    right: bool
    ask: Ask
    said: Said
    read_at: float
    due: Sequence[float]
    fault: Fault | None = None
    settled: bool = False
