"""One after the other."""

from __future__ import annotations

from collections.abc import Sequence

from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking


def round_robin(among: Sequence[Candidate], asked: Asked) -> Ranking:  # noqa: ARG001 - the form of a strategy
    """All in turn, in the registry's order."""
    names = tuple(one.name for one in sorted(among, key=lambda one: one.place))
    share = 1.0 / len(names)
    figures = dict.fromkeys(names, f"one of {len(names)}")
    return Ranking(names, (share,) * len(names), figures, "all in turn", in_turn=True)
