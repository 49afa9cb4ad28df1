"""Cheap and good: 60 % cost, 40 % quality, on fixed scales.

Scales that depend on who is there (min-max) would let an expensive provider that nobody chooses decide between two others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking, best_first
from harness.routing.strategies.cost import costs
from harness.routing.strategies.quality import quality_of

COST_SHARE = 0.6
CHEAPEST_USD, DEAREST_USD = 1e-6, 1.0
"""The ends of the scale of costs, which is logarithmic: a call for less counts as the one, a call for more as the other."""


def balanced(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """By 0.6 × cheapness + 0.4 × quality, each from 0 to 1; who lacks one of them comes last."""
    known = costs(among, asked.capability)

    def badness(one: Candidate) -> float | None:
        usd, good = known[one.name], quality_of(one, asked.capability)
        return None if usd is None or good is None else 1.0 - COST_SHARE * cheapness(usd) - (1.0 - COST_SHARE) * good

    rule = "the best balance of 60 % cost and 40 % quality"
    return best_first(among, badness, lambda bad: f"balance {1.0 - bad:.3f}", rule)


def cheapness(usd: float) -> float:
    """1 for a call that costs a millionth of a dollar or less, 0 for a dollar or more, by the logarithm in between."""
    span = math.log(DEAREST_USD) - math.log(CHEAPEST_USD)
    return min(1.0, max(0.0, (math.log(DEAREST_USD) - math.log(max(usd, CHEAPEST_USD))) / span))
