"""Percentiles with intervals that assume nothing about the distribution."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import special
from harness.stats.intervals import CONFIDENCE, Interval


def percentile(values: ArrayLike, q: float) -> float:
    """The value below which a share `q` (0…1) of `values` lies, linearly interpolated (Hyndman and Fan's type 7)."""
    return float(np.quantile(np.asarray(values, dtype=float), q, method="linear"))


@lru_cache(maxsize=64)
def smallest_n(q: float, confidence: float = CONFIDENCE) -> int:
    """How many values it takes until smallest and largest enclose the percentile `q` with `confidence`.

    Below, no two order statistics are an interval: with 95 % it is 6 for q = 0.5, 59 for 0.95 and 299 for 0.99.
    """
    n = 2
    while 1 - q**n - (1 - q) ** n < confidence:
        n += 1
    return n


def percentile_interval(values: ArrayLike, q: float, confidence: float = CONFIDENCE) -> Interval | None:
    """The interval of the percentile `q` between two order statistics; None below `smallest_n(q)` values.

    The ranks are the closest pair whose exact coverage is at least `confidence`, for whatever distribution. They depend on n
    and q only, never on the values.

    Source: David and Nagaraja, Order Statistics, 3rd ed. (2003), section 7.1.
    """
    x = np.asarray(values, dtype=float)
    if len(x) < smallest_n(q, confidence):
        return None
    low, high = _ranks(len(x), q, confidence)
    parted = np.partition(x, (low - 1, high - 1))
    return Interval(float(parted[low - 1]), float(parted[high - 1]))


@lru_cache(maxsize=4096)
def _ranks(n: int, q: float, confidence: float) -> tuple[int, int]:
    """The ranks (from 1) l < u with P(x_(l) ≤ percentile < x_(u)) = P(l ≤ B < u) ≥ confidence for B ~ Binomial(n, q)."""
    reach = math.ceil(6 * math.sqrt(n * q * (1 - q))) + 6  # the ranks sought lie well within six standard deviations
    first, last = max(0, math.floor(n * q) - reach), min(n, math.ceil(n * q) + reach)
    below = special.bdtr(np.arange(first, last + 1), n, q)  # P(B ≤ k) for k = first … last
    lows = np.arange(max(1, first + 1), last)
    missed = below[lows - 1 - first]
    upper = np.searchsorted(below, missed + confidence - 1e-12)  # the first k with P(l ≤ B ≤ k) ≥ confidence
    highs = upper + first + 1
    fit = highs <= min(n, last)
    lows, missed, upper, highs = lows[fit], missed[fit], upper[fit], highs[fit]
    coverage = below[upper] - missed
    best = np.lexsort((-coverage, highs - lows))[0]
    return int(lows[best]), int(highs[best])
