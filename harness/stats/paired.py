"""The same cases seen twice: what changed, with its interval, and whether chance explains it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats import special
from harness.stats.groups import codes_of
from harness.stats.intervals import CONFIDENCE, Interval, spread_of
from harness.stats.percentiles import smallest_n

FEWEST_CLUSTERS = 20
"""From so many clusters on a cluster-robust t test keeps its error rate; below, signs are flipped instead."""

FEWEST_DISCORDANT = 25
"""Below so many discordant pairs McNemar's test is the exact one, from there on its mid-p form."""

FLIPS = 9999

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Paired:
    """What changed over `n` pairs: `value` is new − base. `interval` and `p` (two-sided, of no change) are None where n is too small.

    `flips`, for pairs of 0 and 1, are how many were lost (1 → 0) and how many were gained (0 → 1).
    """

    value: float
    n: int
    interval: Interval | None
    p: float | None
    flips: tuple[int, int] | None = None

    def interval_at(self, n: int) -> Interval | None:
        """About what the interval would be with `n` pairs, if the further ones were like these."""
        if self.flips is not None:
            lost, gained = (count * n / self.n for count in self.flips)
            return rate_change(lost, gained, n)
        if self.interval is None:
            return None
        shrunk = math.sqrt(self.n / n)
        return Interval(*(self.value + shrunk * (end - self.value) for end in self.interval))


def mcnemar(lost: int, gained: int) -> float:
    """The two-sided p of pairs of 0 and 1 with as many discordant ones: exact below 25 of them, mid-p from there on.

    Sources: McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947) 153–157;
    mid-p: Fagerland, Lydersen and Laake, The McNemar test for binary matched-pairs data, BMC Medical Research Methodology 13 (2013) 91.
    """
    from scipy import stats  # noqa: PLC0415  takes half a second, and only comparisons need it

    n = lost + gained
    if n == 0:
        return 1.0
    exact = float(stats.binomtest(lost, n).pvalue)
    return exact if n < FEWEST_DISCORDANT else exact - float(stats.binom.pmf(lost, n, 0.5))


