"""Is a route that this chooser picks better than the best single provider, on cases that it never saw?

Tables of outcomes are split at random many times: routes are chosen from the one part and judged on the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from harness.errors import WrongUse
from harness.late import pd
from harness.routing.asked import Asked
from harness.routing.choose import decide
from harness.routing.evidence import Evidence
from harness.routing.objective import Objective
from harness.stats import aiq, quality_at

Array = NDArray[np.float64]


Told = tuple[str, str, str, float, float | None, float | None]
"""case_id, capability, provider, score, cost in USD, seconds."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What many providers scored on the same cases.

    `scores` (0…1), `costs` (USD) and `seconds` have a row for each (capability, case_id), sorted, and a column for each provider; NaN where
    unknown. `clusters` are the rows' clusters, numbered: what shares one is never parted.
    """

    scores: pd.DataFrame
    costs: pd.DataFrame
    seconds: pd.DataFrame
    clusters: NDArray[np.intp]

    @classmethod
    def of(cls, told: Iterable[Told]) -> Outcomes:
        """Of outcomes in any order; repeats are averaged, each case is its own cluster.

        Raises:
            WrongUse: there is none.
        """
        place = ["capability", "case_id"]
        table = pd.DataFrame(told, columns=["case_id", "capability", "provider", "score", "cost_usd", "latency_s"])
        if table.empty:
            raise WrongUse("there is no outcome to choose from")
        for name in ("cost_usd", "latency_s"):
            table[name] = pd.to_numeric(table[name])
        frames = [
            table.pivot_table(index=place, columns="provider", values=value, aggfunc="mean", dropna=False)
            for value in ("score", "cost_usd", "latency_s")
        ]
        scores = frames[0].dropna(how="all").sort_index()
        costs, seconds = (one.reindex(index=scores.index, columns=scores.columns) for one in frames[1:])
        return cls(scores, costs, seconds, np.arange(len(scores)))

    def shuffled(self, seed: int = 0) -> Outcomes:
        """The same cases under capabilities dealt at random: nothing can be gained by routing. A negative control."""
        index = self.scores.index.to_frame(index=False)
        index["capability"] = np.random.default_rng(seed).permutation(index["capability"].to_numpy())
        dealt = pd.MultiIndex.from_frame(index)
        order = dealt.argsort()
        frames = [one.set_axis(dealt).iloc[order] for one in (self.scores, self.costs, self.seconds)]
        return Outcomes(frames[0], frames[1], frames[2], self.clusters[order])

    def evidence(self, rows: NDArray[np.intp]) -> Evidence:
        """What some rows tell a chooser; everybody is reliable."""
        rows = np.sort(rows)
        scores = self.scores.iloc[rows].dropna(axis="columns", how="all")
        costs = self.costs.iloc[rows].mean().fillna(np.inf)
        return Evidence(
            values=scores,
            clusters=pd.Series(self.clusters[rows], index=scores.index),
            reliable_at_most={str(name): 1.0 for name in scores.columns},
            cost_per_call={str(name): float(costs[name]) for name in scores.columns},
            asked=Asked(given=(self.costs.iloc[rows], self.seconds.iloc[rows])),
            simulated=False,
            run_ids=(),
            suite_hashes={},
            price_ids=(),
            created=datetime.fromtimestamp(0, UTC),
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """How a way of routing did on held-out cases; costs in USD, None where unknown."""

    accuracy: float
    cost_per_call: float | None
    cost_per_solved: float | None


@dataclass(frozen=True, slots=True)
class Verified:
    """The mean over `splits` random splits with `n` cases to choose from.

    `gain` is the route's accuracy above that of the single provider with the best mean of the n cases, in points; `error` its standard error
    over splits, `worse` the share of splits in which it is negative. `figures` has the route beside: that best single provider; one
    provider for each capability chosen with hindsight (oracle); the same shares of providers dealt at random (random); and where costs
    are known the best random mix of single providers of the route's cost (zero router). `aiq` is that of the single providers alone and
    with the route.
    """

    n: int
    splits: int
    gain: float
    error: float
    worse: float
    figures: Mapping[str, Figures]
    aiq: tuple[float, float] | None


def verify(outcomes: Outcomes, objective: Objective, sizes: Sequence[int], splits: int = 100) -> list[Verified]:
    """Choose on n random cases and judge on all others, `splits` times for each n of `sizes`. The seeds are fixed.

    Raises:
        WrongUse: a size leaves no case to judge on.
    """
    cases = len(outcomes.scores)
    if too_large := [n for n in sizes if not 0 < n < cases]:
        raise WrongUse(
            f"{too_large[0]:,} cases cannot be chosen from: the table has {cases:,}, and some must be held out"
        )
    return [_mean(n, list(_splits(outcomes, objective, n, splits))) for n in sizes]


Policy = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class _Split:
    figures: dict[str, Figures]
    aiq: tuple[float, float] | None

    @property
    def gain(self) -> float:
        return 100 * (self.figures["route"].accuracy - self.figures["best single"].accuracy)


def _splits(outcomes: Outcomes, objective: Objective, n: int, splits: int) -> Iterator[_Split]:
    for seed in range(splits):
        order = np.random.default_rng([seed, n]).permutation(len(outcomes.scores))
        evidence = outcomes.evidence(order[:n])
        yield _judged(evidence, objective, _Held.of(outcomes, order[n:]))


def _judged(evidence: Evidence, objective: Objective, held: _Held) -> _Split:
    best = held.alone(str(evidence.values.mean().round(12).idxmax()))
    fallback = held.alone(evidence.best_single(evidence.providers, objective.prior_mass))
    routes = {route.capability: route.weights for route in decide(evidence, {}, objective)}
    weights = np.stack([held.vector(routes[name]) if name in routes else fallback for name in held.names])
    hindsight = np.stack([held.alone(held.best_in(k)) for k in range(len(held.names))])
    dealt = weights[held.capability].mean(axis=0)
    route = held.figures(weights)
    figures = {
        "route": route,
        "best single": held.figures(best),
        "random": held.figures(dealt),
        "oracle": held.figures(hindsight),
    }
    singles = held.singles()
    if route.cost_per_call is None or not singles:
        return _Split(figures, None)
    accuracy = quality_at(singles, route.cost_per_call)
    figures["zero router"] = Figures(
        accuracy, route.cost_per_call, route.cost_per_call / accuracy if accuracy else None
    )
    ends = min(cost for cost, _ in singles), max(cost for cost, _ in singles)
    with_route = [*singles, (route.cost_per_call, route.accuracy)]
    return _Split(figures, (aiq(singles, *ends), aiq(with_route, *ends)))


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """The held-out cases: the number of each one's capability, and scores and costs (cases, providers)."""

    names: list[str]
    providers: list[str]
    capability: NDArray[np.intp]
    scores: Array
    costs: Array

    @classmethod
    def of(cls, outcomes: Outcomes, rows: NDArray[np.intp]) -> _Held:
        scores = outcomes.scores.iloc[rows]
        codes, names = pd.factorize(scores.index.get_level_values("capability"), sort=True)
        return cls(
            names=[str(name) for name in names],
            providers=[str(name) for name in scores.columns],
            capability=codes,
            scores=scores.to_numpy(dtype=float),
            costs=outcomes.costs.iloc[rows].to_numpy(dtype=float),
        )

    def vector(self, weights: Mapping[str, float]) -> Array:
        return np.array([weights.get(name, 0.0) for name in self.providers])

    def alone(self, provider: str) -> Array:
        return self.vector({provider: 1.0})

    def best_in(self, capability: int) -> str:
        mine = pd.DataFrame(self.scores[self.capability == capability], columns=self.providers)
        return str(mine.mean().idxmax())

    def singles(self) -> list[tuple[float, float]]:
        """(cost, accuracy) of each provider whose cost is known."""
        alone = [self.figures(self.alone(name)) for name in self.providers]
        return [(one.cost_per_call, one.accuracy) for one in alone if one.cost_per_call is not None]

    def figures(self, weights: Array) -> Figures:
        """Of traffic shared by `weights` (capabilities, providers) or (providers,); a case counts where somebody with a share has a score."""
        shares = np.broadcast_to(weights, (len(self.names), len(self.providers)))[self.capability]
        accuracy = _expected(self.scores, shares)
        cost = _expected(self.costs, shares)
        if np.isnan(cost):
            return Figures(accuracy, None, None)
        return Figures(accuracy, cost, cost / accuracy if accuracy else None)


