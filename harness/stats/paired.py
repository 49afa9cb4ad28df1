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
class Tails:
    """How the error of an interval and of its test is spent: a share of `low` lies below the interval, one of `high` above it.

    A directed test spends more where a finding matters more, and no more than a two-sided one in all.

    Source: Rice and Gaines, "Heads I win, tails you lose": testing directional alternative hypotheses in ecological and evolutionary research, Trends in
    Ecology & Evolution 9 (1994) 235–237.
    """

    low: float = (1 - CONFIDENCE) / 2
    high: float = (1 - CONFIDENCE) / 2

    def scaled(self, share: float) -> Tails:
        """Those that spend only a share of the error."""
        return Tails(share * self.low, share * self.high)

    def directed(self, p: float, value: float) -> float:
        """The p of a change in the direction of `value`, from the two-sided p: at most 0.05 where the interval leaves no change out."""
        if value == 0:
            return p
        return min(1.0, p * (1 - CONFIDENCE) / (2 * (self.low if value > 0 else self.high)))


EVEN = Tails()
"""Two-sided."""
RISE, FALL = Tails(0.04, 0.005), Tails(0.005, 0.04)
"""Directed at a rise, at a fall. Half a percent is kept back: mid-p tests and those over few clusters take a little more than they are given."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What changed over `n` pairs: `value` is new − base. `interval` and `p` (of no change) are None where n is too small; both spend their error as `tails` say.

    `flips`, for pairs of 0 and 1, are how many were lost (1 → 0) and how many were gained (0 → 1).
    """

    value: float
    n: int
    interval: Interval | None
    p: float | None
    flips: tuple[int, int] | None = None
    tails: Tails = EVEN

    def interval_at(self, n: int) -> Interval | None:
        """About what the interval would be with `n` pairs, if the further ones were like these."""
        if self.flips is not None:
            lost, gained = (count * n / self.n for count in self.flips)
            return rate_change(lost, gained, n, self.tails)
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


def rate_change(lost: float, gained: float, n: int, tails: Tails = EVEN) -> Interval:
    """The interval of the change of a rate over `n` ≥ 1 pairs of 0 and 1, `lost` and `gained` of which are discordant.

    Source: Bonett and Price, Adjusted Wald confidence interval for a difference of binomial proportions based on paired data,
    Journal of Educational and Behavioral Statistics 37 (2012) 479–488.
    """
    down, up = (lost + 1) / (n + 2), (gained + 1) / (n + 2)
    error = math.sqrt((down + up - (up - down) ** 2) / (n + 2))
    below, above = (float(special.ndtri(1 - tail)) * error for tail in (tails.low, tails.high))
    return Interval(max(-1.0, up - down - below), min(1.0, up - down + above))


def paired_rates(base: ArrayLike, new: ArrayLike, tails: Tails = EVEN) -> Paired:
    """What changed between pairs of 0 and 1, at least one and independent of each other: `mcnemar` with `rate_change`."""
    change = np.asarray(new, dtype=float) - np.asarray(base, dtype=float)
    lost, gained = int((change < 0).sum()), int((change > 0).sum())
    value, interval = float(change.mean()), rate_change(lost, gained, len(change), tails)
    return Paired(value, len(change), interval, tails.directed(mcnemar(lost, gained), value), (lost, gained), tails)


def paired_means(
    differences: ArrayLike, clusters: Sequence[Hashable] | NDArray[np.generic], tails: Tails = EVEN
) -> Paired:
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
        return Paired(mean, len(x), None, None, tails=tails)
    alike = spread.error < _NOTHING
    nothing = rate_change(0, 0, n_clusters, tails)
    low, high = nothing if alike else (-spread.half(1 - 2 * tails.low), spread.half(1 - 2 * tails.high))
    if n_clusters < FEWEST_CLUSTERS or alike:
        p = _sign_flip(np.bincount(codes, weights=x, minlength=n_clusters).astype(float))
    else:
        p = spread.p()
    interval = Interval(max(-1.0, mean + low), min(1.0, mean + high))
    return Paired(mean, len(x), interval, tails.directed(p, mean), tails=tails)


def paired_logs(differences: ArrayLike, tails: Tails = EVEN) -> Paired:
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
        sd = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        below, above = (
            max(1, math.floor(pairs / 2 + float(special.ndtri(tail)) * sd)) for tail in (tails.low, tails.high)
        )
        interval = Interval(_mean_of_two(x, below), _mean_of_two(x, pairs + 1 - above))
    return Paired(value, n, interval, tails.directed(p, value), tails=tails)


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


def _sign_flip(sums: NDArray[np.float64]) -> float:
    from scipy import stats  # noqa: PLC0415  as above

    if not sums.any():
        return 1.0
    found = stats.permutation_test(
        (sums,),
        np.sum,
        permutation_type="samples",
        n_resamples=FLIPS,
        vectorized=True,
        random_state=np.random.default_rng(0),
    )
    return min(1.0, float(found.pvalue))
