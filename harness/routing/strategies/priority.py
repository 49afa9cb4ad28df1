"""By the priority in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking, best_first


def priority(among: Sequence[Candidate], asked: Asked) -> Ranking:  # noqa: ARG001 - the form of a strategy
    """The highest `priority` first; of equals the first registered."""
    rule = "the highest priority in the registry"
    return best_first(among, lambda one: -one.provider.priority, lambda bad: f"priority {-bad:g}", rule)
