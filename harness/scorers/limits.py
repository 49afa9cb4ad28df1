"""The scorers `latency` and `cost`: assertions about the call, whatever its reply says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.told import Outcome


@dataclass(frozen=True, slots=True)
class LatencyOptions:
    """`latency`: the last byte of the answer came within `max_s` seconds.

    A replay has no latency, and one that was timed while the harness was saturated is not the provider's own: both are unscored.
    """

    max_s: float

    def __post_init__(self) -> None:
        if self.max_s <= 0:
            raise Unfit("'max_s' must be above 0")


@dataclass(frozen=True, slots=True)
class CostOptions:
    """`cost`: the call cost at most `max_usd` US dollars. A cost that is unknown is unscored."""

    max_usd: float

    def __post_init__(self) -> None:
        if self.max_usd < 0:
            raise Unfit("'max_usd' is 0 or more")


def _fits(_options: LatencyOptions | CostOptions, _expect: Any) -> None:
    """Any expectation fits: the option says what is wanted."""


def _latency(options: LatencyOptions, _expect: Any, outcome: Outcome) -> Opinion:
    if outcome.latency_s is None:
        return Opinion(None, None, "no latency was measured")
    if outcome.saturated:
        return Opinion(None, None, "the harness was saturated: what it measured is not the provider's own latency")
    took = f"{outcome.latency_s:.3f} s"
    if outcome.latency_s <= options.max_s:
        return right(reason=took)
    return wrong(f"it took {took}, longer than {options.max_s:g} s")


def _cost(options: CostOptions, _expect: Any, outcome: Outcome) -> Opinion:
    if outcome.cost_usd is None:
        return Opinion(None, None, "its cost is unknown")
    cost = f"${outcome.cost_usd:.6f}"
    if outcome.cost_usd <= options.max_usd:
        return right(reason=cost)
    return wrong(f"it cost {cost}, more than ${options.max_usd:g}")


LATENCY = Scorer("2", LatencyOptions, _fits, _latency, reads_reply=False)
COST = Scorer("1", CostOptions, _fits, _cost, reads_reply=False)
