"""The search for the most requests in flight that a provider takes (`--adaptive`).

As TCP finds the width of a path (Jacobson, "Congestion Avoidance and Control", 1988): slow start, which doubles after each round that went well,
until the first 429 undoes the last doubling; from then on one more after each round, and a cut to 0.8 at each 429 (additive increase,
multiplicative decrease: Chiu and Jain, 1989; the factor is that of inspect_ai, which does likewise). A round is as many answers as requests may be in flight.
It widens nothing unless all slots were in use in it (as RFC 7661 has it): what was not tried is not known. What was sent before a cut says nothing
about what came after it, so that one burst of 429 is one cut (RFC 6582).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

START = 4
"""The first width, and the shortest round."""
MOST_ADAPTIVE = 100
"""No search goes beyond this, unless somebody says so."""
CUT = 0.8

Why = Literal["start", "doubled", "grown", "cut"]


@dataclass(frozen=True, slots=True)
class Change:
    """So many requests may be in flight from then on; `at_s` is seconds since the search began."""

    at_s: float
    in_flight: int
    why: Why


@dataclass(slots=True)
class Search:
    """One provider's search, which never goes beyond `most`. Moments are monotonic seconds."""

    most: int
    begun: float
    width: int = 0
    history: list[Change] = field(default_factory=list)
    _changed: float = 0.0
    _cut: float | None = None
    _good: int = 0
    _full: bool = False

    def __post_init__(self) -> None:
        self._change(min(START, self.most), "start", self.begun)

    def answered(self, sent_at: float, now: float, *, full: bool) -> None:
        """A request has been answered; `full`: no slot was left when it went out."""
        if sent_at < self._changed:
            return
        self._good += 1
        self._full = self._full or full
        if self._good < max(self.width, START):
            return
        if self._full and self.width < self.most:
            wider = self.width * 2 if self._cut is None else self.width + 1
            self._change(min(wider, self.most), "doubled" if self._cut is None else "grown", now)
        self._good, self._full = 0, False

    def refused(self, sent_at: float, now: float) -> None:
        """A request has met the server's rate limit."""
        if self._cut is not None and sent_at < self._cut:
            return
        narrower = self.width // 2 if self._cut is None else int(self.width * CUT)
        self._cut = now
        self._change(max(narrower, 1), "cut", now)

    def _change(self, width: int, why: Why, now: float) -> None:
        self.width, self._changed, self._good, self._full = width, now, 0, False
        self.history.append(Change(now - self.begun, width, why))
