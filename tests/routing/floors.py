"""How often a route for cost breaks its quality floor, on simulated tables with costs whose truth is known.

`python -m tests.routing.floors --rounds 200` draws tables of many shapes. A table has true means of every provider in every capability, and costs that
rise with quality more or less. From n simulated cases a route for cost is chosen; its true quality, over the mix of capabilities, is held
against that of the best single provider: once of the one that the n cases show, which is where a route begins, and once of the true one.
The promise is broken where it is more than the floor below.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.routing import Objective, Outcomes
from harness.routing.choose import decide
from tests.routing.outcomes import table

FLOOR = 0.02
SIZES = (100, 300, 1000)


@dataclass(frozen=True)
class Shape:
    """Providers and capabilities of a world, how far true means lie apart (standard deviations), and how much costs rise with quality."""

    name: str
    providers: int
    capabilities: int
    levels: float
    special: float
    rise: float


SHAPES = (
    Shape("two alike, one far cheaper", 2, 6, 0.0, 0.0, 0.0),
    Shape("five, quality has its price", 5, 8, 0.08, 0.04, 1.0),
    Shape("five, close together", 5, 8, 0.02, 0.02, 0.5),
    Shape("four that specialise", 4, 10, 0.05, 0.12, 0.5),
    Shape("eight, prices without reason", 8, 6, 0.06, 0.03, 0.0),
    Shape("two, cheap one just below", 2, 4, -0.022, 0.0, 1.0),
    Shape("the same, one capability", 2, 1, -0.022, 0.0, 1.0),
    Shape("two alike, one capability", 2, 1, 0.0, 0.0, 0.0),
)


@dataclass(frozen=True)
class Tried:
    """One choice: how far its true quality lies under the best single provider shown, under the true one, the same of that one alone, the share of cost saved; and the naive rule's shortfall."""

    under_shown: float
    under_true: float
    shown_under_true: float
    saved: float
    naive_under_true: float


def world(shape: Shape, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """True means (capabilities, providers) and costs of the providers in USD a call."""
    levels = rng.normal(0, abs(shape.levels), shape.providers) if shape.levels >= 0 else np.array([0, shape.levels])
    rates = rng.uniform(0.5, 0.8, (shape.capabilities, 1)) + levels
    rates = np.clip(rates + rng.normal(0, shape.special, rates.shape), 0.02, 0.98)
    order = np.argsort(np.argsort(rates.mean(axis=0)))
    steps = shape.rise * order + (1 - shape.rise) * rng.permutation(shape.providers)
    return rates, 1e-4 * 3.0**steps


def tried(shape: Shape, n: int, seed: int) -> Tried:
    """Draw a world and n of its cases, choose by cost, hold the choice against the truth."""
    rng = np.random.default_rng([seed, n, SHAPES.index(shape)])
    rates, costs = world(shape, rng)
    sizes = np.bincount(rng.integers(0, shape.capabilities, n), minlength=shape.capabilities)
    frame = table(seed * 7919 + n, rates, sizes, costs=list(costs))
    outcomes = Outcomes.of(frame.assign(latency_s=None).itertuples(index=False, name=None))
    evidence = outcomes.evidence(np.arange(len(outcomes.scores)))
    routes = {one.capability: one.weights for one in decide(evidence, {}, Objective("cost", floor=FLOOR))}
    overall = rates.mean(axis=0)
    shown = int(evidence.best_single(evidence.providers, 30.0)[1:])
    shares = np.zeros_like(rates)
    for k in range(shape.capabilities):
        for name, weight in routes.get(f"k{k}", {f"p{shown}": 1.0}).items():
            shares[k, int(name[1:])] = weight
    quality, best = float((shares * rates).sum(axis=1).mean()), float(overall.max())
    spent = float((shares @ costs).mean())
    naive = _naive(frame, rates, costs)
    return Tried(
        overall[shown] - quality, best - quality, best - overall[shown], 1 - spent / costs[shown], best - naive
    )


def _naive(frame, rates, costs) -> float:
    """The true quality of the cheapest provider within the floor of the best mean, capability by capability: what others do."""
    means = frame.pivot_table(index="capability", columns="provider", values="score", aggfunc="mean")
    qualities = []
    for k, rate in enumerate(rates):
        seen = means.loc[f"k{k}"] if f"k{k}" in means.index else frame.groupby("provider")["score"].mean()
        near = [int(name[1:]) for name in seen.index[seen >= seen.max() - FLOOR]]
        qualities.append(rate[min(near, key=lambda j: costs[j])])
    return float(np.mean(qualities))


def rows(rounds: int, sizes: Sequence[int] = SIZES) -> Iterator[tuple[str, int, list[Tried]]]:
    """For each shape and size so many choices."""
    for shape in SHAPES:
        for n in sizes:
            yield shape.name, n, [tried(shape, n, seed) for seed in range(rounds)]


def broken(shortfalls: Sequence[float]) -> float:
    """The share of choices that fell short by more than the floor."""
    return float(np.mean([one > FLOOR + 1e-9 for one in shortfalls]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    print(
        f"A floor of {100 * FLOOR:g} points under the objective cost, broken in % of {rounds} tables with known truth"
    )
    head = ("world", "cases", "broken, of best shown", "of true best", "best shown alone", "naive rule", "saved")
    print(f"{head[0]:32}" + "".join(f"{one:>23}" for one in head[1:]))
    for name, n, found in rows(rounds):
        figures = [
            broken([one.under_shown for one in found]),
            broken([one.under_true for one in found]),
            broken([one.shown_under_true for one in found]),
            broken([one.naive_under_true for one in found]),
            float(np.mean([one.saved for one in found])),
        ]
        print(f"{name:32}{n:>23,}" + "".join(f"{round(100 * one, 1) + 0.0:>21.1f} %" for one in figures), flush=True)


if __name__ == "__main__":
    main()
