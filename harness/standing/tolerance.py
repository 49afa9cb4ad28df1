"""How far a measure may move between two runs and still be called equal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.judged import Measure

RATES = frozenset({"quality", "reliability"})
"""Measures from 0 to 1, of which more is better; of the others less is, and they change by a factor."""

TIMES = frozenset({"ttft", "latency"})
"""Measures that drift by the hour."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`quality` and `reliability` may move by so much, the others by such a share; completion tokens as `cost`, which they make."""

    quality: float = 0.02
    reliability: float = 0.02
    latency: float = 0.10
    cost: float = 0.05

    def worse(self, measure: Measure) -> float:
        """The tolerance on the scale on which changes of this measure are compared: differences, or those of logarithms."""
        if measure in RATES:
            return self.quality if measure == "quality" else self.reliability
        return math.log1p(self.cost if measure in {"cost", "tokens"} else self.latency)

    @classmethod
    def usual(cls, *, interleaved: bool) -> Tolerance:
        """That of runs taken apart holds what times differ by the hour; asked in the same minutes, they may be told apart to half of it."""
        return cls(latency=0.05) if interleaved else cls()


USUAL = Tolerance()
