"""By the measured weights of routing.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.document import did_you_mean
from harness.judged import Route
from harness.routing.known import Candidate
from harness.routing.strategies.contract import Asked, Ranking
from harness.routing.strategies.priority import priority


def weighted(among: Sequence[Candidate], asked: Asked) -> Ranking:
    """Shares as the capability's route says, over those who are left; without such a route the mean of all routes.

    Where none of them is routed, or there are no routes, the highest priority gets everything.
    """
    shares, rule = _shares(asked.capability, asked.routes)
    total = sum(shares.get(one.name, 0.0) for one in among)
    first = priority(among, asked)
    if total <= 0:
        none = "no routes are in force" if not asked.routes else f"{rule} give none of these a share"
        return Ranking(first.names, first.weights, first.figures, f"{first.rule}, as {none}")
    places = {name: number for number, name in enumerate(first.names)}
    names = sorted(first.names, key=lambda name: (-shares.get(name, 0.0), places[name]))
    figures = {name: f"{100 * shares.get(name, 0.0):.3g} % of the traffic" for name in names}
    return Ranking(tuple(names), tuple(shares.get(name, 0.0) / total for name in names), figures, rule)


def _shares(capability: str | None, routes: Mapping[str, Route]) -> tuple[Mapping[str, float], str]:
    if capability is not None and capability in routes:
        return routes[capability].weights, f"the measured weights for '{capability}'"
    names = {name for route in routes.values() for name in route.weights}
    mean = {name: sum(route.weights.get(name, 0.0) for route in routes.values()) / len(routes) for name in names}
    if capability is None:
        return mean, "the mean of the measured weights, as no capability was said"
    near = did_you_mean(capability, routes)
    hint = f" ({near})" if near.startswith("did") else ""
    return mean, f"the mean of the measured weights, as there is no route for '{capability}'{hint}"
