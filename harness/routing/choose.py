"""From evidence to routes: for each capability shift, hold, or not enough evidence and how much is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.judged import Decision, Estimate, Route, RoutingTable
from harness.late import pd
from harness.routing.changes import check_replaces
from harness.routing.evidence import Evidence
from harness.routing.file import address
from harness.routing.objective import Objective
from harness.routing.why import Compared, sentence
from harness.routing.worth import Fitness, fitness, overall, worth
from harness.stats import Posterior

CONTROL = 0.01
"""What the incumbent keeps after a shift, so that it stays visible in live traffic. More would buy nothing: the expected gain is
proportional to the weight, and the next evidence comes from running the suites again, not from the traffic."""


def choose(
    calls: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    incumbent: RoutingTable | None,
    objective: Objective,
    trials: pd.DataFrame | None = None,
) -> RoutingTable:
    """The routes that calls and scores support, one for each capability with a scored case, sorted.

    `trials` is what `stats.trials_of` makes of calls and scores, where that is known.

    The incumbent of a capability is the provider with the largest weight in the present route, if it has a scored case there; otherwise
    the best single provider over all cases (`Evidence.best_single`) among those that have. Each other provider is compared with it on
    the same cases (`stats.crossed_posteriors`), unless its reliability is surely below 0.9 or they share no case.

    - `shift`: some are worth more than the incumbent by more than the margin with a probability of at least the confidence, and keep what
      the objective demands: they are reliable, within the limits of latency, above the floor (`worth.fitness`). Of these the one with the
      highest posterior mean takes the traffic, and the incumbent keeps a hundredth. An incumbent that surely breaks a limit gives way to whoever keeps it.
    - `hold`: each is not worth more by the margin with a probability of at least the confidence, or surely breaks a limit. The incumbent
      keeps everything.
    - `insufficient`: neither. The incumbent keeps everything, and `n_needed` is how many more cases would settle the matter
      with the likeliest challenger, if its difference stays what it seems; None if more than 100,000.

    Worth is quality, or by the objective the share of the cost that is saved, a score of both, or USD a task (`worth.worth`).

    The prior, not a correction, keeps a lucky one of many challengers from winning, and the number compared is stated. A
    provider that a cheaper one equals or beats over all changes nothing between the others.

    A capability without a scored case keeps its present route, if it has one. The table's time is that of the last attempt, so that
    the same evidence gives the same file.

    Raises:
        NothingSelected: no trial was measured.
        WrongUse: simulated and real rows are mixed, or the present routes are of the other kind.
    """
    evidence = Evidence.gather(calls, scores, objective.half_life_days, trials)
    return choose_from(evidence, incumbent=incumbent, objective=objective)


def choose_from(evidence: Evidence, *, incumbent: RoutingTable | None, objective: Objective) -> RoutingTable:
    """The routes that evidence supports: as `choose`."""
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
        terms=objective.terms,
    )
    check_replaces(incumbent, table)
    return table


def decide(evidence: Evidence, present: Mapping[str, Route], objective: Objective) -> list[Route]:
    """The routes of the evidence's capabilities, sorted; `present` are those in force, by capability."""
    contests = (_contest(evidence, name, present.get(name), objective) for name in evidence.capabilities)
    return [_decided(evidence, contest, objective) for contest in contests]


@dataclass(frozen=True, slots=True)
class _Challenge:
    """One provider against the incumbent: what is believed of the difference in quality and in worth, and whether it keeps the limits."""

    provider: str
    quality: Posterior
    worth: Posterior
    probability: float
    fitness: Fitness

    @property
    def is_out(self) -> bool:
        return self.fitness.keeps == "no"


@dataclass(frozen=True, slots=True)
class _Contest:
    """A capability before it is decided: the challenges, likeliest first, and who is left out with the reason."""

    capability: str
    incumbent: str
    fitness: Fitness
    challenges: list[_Challenge]
    left_out: dict[str, str]

    def winner(self, confidence: float) -> _Challenge | None:
        """Who takes the traffic: of those that keep the limits and are better with this probability the one with the best posterior mean.

        Where the incumbent surely breaks a limit, it is enough to keep it.
        """
        better = [
            one
            for one in self.challenges
            if one.fitness.keeps == "yes" and (one.probability >= confidence or self.fitness.keeps == "no")
        ]
        return max(better, key=lambda one: one.worth.mean, default=None)


def _contest(evidence: Evidence, capability: str, present: Route | None, objective: Objective) -> _Contest:
    candidates = evidence.scored_in(capability)
    best = evidence.best_single(candidates, objective.prior_mass)
    incumbent = _largest(present)
    if incumbent not in candidates:
        incumbent = _first(evidence, objective, capability, candidates)
    held = fitness(evidence, objective, capability, incumbent, [best])
    return _Contest(capability, incumbent, held, *_challenges(evidence, objective, capability, (incumbent, best)))