def rate_change(lost: float, gained: float, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of the change of a rate over `n` ≥ 1 pairs of 0 and 1, `lost` and `gained` of which are discordant.

    Source: Bonett and Price, Adjusted Wald confidence interval for a difference of binomial proportions based on paired data,
    Journal of Educational and Behavioral Statistics 37 (2012) 479–488.
    """
    down, up = (lost + 1) / (n + 2), (gained + 1) / (n + 2)
    half = float(special.ndtri((1 + confidence) / 2)) * math.sqrt((down + up - (up - down) ** 2) / (n + 2))
    return Interval(max(-1.0, up - down - half), min(1.0, up - down + half))


def paired_rates(base: ArrayLike, new: ArrayLike) -> Paired:
    """What changed between pairs of 0 and 1, at least one and independent of each other: `mcnemar` with `rate_change`."""
    change = np.asarray(new, dtype=float) - np.asarray(base, dtype=float)
    lost, gained = int((change < 0).sum()), int((change > 0).sum())
    return Paired(
        float(change.mean()), len(change), rate_change(lost, gained, len(change)), mcnemar(lost, gained), (lost, gained)
    )


def paired_means(differences: ArrayLike, clusters: Sequence[Hashable] | NDArray[np.generic], seed: int = 0) -> Paired:
    """What changed in the mean of graded (between 0 and 1) or clustered pairs; `differences` are new − base, at least one.

    The interval is the cluster-robust one (`Spread`), None for fewer than two clusters. p is that of the same t from 20 clusters on;
    below, the signs of whole clusters are flipped, each way if that is at most 9,999 ways, otherwise in as many drawn ones. Where all
    clusters are alike residuals say nothing: the interval is as wide as that of as many concordant pairs, and signs are flipped.

    Sources: as `Spread`; sign flips: Fisher, The Design of Experiments (1935), section 21; over clusters: Canay, Romano and Shaikh,
    Randomization tests under an approximate symmetry assumption, Econometrica 85 (2017) 1013–1030.
    """
    x = np.asarray(differences, dtype=float)
    mean, (codes, n_clusters) = float(x.mean()), codes_of(clusters)
    spread = spread_of(x, codes)
    if spread is None:
        return Paired(mean, len(x), None, None)
    alike = spread.error < _NOTHING
    half = rate_change(0, 0, n_clusters).high if alike else spread.half()
    if n_clusters < FEWEST_CLUSTERS or alike:
        p = _sign_flip(np.bincount(codes, weights=x, minlength=n_clusters).astype(float), seed)
    else:
        p = spread.p()
    return Paired(mean, len(x), Interval(max(-1.0, mean - half), min(1.0, mean + half)), p)


def paired_logs(differences: ArrayLike) -> Paired:
    """What changed in `differences` of logarithms (new − base, at least one): Wilcoxon's signed ranks, with the estimate and interval that belong to them.

    The value is the median of all means of two differences (Hodges and Lehmann's), and its interval lies between those of them that the test does not
    reject: what p finds the interval shows, where the median's own interval is half as wide again. None below 6 pairs, where it cannot hold 95 %.
    Pairs without a change leave the ranks, as Wilcoxon had it.

    Sources: Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1 (1945) 80–83; Hodges and Lehmann, Estimates of location
    based on rank tests, Annals of Mathematical Statistics 34 (1963) 598–611; Hollander, Wolfe and Chicken, Nonparametric Statistical Methods (2014),
    section 3.3.
    """
    from scipy import stats  # noqa: PLC0415  as above

    x = np.sort(np.asarray(differences, dtype=float))
    n, moved = len(x), x[x != 0]
    p = float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0
    pairs = n * (n + 1) // 2
    value = (_mean_of_two(x, (pairs + 1) // 2) + _mean_of_two(x, pairs // 2 + 1)) / 2
    interval = None
    if n >= smallest_n(0.5):
        z = float(special.ndtri((1 + CONFIDENCE) / 2))
        out = max(1, math.floor(pairs / 2 - z * math.sqrt(n * (n + 1) * (2 * n + 1) / 24)))
        interval = Interval(_mean_of_two(x, out), _mean_of_two(x, pairs + 1 - out))
    return Paired(value, n, interval, p)


def _mean_of_two(x: NDArray[np.float64], place: int) -> float:
    """The mean of two of the sorted values (or of one with itself) that is at this place, from 1, among all of them, by bisection."""
    low, high, own = float(x[0]), float(x[-1]), np.arange(len(x))
    for _ in range(64):  # all bits of the span
        middle = (low + high) / 2
        below = int(np.maximum(0, np.searchsorted(x, 2 * middle - x, side="right") - own).sum())
        low, high = (low, middle) if below >= place else (middle, high)
    return high


def false_discovery(ps: Sequence[float]) -> list[float]:
    """The p values adjusted so that of those at most q a share of at most q is expected to be false.

    Source: Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 57 (1995) 289–300; `scipy.stats.false_discovery_control`.
    """
    from scipy import stats  # noqa: PLC0415  as above

    return [float(p) for p in stats.false_discovery_control(ps, method="bh")] if ps else []


def p_growth(p: float, target: float) -> float | None:
    """How many times the pairs it takes until a two-sided p reaches `target`, if the further ones are alike; None for p = 1."""
    z = float(special.ndtri(1 - p / 2))
    return (float(special.ndtri(1 - target / 2)) / z) ** 2 if z > 0 else None


def _sign_flip(sums: NDArray[np.float64], seed: int) -> float:
    from scipy import stats  # noqa: PLC0415  as above

    if not sums.any():
        return 1.0
    found = stats.permutation_test(
        (sums,),
        np.sum,
        permutation_type="samples",
        n_resamples=FLIPS,
        vectorized=True,
        random_state=np.random.default_rng(seed),
    )
    return min(1.0, float(found.pvalue))
