"""Why a route is as it is, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.judged import Estimate, Route


@dataclass(frozen=True, slots=True)
class Compared:
    """What a route does not tell of its choice.

    How many `challengers` were compared, by which `margin`, and who was left out and why.
    """

    challengers: int
    margin: float
    left_out: Mapping[str, str] = field(default_factory=dict)


def sentence(route: Route, compared: Compared) -> str:
    """The reason for a route in plain words, with its numbers."""
    return f"{_reason(route, compared)}{_left_out(compared.left_out)}."


def _reason(route: Route, compared: Compared) -> str:
    if route.challenger is None or route.difference is None or route.probability is None:
        return f"{route.incumbent} stays: there is nobody to compare it with"
    among = f", the likeliest of {compared.challengers} challengers," if compared.challengers > 1 else ""
    better = f"better by more than {_points(compared.margin)}" if compared.margin else "better"
    seen = f"{_difference(route.difference)}, probability {route.probability:.2f}"
    if route.decision == "shift":
        shares = f"it gets {100 * route.weights[route.challenger]:.0f} % and {route.incumbent} keeps {100 * route.weights[route.incumbent]:.0f} %"
        return f"{route.challenger} is {better} than {route.incumbent} ({seen}), so {shares} as a control"
    if route.decision == "hold":
        return f"{route.incumbent} stays: {route.challenger}{among} is probably not {better} ({seen})"
    return f"{route.incumbent} stays for now: whether {route.challenger}{among} is {better} is open ({seen}); {_missing(route.n_needed)}"


def _difference(estimate: Estimate) -> str:
    cases = "the same case" if estimate.n == 1 else f"the same {estimate.n:,} cases"
    interval = f"{100 * (estimate.low or 0):+.1f} to {100 * (estimate.high or 0):+.1f}"
    return f"{100 * estimate.value:+.1f} points on {cases}, 95 % interval {interval}"


def _points(margin: float) -> str:
    return f"{100 * margin:g} points"


def _missing(n_needed: int | None) -> str:
    if n_needed is None:
        return "they are too alike for any practical number of cases to tell"
    return f"about {n_needed:,} more case{'' if n_needed == 1 else 's'} would tell"


def _left_out(left_out: Mapping[str, str]) -> str:
    reasons = ", ".join(f"{name} {reason}" for name, reason in sorted(left_out.items()))
    return f"; left out: {reasons}" if reasons else ""
