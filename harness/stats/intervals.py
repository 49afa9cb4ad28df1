"""95 % intervals of a rate and of a mean."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats import special
from harness.stats.groups import codes_of

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """The two ends of a two-sided interval."""

    low: float
    high: float


def wilson(successes: float, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a rate: `successes` of `n`, with n ≥ 1; a fraction of a success is allowed.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209–212;
    recommended for all n by Brown, Cai and DasGupta, Interval estimation for a binomial proportion, Statistical Science
    16 (2001) 101–133. It is `scipy.stats.binomtest(…).proportion_ci(method="wilson")` without the test.

    Raises:
        ValueError: n is below 1, or there are more successes than trials, or fewer than none.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"a rate needs 0 ≤ successes ≤ n and n ≥ 1, not {successes} of {n}")
    z2 = _normal_quantile(confidence) ** 2
    rate = successes / n
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high)


def clustered_mean(
    values: ArrayLike, clusters: Sequence[Hashable] | NDArray[np.generic], confidence: float = CONFIDENCE
) -> Interval | None:
    """The cluster-robust t interval of the mean of `values`, with G − 1 degrees of freedom for G clusters.

    Values of the same cluster may depend on each other in any way; clusters are independent. Where each value is its own
    cluster it is Student's interval. None for fewer than two clusters. The variance of the mean is
    G/(G − 1) · Σ over clusters of (Σ of residuals in the cluster)² / n².

    Source: Liang and Zeger, Longitudinal data analysis using generalized linear models, Biometrika 73 (1986) 13–22, with the
    small-sample factor and degrees of freedom of Cameron and Miller, A practitioner's guide to cluster-robust inference,
    Journal of Human Resources 50 (2015) 317–372; for evaluations: Miller, Adding error bars to evals, arXiv 2411.00640.

    Raises:
        ValueError: `values` and `clusters` differ in length.
    """
    x = np.asarray(values, dtype=float)
    codes, n_clusters = codes_of(clusters)
    if len(codes) != len(x):
        raise ValueError(f"{len(x)} values, but {len(codes)} clusters")
    if n_clusters < 2:
        return None
    mean = float(x.mean())
    error = math.sqrt(variance_of_mean(x - mean, codes, n_clusters))
    half = _t_quantile(confidence, n_clusters - 1) * error
    return Interval(mean - half, mean + half)


def variance_of_mean(residuals: NDArray[np.float64], codes: NDArray[np.intp], n_clusters: int) -> float:
    """The cluster-robust variance of a mean from its residuals; `codes` number the clusters from 0 to `n_clusters` − 1."""
    sums = np.bincount(codes, weights=residuals, minlength=n_clusters)
    return float(sums @ sums) * n_clusters / (n_clusters - 1) / len(residuals) ** 2


@lru_cache(maxsize=16)
def _normal_quantile(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))


@lru_cache(maxsize=4096)
def _t_quantile(confidence: float, df: int) -> float:
    return float(special.stdtrit(df, (1 + confidence) / 2))