def _largest(present: Route | None) -> str | None:
    return min(present.weights, key=lambda name: (-present.weights[name], name)) if present else None


def _first(evidence: Evidence, objective: Objective, capability: str, candidates: list[str]) -> str:
    """Whom to begin with: the best single provider by the objective over all cases; with limits of latency, among those that keep them."""
    if objective.limits:
        fit = [one for one in candidates if fitness(evidence, objective, capability, one, ()).keeps == "yes"]
        candidates = fit or candidates
    if objective.name in {"quality", "cost", "latency"}:
        return evidence.best_single(candidates, objective.prior_mass)

    def rank(provider: str) -> tuple[bool, float, str]:
        return not evidence.is_reliable(provider), -round(overall(evidence, objective, provider), 12), provider

    return min(candidates, key=rank)


def _challenges(
    evidence: Evidence, objective: Objective, capability: str, references: tuple[str, str]
) -> tuple[list[_Challenge], dict[str, str]]:
    """The challenges of the incumbent, the first of the references, likeliest first; and who is left out with the reason."""
    found: list[_Challenge] = []
    left_out: dict[str, str] = {}
    for provider in evidence.providers:
        if provider == references[0]:
            continue
        one = _challenge(evidence, objective, capability, provider, references)
        if isinstance(one, str):
            left_out[provider] = one
        else:
            found.append(one)
    return sorted(found, key=lambda one: (one.is_out, -one.probability, one.provider)), left_out


def _challenge(
    evidence: Evidence, objective: Objective, capability: str, provider: str, references: tuple[str, str]
) -> _Challenge | str:
    """A text says why there is none."""
    incumbent = references[0]
    if not evidence.is_reliable(provider):
        return fitness(evidence, objective, capability, provider, ()).why
    if provider not in evidence.scored_in(capability):
        return "has no scored case here"
    quality = evidence.posterior(capability, provider, incumbent, objective.prior_mass)
    if quality is None:
        return f"shares no scored case with {incumbent}"
    found = worth(evidence, objective, capability, quality, (provider, incumbent))
    if isinstance(found, str):
        return found
    fit = fitness(evidence, objective, capability, provider, references)
    return _Challenge(provider, quality, found, found.probability(objective.margin), fit)


def _decided(evidence: Evidence, contest: _Contest, objective: Objective) -> Route:
    capability, incumbent = contest.capability, contest.incumbent
    compared = Compared(objective, len(contest.challenges), contest.left_out, contest.fitness)
    if not contest.challenges:
        route = Route(capability, "insufficient", {incumbent: 1.0}, incumbent, None, None, None, None, why="")
        return replace(route, why=sentence(route, compared))
    best, decision, weights = contest.challenges[0], _kept(contest, objective), {incumbent: 1.0}
    winner = contest.winner(objective.confidence)
    if winner is not None:
        best, decision = winner, "shift"
        weights = {best.provider: 1 - CONTROL, incumbent: CONTROL}
    cost = evidence.asked.cost(capability, best.provider, incumbent)
    route = Route(
        capability=capability,
        decision=decision,
        weights=weights,
        incumbent=incumbent,
        challenger=best.provider,
        probability=round(best.probability, 4),
        difference=_estimate(best.quality, most=1.0),
        n_needed=_needed(best, objective) if decision == "insufficient" else None,
        why="",
        gain=None if best.worth is best.quality else _estimate(best.worth),
        costs={best.provider: _figures(cost.challenger), incumbent: _figures(cost.incumbent)} if cost else {},
    )
    out = {
        one.provider: one.fitness.short or one.fitness.why
        for one in contest.challenges
        if one.is_out and one is not best
    }
    compared = replace(
        compared,
        challenger=best.fitness,
        challengers=len(contest.challenges) - len(out),
        left_out={**contest.left_out, **out},
    )
    return replace(route, why=sentence(route, compared))


def _estimate(posterior: Posterior, most: float = math.inf) -> Estimate:
    interval = posterior.interval()
    return Estimate(
        _figures(posterior.mean),
        posterior.n,
        _figures(max(-most, interval.low)),
        _figures(min(most, interval.high)),
    )


def _figures(value: float) -> float:
    """Six decimals; of what is small in USD six figures."""
    return round(value, 6) if abs(value) >= 0.01 else float(f"{value:.6g}")


def _needed(best: _Challenge, objective: Objective) -> int | None:
    """How many more cases would decide: for the open limit, if only that is open, otherwise for the worth."""
    if best.probability >= objective.confidence:
        return best.fitness.needed
    return best.worth.needed(objective.margin, objective.confidence)


def _kept(contest: _Contest, objective: Objective) -> Decision:
    lost = 1 - objective.confidence
    if contest.fitness.keeps == "no":
        return "insufficient"
    return "hold" if all(one.is_out or one.probability <= lost for one in contest.challenges) else "insufficient"


def _union(former: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*former, *new}))
