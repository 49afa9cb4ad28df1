"""The cheapest first."""

from __future__ import annotations

from collections.abc import Sequence

from harness.client import cost_of
from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking, best_first
from harness.told import Usage

USUAL = Usage(1_000, 500, source="tokenizer")
"""A request of usual size, by which prices are compared where costs were not measured."""


def cost(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """By what a call cost in the last report, where that is known of all; otherwise by what 1,000 tokens in and 500 out cost."""
    known = costs(among, asked.capability)
    measured = all(cost_measured(one, asked.capability) is not None for one in among)
    rule = "the lowest cost of a call when it was measured" if measured else "the lowest prices"
    return best_first(among, lambda one: known[one.name], lambda usd: f"${usd:.6f} a call", rule)


def costs(among: Sequence[Candidate], capability: str | None) -> dict[str, float | None]:
    """What a call costs in USD, by name, all by the same measure; None is unknown."""
    measured = {one.name: cost_measured(one, capability) for one in among}
    if all(usd is not None for usd in measured.values()):
        return measured
    return {one.name: cost_of(USUAL, one.provider.prices).usd for one in among}


def cost_measured(one: Candidate, capability: str | None) -> float | None:
    """What a call cost on average in the last report, in USD."""
    standing = one.standing(capability)
    return standing.cost_per_call if standing else None
