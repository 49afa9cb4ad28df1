"""A figure over many runs: what the next one is expected to be, and whether its level changed on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats import special
from harness.stats.intervals import CONFIDENCE, Interval

SHUFFLES = 9999
FEWEST_PAST = 3
"""Below so many past values there is no prediction of the next."""

FEWEST_FOR_A_STEP = 8
"""Below so many values even a clean step is too likely by chance."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where the next value is expected, from past ones; `p` (two-sided) is that of one at least as far from their mean as it was."""

    mean: float
    interval: Interval
    p: float


def prediction(past: ArrayLike, value: float) -> Prediction | None:
    """Student's prediction interval of one more value of the same normal distribution; None below `FEWEST_PAST`.

    Where all past values are alike nothing else is expected.

    Source: Hahn and Meeker, Statistical Intervals (1991), section 4.7: mean ± t(n − 1) · s · √(1 + 1/n).
    """
    x = np.asarray(past, dtype=float)
    n = len(x)
    if n < FEWEST_PAST:
        return None
    mean, error = float(x.mean()), float(x.std(ddof=1)) * math.sqrt(1 + 1 / n)
    if error < 1e-12 * max(1.0, abs(mean)):
        return Prediction(mean, Interval(mean, mean), 1.0 if math.isclose(value, mean, abs_tol=1e-12) else 0.0)
    half = float(special.stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * error
    p = float(2 * special.stdtr(n - 1, -abs(value - mean) / error))
    return Prediction(mean, Interval(mean - half, mean + half), p)


@dataclass(frozen=True, slots=True)
class Step:
    """The likeliest change of level in a series: `at` is the place of the first value after it, `p` that of none at all."""

    at: int
    before: float
    after: float
    p: float


def step(values: ArrayLike) -> Step | None:
    """Pettitt's test of a single change point, with p by permutation; `before` and `after` are medians. None below `FEWEST_FOR_A_STEP`.

    It is over ranks, so one night however bad is no step, and a slow drift is one in its middle. Ties make p larger, never smaller.

    Source: Pettitt, A non-parametric approach to the change-point problem, Applied Statistics 28 (1979) 126–135.
    """
    x = np.asarray(values, dtype=float)
    n = len(x)
    if n < FEWEST_FOR_A_STEP:
        return None
    signs = np.sign(x[:, None] - x[None, :])
    u = np.array([signs[:k, k:].sum() for k in range(1, n)])
    at = int(np.abs(u).argmax()) + 1
    reached = _null(n) >= abs(u[at - 1]) - 1e-9
    p = (1 + int(reached.sum())) / (SHUFFLES + 1)
    return Step(at, float(np.median(x[:at])), float(np.median(x[at:])), p)


@lru_cache(maxsize=64)
def _null(n: int) -> NDArray[np.float64]:
    """The statistic of so many shuffled series without ties: U after k values is k(n + 1) − 2 · the sum of their ranks."""
    ranks = np.random.default_rng(0).permuted(np.tile(np.arange(1.0, n + 1), (SHUFFLES, 1)), axis=1)
    u = 2 * np.cumsum(ranks, axis=1)[:, :-1] - np.arange(1, n) * (n + 1)
    largest: NDArray[np.float64] = np.abs(u).max(axis=1)
    return largest
