"""The best answers first."""

from __future__ import annotations

from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking, best_first


def quality(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """By quality in the capability, pulled toward the provider's mean over all; of equals the first registered."""

    def badness(one: Candidate) -> float | None:
        value = quality_of(one, asked.capability)
        return None if value is None else 1.0 - value

    rule = "the best quality that was measured"
    return best_first(among, badness, lambda bad: f"quality {1.0 - bad:.3f}", rule)


def quality_of(one: Candidate, capability: str | None) -> float | None:
    """Its quality from 0 to 1: shrunk where that is known; None where nothing was measured."""
    standing = one.standing(capability)
    if standing is None:
        return None
    if standing.shrunk_quality is not None:
        return standing.shrunk_quality
    return standing.quality.value if standing.quality else None
