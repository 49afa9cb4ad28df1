"""In the caller's order."""

from __future__ import annotations

from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking, best_first


def manual(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """The first of `order` first; who is not in it comes last."""
    places = {name: float(number) for number, name in enumerate(asked.order, 1)}
    rule = "your own order"
    return best_first(among, lambda one: places.get(one.name), lambda place: f"number {place:g}", rule)
