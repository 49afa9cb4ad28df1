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

    Near 0 and 1 the score interval is too short (at n = 20 one of 95 % covers 84 % of rates about 0.01), so for the first few successes, or failures,
    its outer end is that of Poisson's distribution: the modified interval covers 91 % or more at any rate, 95 % on average.

    Sources: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209–212; recommended for all n,
    with this modification, by Brown, Cai and DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001) 101–133,
    section 4.1.1.

    Raises:
        ValueError: n is below 1, or there are more successes than trials, or fewer than none.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"a rate needs 0 ≤ successes ≤ n and n ≥ 1, not {successes} of {n}")
    z2 = _normal_quantile(confidence) ** 2
    rate = successes / n
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    few = 2 if n <= 50 else 3
    low, high = centre - half, centre + half
    if successes <= min(few, n / 2):
        low = _poisson_low(successes, confidence) / n
    if n - successes <= min(few, n / 2):
        high = 1 - _poisson_low(n - successes, confidence) / n
    return Interval(max(0.0, low), min(1.0, high))


def _poisson_low(count: float, confidence: float) -> float:
    """The least mean of a Poisson distribution that a count of so many does not rule out, one-sided; 0 for none."""
    return float(special.gammaincinv(count, 1 - confidence)) if count > 0 else 0.0


def clustered_mean(
    values: ArrayLike, clusters: Sequence[Hashable] | NDArray[np.generic], confidence: float = CONFIDENCE
) -> Interval | None:
    """The cluster-robust t interval of the mean of `values`: see `Spread`. None for fewer than two clusters.

    Values of the same cluster may depend on each other in any way; clusters are independent. Where each value is its own cluster it is
    Student's interval.

    Raises:
        ValueError: `values` and `clusters` differ in length.
    """
    spread = spread_of(values, clusters)
    if spread is None:
        return None
    half = spread.half(confidence)
    return Interval(spread.mean - half, spread.mean + half)


def clustered_rate(
    values: ArrayLike, clusters: Sequence[Hashable] | NDArray[np.generic], confidence: float = CONFIDENCE
) -> Interval | None:
    """The same for values from 0 to 1 whose mean is neither, on the scale of log odds: near 0 and 1 a mean is skewed, its log odds hardly.

    With 20 clusters of five and a mean of 0.9 it covers 93–96 % where the plain one covers 89–93 %. None for fewer than two clusters, or a mean
    of 0 or 1.

    Source: the logit interval of survey samples, Korn and Graubard, Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data, Survey Methodology 24 (1998) 193–201.

    Raises:
        ValueError: `values` and `clusters` differ in length.
    """
    spread = spread_of(values, clusters)
    if spread is None or not 0 < spread.mean < 1:
        return None
    odds, half = special.logit(spread.mean), spread.half(confidence) / (spread.mean * (1 - spread.mean))
    return Interval(float(special.expit(odds - half)), float(special.expit(odds + half)))


class Spread(NamedTuple):
    """A mean over clusters, its standard error, and the degrees of freedom of that error.

    The variance is Σ over clusters of (Σ of residuals)² / (1 − share of the cluster) / n², unbiased if values were independent (CR2); the degrees of
    freedom are Satterthwaite's for it, G − 1 for G clusters of one size and fewer where sizes differ.

    Sources: Bell and McCaffrey, Bias reduction in standard errors for linear regression with multi-stage samples, Survey Methodology 28 (2002)
    169–181; Imbens and Kolesár, Robust standard errors in small samples, Review of Economics and Statistics 98 (2016) 701–712; for evaluations:
    Miller, Adding error bars to evals, arXiv 2411.00640.
    """

    mean: float
    error: float
    freedom: float

    def half(self, confidence: float = CONFIDENCE) -> float:
        """Half the width of the t interval."""
        return float(special.stdtrit(self.freedom, (1 + confidence) / 2)) * self.error

    def p(self) -> float:
        """The two-sided p of a mean of 0."""
        return float(2 * special.stdtr(self.freedom, -abs(self.mean) / self.error)) if self.error else 1.0


def spread_of(values: ArrayLike, clusters: Sequence[Hashable] | NDArray[np.generic]) -> Spread | None:
    """How uncertain the mean of `values` is; None for fewer than two clusters.

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
    sizes = np.bincount(codes, minlength=n_clusters).astype(float)
    sums = np.bincount(codes, weights=x - mean, minlength=n_clusters)
    weights = 1 / (1 - sizes / len(x))
    variance = float((sums**2 * weights).sum()) / len(x) ** 2
    own = sizes - sizes**2 / len(
        x
    )  # the variances of the clusters' sums if values were independent; sizes·sizes/n are the covariances
    apart = (weights * own) ** 2 - (weights * sizes**2 / len(x)) ** 2
    freedom = float((weights * own).sum() ** 2 / (apart.sum() + ((weights * sizes**2).sum() / len(x)) ** 2))
    return Spread(mean, math.sqrt(variance), freedom)


@lru_cache(maxsize=16)
def _normal_quantile(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))
