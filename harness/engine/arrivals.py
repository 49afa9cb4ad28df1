"""When the requests of an open loop are due, and which of them is taken next.

All times come from one process of mean gap 1, drawn once from a seed and read through the inverse of the expected number of arrivals so far
(Lewis and Shedler, Simulation of nonhomogeneous Poisson processes by thinning, 1979, section 1): no time is counted from when the one before was
sent, so that the schedule cannot drift.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile

from harness.ask import Trial
from harness.engine.shapes import Open


def times(load: Open, seed: str) -> Iterator[float]:
    """Seconds since the load began, rising, at which requests are due; endless where the load has no duration."""
    due = (_moment(load, number) for number in _unit_process(load, random.Random(seed)))  # noqa: S311 - a load, no secret
    end = load.duration_s
    return due if end is None else takewhile(lambda at: at < end, due)


def _unit_process(load: Open, chance: random.Random) -> Iterator[float]:
    """How many arrivals are expected until each arrival: 0, 1, 2, … where they are evenly spaced."""
    if load.arrivals == "constant":
        yield from map(float, count())
    shape = load.burstiness if load.arrivals == "gamma" else 1.0
    total = 0.0
    while True:
        total += chance.gammavariate(shape, 1.0 / shape)
        yield total


def _moment(load: Open, expected: float) -> float:
    """When so many arrivals are expected: the inverse of a·t + (b − a)·t²/2d of a ramp from a to b over d; infinity if never."""
    if load.ramp_from is None or load.duration_s is None or load.ramp_from == load.rate:
        return expected / load.rate
    start, slope = load.ramp_from, (load.rate - load.ramp_from) / load.duration_s
    root = start * start + 2 * slope * expected
    if root < 0:  # a falling ramp has reached its end
        return math.inf
    return 2 * expected / (start + math.sqrt(root)) if expected else 0.0


@dataclass(frozen=True, slots=True)
class Due:
    """A trial that is next: `at_s` seconds after its load began, at the rate `level` (see `Open.level`), or `dropped`."""

    trial: Trial
    at_s: float
    level: float
    dropped: bool = False


class Arriving:
    """The trials of an open loop in the order of their arrival. Those who find the queue full are given out as dropped, at once.

    What is kept does not grow with the number of trials: without a limit nothing is, since who waits is who was not taken yet.
    """

    def __init__(self, load: Open, trials: Iterator[Trial], seed: str) -> None:
        self._load = load
        self._coming = zip(times(load, seed), trials, strict=False)
        self._next = next(self._coming, None)
        self._waiting: deque[Due] = deque()
        self._dropped: deque[Due] = deque()

    def take(self, now_s: float) -> Due | None:
        """The next one, for whoever has a free slot now; it may be due later. None: there is none any more."""
        if self._load.queue is not None:
            self._admit(now_s, self._load.queue)
        for line in (self._dropped, self._waiting):
            if line:
                return line.popleft()
        return self._arrive()

    def _admit(self, now_s: float, queue: int) -> None:
        """Who has arrived since somebody was last taken found no free slot: a free one would have taken it in advance."""
        while self._next is not None and self._next[0] < now_s:
            full = len(self._waiting) >= queue
            due = self._arrive(dropped=full)
            assert due is not None
            (self._dropped if full else self._waiting).append(due)

    def _arrive(self, *, dropped: bool = False) -> Due | None:
        if self._next is None:
            return None
        at_s, trial = self._next
        self._next = next(self._coming, None)
        return Due(trial, at_s, self._load.level(at_s), dropped)
