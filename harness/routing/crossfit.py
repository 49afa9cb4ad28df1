"""Does a route beat the incumbent on cases that it was not chosen from?

The cases are dealt into folds; for each fold routes are chosen from all others and judged on it. So every case is judged once, by a route that never saw it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import NothingSelected
from harness.judged import Estimate, Route
from harness.late import pd
from harness.routing.choose import decide
from harness.routing.evidence import Evidence
from harness.routing.objective import COST_SHARE, QUALITY_SHARE, Objective
from harness.routing.worth import cheapness
from harness.stats import aiq, clustered_mean, quality_at, smallest_n

Array = NDArray[np.float64]
FOLDS = 10
ENOUGH = 1e-9


@dataclass(frozen=True, slots=True)
class Way:
    """How one way of routing did on held-out cases; costs in USD, None where unknown. p95 in seconds, None below n = 59."""

    accuracy: float
    cost_per_call: float | None
    cost_per_solved: float | None
    latency_p95_s: float | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it, over `cases` in `folds`.

    `ways`: the route; the incumbent (the present routes, or where there are none the best single provider by the cases chosen from); that best single
    provider; shares as large as the route's dealt at random (random); one provider for each capability with hindsight (oracle); and where costs are known
    the best random mix of single providers at the route's cost (zero router). `gain` is route − incumbent in accuracy, paired by case, with a
    cluster-robust interval. `worth` is the same in the objective's own unit, None where a cost is unknown. `moved`: the share of the traffic that the
    route takes from the incumbent. `aiq` is that of the single providers alone and with the route, `singles` are their (cost, accuracy).
    """

    cases: int
    folds: int
    ways: Mapping[str, Way]
    gain: Estimate
    worth: float | None
    moved: float
    singles: Mapping[str, tuple[float, float]]
    aiq: tuple[float, float] | None


def cross_fit(evidence: Evidence, present: Mapping[str, Route], objective: Objective) -> Proof:
    """Choose from nine tenths of the cases and judge on the last, ten times. `present` are the routes in force, by capability.

    Clusters are never parted, and each capability is dealt evenly; the seed is fixed. With fewer clusters there are fewer folds.

    Raises:
        NothingSelected: there are fewer than two clusters of cases: nothing can be held out.
    """
    cases = _Cases.of(evidence)
    fold = cases.folds()
    route, incumbent, best = (np.zeros(cases.scores.shape) for _ in range(3))
    for number in range(fold.max() + 1):
        held, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        part = evidence.part(train)
        single = part.best_single([str(one) for one in part.values.columns], objective.prior_mass)
        chosen = {one.capability: one for one in decide(part, present, objective)}
        for row in held:
            name = cases.capability[row]
            mine = chosen.get(name)
            best[row] = cases.vector({single: 1.0})
            incumbent[row] = cases.vector({mine.incumbent: 1.0} if mine else {single: 1.0})
            route[row] = cases.vector(mine.weights if mine else {single: 1.0})
    return _proof(cases, objective, int(fold.max()) + 1, {"route": route, "incumbent": incumbent, "best single": best})


def objection(proof: Proof, objective: Objective, *, first: bool = False) -> str | None:
    """Why the route must not take the incumbent's place, in words; None if it may.

    It has to be worth more than the incumbent on held-out cases, and under the objective cost to keep the floor there. The `first` routes replace
    nothing that anybody has decided: it is enough that they are not worth less.
    """
    route, incumbent = proof.ways["route"], proof.ways["incumbent"]
    figures = f"{100 * route.accuracy:.1f} % against {100 * incumbent.accuracy:.1f} %, on {proof.cases:,} cases that it was not chosen from"
    if objective.name == "cost" and route.accuracy < incumbent.accuracy - objective.floor - ENOUGH:
        return f"the route falls below the floor of {100 * objective.floor:g} points: it solves {figures}"
    if proof.worth is None or proof.worth > (-ENOUGH if first else ENOUGH):
        return None
    if proof.moved <= ENOUGH:
        return "chosen from nine tenths of the cases no traffic moves at all: the evidence for it hangs on a few cases"
    return f"the route does not beat the incumbent: it solves {figures} ({_in_words(proof.worth, objective)})"


def _in_words(worth: float, objective: Objective) -> str:
    words = {"cost": f"{100 * worth:+.1f} % saved", "balanced": f"{worth:+.4f} in score", "dollars": f"{worth:+.6f} USD a task"}  # fmt: skip
    return words.get(objective.name, f"{100 * worth:+.2f} points")


