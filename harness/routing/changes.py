"""What a new table would change, in words, and when it must not replace the present one."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import WrongUse
from harness.judged import Route, RoutingTable

_TERMS = ("objective", "margin", "confidence", "prior_mass")


def check_replaces(old: RoutingTable | None, new: RoutingTable) -> None:
    """Nothing, if `new` may take the place of `old` (None: there is none).

    Raises:
        WrongUse: one is of simulated providers and the other of real ones.
    """
    if old is not None and old.simulated != new.simulated:
        kinds = ("real", "simulated")
        raise WrongUse(
            f"the present routes are for {kinds[old.simulated]} providers and the new ones for {kinds[new.simulated]} ones, whose "
            f"evidence says nothing of the others: keep them in another --reports folder, or move the present routing.toml away first"
        )


def diff(old: RoutingTable | None, new: RoutingTable) -> list[str]:
    """What changes from `old` (None: there is none) to `new`: a line for each change of terms and of a capability's route."""
    return [*_terms(old, new), *_routes(old, new)]


def _terms(old: RoutingTable | None, new: RoutingTable) -> Iterator[str]:
    for term in _TERMS if old is not None else ():
        before, after = getattr(old, term), getattr(new, term)
        if before != after:
            yield f"{term.replace('_', ' ')}: {before} → {after}"
    said = {**old.terms, **new.terms} if old is not None and old.terms else {}
    for term in said:
        before, after = (one.terms.get(term, "unsaid") for one in (old, new) if one is not None)
        if before != after:
            yield f"{term.replace('_', ' ')}: {before} → {after}"


def _routes(old: RoutingTable | None, new: RoutingTable) -> Iterator[str]:
    before = {route.capability: route for route in old.routes} if old else {}
    after = {route.capability: route for route in new.routes}
    for capability in sorted(before.keys() | after.keys()):
        was, now = before.get(capability), after.get(capability)
        if now is None:
            yield f"{capability}: no longer routed (was {_shares(was)})"
        elif was is None:
            yield f"{capability}: {_shares(now)} (new, {now.decision}): {now.why}"
        elif was.weights != now.weights:
            yield f"{capability}: {_shares(was)} → {_shares(now)} ({now.decision}): {now.why}"
        elif was.decision != now.decision:
            yield f"{capability}: still {_shares(now)}, was {was.decision}, is {now.decision}: {now.why}"


def _shares(route: Route | None) -> str:
    weights = route.weights if route else {}
    return ", ".join(
        f"{name} {100 * share:.0f} %" for name, share in sorted(weights.items(), key=lambda one: (-one[1], one[0]))
    )
