"""From evidence to routes: for each capability shift, hold, or not enough evidence and how much is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from harness.judged import Decision, Estimate, Route, RoutingTable
from harness.routing.changes import check_replaces
from harness.routing.evidence import Evidence
from harness.routing.file import address
from harness.routing.objective import Objective
from harness.routing.why import Compared, sentence
from harness.stats import Posterior

MOST_WEIGHT = 0.99
"""A challenger never takes everything: the incumbent stays as a control arm, so that evidence keeps coming."""


def choose(
    calls: pd.DataFrame, scores: pd.DataFrame, *, incumbent: RoutingTable | None, objective: Objective
) -> RoutingTable:
    """The routes that calls and scores support, one for each capability with a scored case, sorted.

    The incumbent of a capability is the provider with the largest weight in the present route, if it has a scored case there; otherwise
    the best single provider over all cases (`Evidence.best_single`) among those that have. Each other provider is compared with it on
    the same cases (`stats.paired_posteriors`), unless its reliability is surely below 0.9 or they share no case.

    - `shift`: some are better by more than the margin with a probability of at least the confidence. Of these the one with the highest
      posterior mean is given its probability as weight (at most 0.99), the incumbent the rest.
    - `hold`: each is not better by more than the margin with at least that probability. The incumbent keeps everything.
    - `insufficient`: neither. The incumbent keeps everything, and `n_needed` is how many more cases would settle the matter
      with the likeliest challenger, if its difference stays what it seems; None if more than 100,000.

    Each challenger is held to the confidence by itself; the prior, not a correction, keeps a lucky one of many from winning, and
    the number compared is stated. What others scored changes nothing between a challenger and the incumbent.

    A capability without a scored case keeps its present route, if it has one. The table's time is that of the last attempt, so that
    the same evidence gives the same file.

    Raises:
        NothingSelected: no trial was measured.
        WrongUse: simulated and real rows are mixed, or the present routes are of the other kind.
    """
    evidence = Evidence.gather(calls, scores)
    present = {route.capability: route for route in incumbent.routes} if incumbent else {}
    chosen = [_route(evidence, name, present.get(name), objective) for name in evidence.capabilities]
    kept = [route for name, route in present.items() if name not in evidence.capabilities]
    former = incumbent if kept else None
    table = RoutingTable(
        routes=tuple(sorted([*chosen, *kept], key=lambda route: route.capability)),
        objective=objective.name,
        margin=objective.margin,
        confidence=objective.confidence,
        prior_mass=objective.prior_mass,
        run_ids=_union(former.run_ids if former else (), evidence.run_ids),
        suite_hashes=dict(sorted({**(former.suite_hashes if former else {}), **evidence.suite_hashes}.items())),
        price_ids=_union(former.price_ids if former else (), evidence.price_ids),
        simulated=evidence.simulated,
        created=evidence.created,
        parent=address(incumbent) if incumbent else None,
    )
    check_replaces(incumbent, table)
    return table


@dataclass(frozen=True, slots=True)
class _Challenge:
    """One provider against the incumbent: what is believed of the difference, and the probability that it beats the margin."""

    provider: str
    posterior: Posterior
    probability: float


def _route(evidence: Evidence, capability: str, present: Route | None, objective: Objective) -> Route:
    candidates = evidence.scored_in(capability)
    incumbent = _largest(present)
    if incumbent not in candidates:
        incumbent = evidence.best_single(candidates, objective.prior_mass)
    challenges, left_out = _challenges(evidence, capability, incumbent, objective)
    route = _decided(capability, incumbent, challenges, objective)
    return replace(route, why=sentence(route, Compared(len(challenges), objective.margin, left_out)))


def _largest(present: Route | None) -> str | None:
    return min(present.weights, key=lambda name: (-present.weights[name], name)) if present else None


def _challenges(
    evidence: Evidence, capability: str, incumbent: str, objective: Objective
) -> tuple[list[_Challenge], dict[str, str]]:
    """The challenges, likeliest first, and who is left out with the reason."""
    found, left_out = [], {}
    scored = evidence.scored_in(capability)
    for provider in evidence.providers:
        if provider == incumbent:
            continue
        if not evidence.is_reliable(provider):
            left_out[provider] = f"answers at most {100 * evidence.reliable_at_most[provider]:.0f} % of its trials"
        elif provider not in scored:
            left_out[provider] = "has no scored case here"
        else:
            posterior = evidence.posteriors(provider, incumbent, objective.prior_mass).get(capability)
            if posterior is None:
                left_out[provider] = f"shares no scored case with {incumbent}"
            else:
                found.append(_Challenge(provider, posterior, posterior.probability(objective.margin)))
    return sorted(found, key=lambda one: (-one.probability, one.provider)), left_out


def _decided(capability: str, incumbent: str, challenges: Sequence[_Challenge], objective: Objective) -> Route:
    """The route, its `why` still empty."""
    better = [one for one in challenges if one.probability >= objective.confidence]
    decision: Decision = "insufficient"
    if better:
        best = max(better, key=lambda one: one.posterior.mean)  # the likeliest of equals, since they are in that order
        decision = "shift"
    elif challenges:
        best = challenges[0]
        if best.probability <= 1 - objective.confidence:
            decision = "hold"
    else:
        return Route(capability, decision, {incumbent: 1.0}, incumbent, None, None, None, None, why="")
    posterior = best.posterior
    interval = posterior.interval()
    needed = posterior.needed(objective.margin, objective.confidence) if decision == "insufficient" else None
    return Route(
        capability=capability,
        decision=decision,
        weights=_shared(incumbent, best, objective.confidence) if decision == "shift" else {incumbent: 1.0},
        incumbent=incumbent,
        challenger=best.provider,
        probability=round(best.probability, 4),
        difference=Estimate(
            round(posterior.mean, 6), posterior.n, round(max(-1.0, interval.low), 6), round(min(1.0, interval.high), 6)
        ),
        n_needed=needed,
        why="",
    )


def _shared(incumbent: str, challenge: _Challenge, confidence: float) -> dict[str, float]:
    weight = max(confidence, min(MOST_WEIGHT, round(challenge.probability, 2)))
    return {challenge.provider: weight, incumbent: round(1 - weight, 6)}


def _union(former: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*former, *new}))
