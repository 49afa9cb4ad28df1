"""What a strategy is: a rule that ranks candidates for a question and says which share of first picks each gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.judged import Route
from harness.routing.known import Candidate


@dataclass(frozen=True, slots=True)
class Asked:
    """What a strategy may look at beside the candidates.

    `latency_of` is the typical time of a reply in seconds, by live outcomes where there are any; `order` are the providers in the caller's order.
    """

    capability: str | None = None
    routes: Mapping[str, Route] = field(default_factory=dict)
    latency_of: Callable[[Candidate], float | None] = lambda _: None
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates by name, best first, with the share of first picks of each; the shares sum to 1.

    `figures` say of each what it was ranked by, `rule` what the rule is, in words. `in_turn`: one after the other instead of by chance.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    figures: Mapping[str, str]
    rule: str
    in_turn: bool = False


class Strategy(Protocol):
    """Ranks candidates, of which there is at least one. The same candidates in the same order give the same ranking."""

    def __call__(self, among: Sequence[Candidate], asked: Asked) -> Ranking:
        """The ranking."""
        ...


def best_first(
    among: Sequence[Candidate], badness: Callable[[Candidate], float | None], say: Callable[[float], str], rule: str
) -> Ranking:
    """The candidate with the least badness gets everything; None, for unknown, comes after all that is known. Of equals the earlier one in the registry."""
    known = {one.name: badness(one) for one in among}

    def rank(one: Candidate) -> tuple[bool, float, int]:
        bad = known[one.name]
        return bad is None, bad or 0.0, one.place

    ranked = sorted(among, key=rank)
    figures = {name: "nothing is known of it" if bad is None else say(bad) for name, bad in known.items()}
    return Ranking(tuple(one.name for one in ranked), (1.0,) + (0.0,) * (len(ranked) - 1), figures, rule)
