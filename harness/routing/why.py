"""Why a route is as it is, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.judged import Estimate, Route
from harness.routing.objective import Objective
from harness.routing.worth import FIT, Fitness

_BETTER = {
    "quality": "better",
    "latency": "better",
    "cost": "cheaper",
    "balanced": "better on balance",
    "dollars": "worth more",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What a route does not tell of its choice.

    By which `objective` how many `challengers` were compared, who was left out and why, and whether incumbent and challenger keep the limits.
    """

    objective: Objective
    challengers: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    incumbent: Fitness = FIT
    challenger: Fitness = FIT


def sentence(route: Route, compared: Compared) -> str:
    """The reason for a route in plain words, with its numbers."""
    return f"{_reason(route, compared)}{_left_out(compared.left_out)}."


def _reason(route: Route, compared: Compared) -> str:
    if route.challenger is None or route.difference is None or route.probability is None:
        return f"{route.incumbent} stays: there is nobody to compare it with"
    among = f", the likeliest of {compared.challengers} challengers," if compared.challengers > 1 else ""
    better, challenger = _better(compared.objective), compared.challenger
    seen = f"{_seen(route)}, probability {route.probability:.2f}"
    if route.decision == "shift":
        shares = f"it gets {100 * route.weights[route.challenger]:.0f} % and {route.incumbent} keeps {100 * route.weights[route.incumbent]:.0f} %"
        limit = f" and {challenger.why}" if challenger.why else ""
        if compared.incumbent.keeps == "no":
            takes = f"{route.challenger} takes over from {route.incumbent}, which {compared.incumbent.why}"
            return f"{takes}: {route.challenger}{limit.removeprefix(' and') or ' does better'} ({seen}), so {shares} as a control"
        return f"{route.challenger} is {better} than {route.incumbent} ({seen}){limit}, so {shares} as a control"
    unlikely = route.probability <= 1 - compared.objective.confidence
    if challenger.keeps != "yes" and not unlikely:
        which = "stays" if route.decision == "hold" else "stays for now"
        more = "" if route.decision == "hold" else f"; {_missing(route.n_needed)}"
        return f"{route.incumbent} {which}: {route.challenger}{among} {challenger.why} ({better}: {seen}){more}"
    if route.decision == "hold":
        return f"{route.incumbent} stays: {route.challenger}{among} is probably not {better} ({seen})"
    return f"{route.incumbent} stays for now: whether {route.challenger}{among} is {better} is open ({seen}); {_missing(route.n_needed)}"


def _better(objective: Objective) -> str:
    """Such as "better by more than 2 points", in the objective's unit."""
    name, margin = _BETTER[objective.name], objective.margin
    if not margin:
        return name
    by = {"cost": f"{100 * margin:g} %", "balanced": f"{margin:g}", "dollars": f"${margin:g} a task"}
    return f"{name} by more than {by.get(objective.name, f'{100 * margin:g} points')}"


def _seen(route: Route) -> str:
    """The paired evidence: quality, and costs where they count."""
    assert route.difference is not None
    said = [_difference(route.difference)]
    if route.gain is not None and route.challenger and route.challenger in route.costs:
        mine, theirs = _usd(route.costs[route.challenger]), _usd(route.costs[route.incumbent])
        said.append(f"{mine} instead of {theirs} for 1,000 calls")
    return ", ".join(said)


def _usd(a_call: float) -> str:
    return f"${1000 * a_call:,.3g}" if a_call < 1 else f"${1000 * a_call:,.0f}"


def _difference(estimate: Estimate) -> str:
    cases = "the same case" if estimate.n == 1 else f"the same {estimate.n:,} cases"
    interval = f"{100 * (estimate.low or 0):+.1f} to {100 * (estimate.high or 0):+.1f}"
    return f"{100 * estimate.value:+.1f} points on {cases}, 95 % interval {interval}"


def _missing(n_needed: int | None) -> str:
    if n_needed is None:
        return "they are too alike for any practical number of cases to tell"
    return f"about {n_needed:,} more case{'' if n_needed == 1 else 's'} would tell"


def _left_out(left_out: Mapping[str, str]) -> str:
    said: dict[str, list[str]] = {}
    for name, reason in sorted(left_out.items()):
        said.setdefault(reason, []).append(name)
    reasons = ", ".join(f"{', '.join(names)} {reason}" for reason, names in said.items())
    return f"; left out: {reasons}" if reasons else ""