@dataclass(frozen=True, slots=True, eq=False)
class _Cases:
    """All cases as arrays (cases, providers), NaN where unknown."""

    capability: list[str]
    clusters: NDArray[np.intp]
    providers: list[str]
    scores: Array
    costs: Array
    seconds: Array

    @classmethod
    def of(cls, evidence: Evidence) -> _Cases:
        scores = evidence.values
        costs, seconds = (
            frame.reindex(index=scores.index, columns=scores.columns).to_numpy(dtype=float)
            for frame in (evidence.asked.costs, evidence.asked.seconds)
        )
        return cls(
            [str(name) for name in scores.index.get_level_values(0)],
            pd.factorize(evidence.clusters.loc[scores.index])[0],
            [str(name) for name in scores.columns],
            scores.to_numpy(dtype=float),
            costs,
            seconds,
        )

    def folds(self) -> NDArray[np.intp]:
        """The fold of each case: clusters are dealt in the order of their capability, at random within it."""
        numbers, first = np.unique(self.clusters, return_index=True)
        if len(numbers) < 2:
            raise NothingSelected("there are too few cases to hold any out: nothing can be verified")
        drawn = np.random.default_rng(0).random(len(numbers))
        order = np.lexsort((drawn, np.array(self.capability)[first]))
        fold_of = np.empty(len(numbers), dtype=np.intp)
        fold_of[order] = np.arange(len(numbers)) % min(FOLDS, len(numbers))
        return fold_of[np.searchsorted(numbers, self.clusters)]

    def vector(self, weights: Mapping[str, float]) -> Array:
        return np.array([weights.get(name, 0.0) for name in self.providers])

    def each(self, values: Array, shares: Array) -> Array:
        """The values' mean of each case weighed by the shares, over those that are known; NaN where none is."""
        seen = np.where(np.isnan(values), 0.0, shares)
        total = seen.sum(axis=1)
        mean: Array = np.divide(
            (seen * np.nan_to_num(values)).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0
        )
        return mean

    def way(self, shares: Array) -> Way:
        accuracy = float(np.nanmean(self.each(self.scores, shares)))
        costs = self.each(self.costs, shares)
        cost = None if np.isnan(costs).all() else float(np.nanmean(costs))
        solved = None if cost is None or accuracy <= 0 else cost / accuracy
        return Way(accuracy, cost, solved, self._p95(shares))

    def _p95(self, shares: Array) -> float | None:
        known = ~np.isnan(self.seconds) & (shares > 0)
        if known.any(axis=1).sum() < smallest_n(0.95):
            return None
        seconds, weights = self.seconds[known], shares[known]
        order = np.argsort(seconds)
        reached = np.cumsum(weights[order]) / weights.sum()
        return float(seconds[order][np.searchsorted(reached, 0.95)])

    def oracle(self) -> Array:
        """One provider for each capability, the best by all of its cases."""
        best = pd.DataFrame(self.scores, columns=self.providers).groupby(self.capability).mean().idxmax(axis=1)
        return np.stack([self.vector({str(best[name]): 1.0}) for name in self.capability])


def _proof(cases: _Cases, objective: Objective, folds: int, shares: Mapping[str, Array]) -> Proof:
    route, incumbent = shares["route"], shares["incumbent"]
    ways = {name: cases.way(one) for name, one in shares.items()}
    ways["random"] = cases.way(np.broadcast_to(route.mean(axis=0), route.shape))
    ways["oracle"] = cases.way(cases.oracle())
    alone = {name: cases.way(np.broadcast_to(cases.vector({name: 1.0}), route.shape)) for name in cases.providers}
    singles = {name: (way.cost_per_call, way.accuracy) for name, way in alone.items() if way.cost_per_call is not None}
    area, cost = None, ways["route"].cost_per_call
    if cost is not None and singles:
        points = list(singles.values())
        ends = min(one for one, _ in points), max(one for one, _ in points)
        area = aiq(points, *ends), aiq([*points, (cost, ways["route"].accuracy)], *ends)
        mixed = quality_at(points, cost)
        ways["zero router"] = Way(mixed, cost, cost / mixed if mixed else None, None)
    differences = cases.each(cases.scores, route) - cases.each(cases.scores, incumbent)
    known = ~np.isnan(differences)
    interval = clustered_mean(differences[known], cases.clusters[known])
    mean = float(differences[known].mean()) if known.any() else 0.0
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Proof(
        cases=len(cases.scores),
        folds=folds,
        ways=ways,
        gain=Estimate(mean, int(known.sum()), low, high),
        worth=_worth(objective, mean, ways["route"], ways["incumbent"], cases, (route, incumbent)),
        moved=float(np.abs(route - incumbent).sum(axis=1).mean() / 2),
        singles=singles,
        aiq=area,
    )


def _worth(
    objective: Objective, gain: float, route: Way, incumbent: Way, cases: _Cases, shares: tuple[Array, Array]
) -> float | None:
    """What the route is worth beside the incumbent, in the objective's unit."""
    if not objective.needs_costs:
        return gain
    mine, theirs = route.cost_per_call, incumbent.cost_per_call
    if mine is None or theirs is None:
        return None
    if objective.name == "cost":
        return 1 - mine / theirs if theirs > 0 else 0.0
    if objective.name == "balanced":
        return QUALITY_SHARE * gain + COST_SHARE * (cheapness(mine) - cheapness(theirs))
    waited = (
        [float(np.nanmean(cases.each(cases.seconds, one))) for one in shares] if objective.needs_seconds else [0.0, 0.0]
    )
    return (objective.solved_usd or 0.0) * gain - (mine - theirs) - objective.second_usd * (waited[0] - waited[1])
