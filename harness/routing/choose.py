"""From evidence to routes: for each capability shift, hold, or not enough evidence and how much is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from harness.judged import Decision, Estimate, Route, RoutingTable
from harness.routing.changes import check_replaces
from harness.routing.evidence import Evidence
from harness.routing.file import address
from harness.routing.objective import Objective
from harness.routing.why import Compared, sentence
from harness.stats import Posterior

CONTROL = 0.01
"""What the incumbent keeps after a shift, so that it stays visible in live traffic. More would buy nothing: the expected gain is
proportional to the weight, and the next evidence comes from running the suites again, not from the traffic."""


def choose(
    calls: pd.DataFrame, scores: pd.DataFrame, *, incumbent: RoutingTable | None, objective: Objective
) -> RoutingTable:
    """The routes that calls and scores support, one for each capability with a scored case, sorted.

    The incumbent of a capability is the provider with the largest weight in the present route, if it has a scored case there; otherwise
    the best single provider over all cases (`Evidence.best_single`) among those that have. Each other provider is compared with it on
    the same cases (`stats.crossed_posteriors`), unless its reliability is surely below 0.9 or they share no case.

    - `shift`: some are better by more than the margin with a probability of at least the confidence. Of these the one with the highest
      posterior mean takes the traffic, and the incumbent keeps a hundredth.
    - `hold`: each is not better by more than the margin with a probability of at least the confidence. The incumbent keeps everything.
    - `insufficient`: neither. The incumbent keeps everything, and `n_needed` is how many more cases would settle the matter
      with the likeliest challenger, if its difference stays what it seems; None if more than 100,000.

    The prior, not a correction, keeps a lucky one of many challengers from winning, and the number compared is stated. A
    provider that a cheaper one equals or beats over all changes nothing between the others.

    A capability without a scored case keeps its present route, if it has one. The table's time is that of the last attempt, so that
    the same evidence gives the same file.

    Raises:
        NothingSelected: no trial was measured.
        WrongUse: simulated and real rows are mixed, or the present routes are of the other kind.
    """
    evidence = Evidence.gather(calls, scores)
    present = {route.capability: route for route in incumbent.routes} if incumbent else {}
    chosen = decide(evidence, present, objective)
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


def decide(evidence: Evidence, present: Mapping[str, Route], objective: Objective) -> list[Route]:
    """The routes of the evidence's capabilities, sorted; `present` are those in force, by capability."""
    contests = (_contest(evidence, name, present.get(name), objective) for name in evidence.capabilities)
    return [_decided(contest, objective) for contest in contests]


@dataclass(frozen=True, slots=True)
class _Challenge:
    """One provider against the incumbent: what is believed of the difference, and the probability that it beats the margin."""

    provider: str
    posterior: Posterior
    probability: float


@dataclass(frozen=True, slots=True)
class _Contest:
    """A capability before it is decided: the challenges, likeliest first, and who is left out with the reason."""

    capability: str
    incumbent: str
    challenges: list[_Challenge]
    left_out: dict[str, str]

    def winner(self, confidence: float) -> _Challenge | None:
        """Who takes the traffic: the best posterior mean among those that are better with this probability; of equals the likeliest."""
        better = [one for one in self.challenges if one.probability >= confidence]
        return max(better, key=lambda one: one.posterior.mean, default=None)


def _contest(evidence: Evidence, capability: str, present: Route | None, objective: Objective) -> _Contest:
    candidates = evidence.scored_in(capability)
    incumbent = _largest(present)
    if incumbent not in candidates:
        incumbent = evidence.best_single(candidates, objective.prior_mass)
    return _Contest(capability, incumbent, *_challenges(evidence, capability, incumbent, objective))


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
            posterior = evidence.posterior(capability, provider, incumbent, objective.prior_mass)
            if posterior is None:
                left_out[provider] = f"shares no scored case with {incumbent}"
            else:
                found.append(_Challenge(provider, posterior, posterior.probability(objective.margin)))
    return sorted(found, key=lambda one: (-one.probability, one.provider)), left_out


def _decided(contest: _Contest, objective: Objective) -> Route:
    capability, incumbent = contest.capability, contest.incumbent
    compared = Compared(len(contest.challenges), objective.margin, contest.left_out)
    if not contest.challenges:
        route = Route(capability, "insufficient", {incumbent: 1.0}, incumbent, None, None, None, None, why="")
        return replace(route, why=sentence(route, compared))
    best, decision, weights = contest.challenges[0], _kept(contest, objective), {incumbent: 1.0}
    winner = contest.winner(objective.confidence)
    if winner is not None:
        best, decision = winner, "shift"
        weights = {best.provider: 1 - CONTROL, incumbent: CONTROL}
    posterior = best.posterior
    interval = posterior.interval()
    needed = posterior.needed(objective.margin, objective.confidence) if decision == "insufficient" else None
    route = Route(
        capability=capability,
        decision=decision,
        weights=weights,
        incumbent=incumbent,
        challenger=best.provider,
        probability=round(best.probability, 4),
        difference=Estimate(
            round(posterior.mean, 6), posterior.n, round(max(-1.0, interval.low), 6), round(min(1.0, interval.high), 6)
        ),
        n_needed=needed,
        why="",
    )
    return replace(route, why=sentence(route, compared))


def _kept(contest: _Contest, objective: Objective) -> Decision:
    return "hold" if contest.challenges[0].probability <= 1 - objective.confidence else "insufficient"


def _union(former: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*former, *new}))
