"""The quickest first."""

from __future__ import annotations

from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking, best_first


def performance(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """By the typical time of a whole reply: live where there are outcomes, otherwise as it was measured last."""
    rule = "the shortest typical time of a reply"
    return best_first(among, asked.latency_of, lambda seconds: f"{seconds:.3f} s a reply", rule)