def _expected(values: Array, shares: Array) -> float:
    """The mean over cases of the values' mean weighed by the shares; NaN where no case has one."""
    seen = np.where(np.isnan(values), 0.0, shares)
    total = seen.sum(axis=1)
    known = total > 0
    if not known.any():
        return float("nan")
    return float(((seen * np.nan_to_num(values)).sum(axis=1)[known] / total[known]).mean())


def _mean(n: int, splits: list[_Split]) -> Verified:
    gains = np.array([split.gain for split in splits])
    areas = [split.aiq for split in splits if split.aiq]
    return Verified(
        n=n,
        splits=len(splits),
        gain=float(gains.mean()),
        error=float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("nan"),
        worse=float((gains < -1e-9).mean()),
        figures={name: _averaged([split.figures[name] for split in splits]) for name in splits[0].figures},
        aiq=(float(np.mean([a for a, _ in areas])), float(np.mean([b for _, b in areas]))) if areas else None,
    )


def _averaged(figures: Sequence[Figures]) -> Figures:
    mean = Figures(float(np.mean([one.accuracy for one in figures])), None, None)
    costs = [one.cost_per_call for one in figures if one.cost_per_call is not None]
    solved = [one.cost_per_solved for one in figures if one.cost_per_solved is not None]
    if len(costs) < len(figures):
        return mean
    return replace(
        mean, cost_per_call=float(np.mean(costs)), cost_per_solved=float(np.mean(solved)) if solved else None
    )
