"""Cheap and good: 60 % cost, 40 % quality, on fixed scales.

Scales that depend on who is there (min-max) would let an expensive provider that nobody chooses decide between two others.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.objective import COST_SHARE, QUALITY_SHARE
from harness.routing.strategies.contract import Asked, Ranking, best_first
from harness.routing.strategies.cost import costs
from harness.routing.strategies.quality import quality_of
from harness.routing.worth import cheapness


def balanced(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """By 0.6 × cheapness + 0.4 × quality, each from 0 to 1, as the objective of that name; who lacks one of them comes last."""
    known = costs(among, asked.capability)

    def badness(one: Candidate) -> float | None:
        usd, good = known[one.name], quality_of(one, asked.capability)
        return None if usd is None or good is None else 1.0 - COST_SHARE * cheapness(usd) - QUALITY_SHARE * good

    rule = "the best balance of 60 % cost and 40 % quality"
    return best_first(among, badness, lambda bad: f"balance {1.0 - bad:.3f}", rule)
