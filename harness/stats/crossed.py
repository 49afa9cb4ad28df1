"""What is believed of every provider in every capability, from all providers' values of the same cases."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats import special
from harness.stats.groups import codes_of
from harness.stats.intervals import CONFIDENCE, Interval
from harness.stats.shrinkage import PRIOR_MASS
from harness.stats.spread import Within, within

Array = NDArray[np.float64]

SPECIAL_SDS = np.linspace(0.01, 0.4, 10)
SPECIAL_SCALE = 0.15
COMMON_SDS = np.linspace(0.05, 0.5, 4)
COMMON_SCALE = 0.3
OUTLIERS = ((1.0, 0.93), (16.0, 0.05), (100.0, 0.02))
"""(factor of the variance, share of the groups): one in twenty differs four times as much as is usual, one in fifty ten times."""

ROUNDS = 3
SHAPE_ROUNDS = 4
SHAPE_MASS = 10.0
"""How many groups the belief weighs that providers specialise equally much, and each for itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed of one true mean difference: a mixture of normal distributions.

    `n` pairs were seen in the group, `variance` is that of one pair. `weights` sum to 1; they, `means` and `sds` have shape (components,).
    """

    n: int
    variance: float
    weights: Array
    means: Array
    sds: Array

    @property
    def mean(self) -> float:
        """The expected difference."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """The standard deviation of the belief."""
        return math.sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def probability(self, margin: float = 0.0) -> float:
        """The probability that the true mean is above `margin`."""
        return float(self.weights @ special.ndtr((self.means - margin) / self.sds))

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The central interval that holds the true mean with probability `confidence`."""
        return Interval(self._quantile((1 - confidence) / 2), self._quantile((1 + confidence) / 2))

    def needed(self, margin: float, confidence: float, most: int = 100_000) -> int | None:
        """How many more pairs in the group, at least one, until the probability of either side of `margin` is `confidence`.

        The mean is taken to stay where it is, and m more pairs to add m / `variance` to the precision. None if it takes more than `most`.
        """
        away = abs(self.mean - margin)
        if away < 1e-9:
            return None
        precision = (float(special.ndtri(confidence)) / away) ** 2
        more = max(1, math.ceil(self.variance * (precision - 1 / self.sd**2)))
        return more if more <= most else None

    def _quantile(self, share: float) -> float:
        low, high = float((self.means - 9 * self.sds).min()), float((self.means + 9 * self.sds).max())
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if 1 - self.probability(middle) >= share else (middle, high)
        return high


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """All beliefs of one table: for each component of the mixture a joint normal distribution of the providers' true means in a group.

    `weights` (groups, components), `means` (groups, components, providers), `covariances` (groups, components, providers, providers).
    """

    labels: dict[Hashable, int]
    within: Within
    weights: Array
    means: Array
    covariances: Array

    def difference(self, group: Hashable, one: int, other: int) -> Posterior | None:
        """What is believed of provider `one` − provider `other` (columns) in a group; None where they share no case."""
        k = self.labels.get(group)
        if k is None or not self.within.pairs[k, one, other]:
            return None
        shared, spread = self.covariances[k], self.within.variances[k]
        variance = shared[:, one, one] + shared[:, other, other] - 2 * shared[:, one, other]
        return Posterior(
            n=int(self.within.pairs[k, one, other]),
            variance=float(spread[one, one] + spread[other, other] - 2 * spread[one, other]),
            weights=self.weights[k],
            means=self.means[k, :, one] - self.means[k, :, other],
            sds=np.sqrt(np.maximum(variance, 1e-12)),
        )


def crossed_posteriors(
    values: ArrayLike,
    groups: Sequence[Hashable] | NDArray[np.generic],
    clusters: Sequence[Hashable] | NDArray[np.generic],
    mass: float = PRIOR_MASS,
) -> Crossed:
    """Hierarchical Bayes on a crossed table: the posterior of every provider's true mean in every group.

    `values` (cases, providers) lie between 0 and 1, NaN where a provider has none; `groups` are the cases' capabilities and `clusters` what
    they share. The true mean of provider j in group k is mu_j + b_k + s_jk: its own level, how easy the group is for everybody, and how
    good this provider is at just this. So a group's means are pulled toward what the provider and the group lead one to expect, the
    more so the fewer its cases, and an incumbent that falls short of everybody's pattern is believed weak sooner than two providers alone
    would show.

    - b_k is normal; s_jk is normal for most groups and far wider for a few (`OUTLIERS`), so that one
      real exception among many equal groups is not shrunk away;
    - providers may specialise together, and some more than others: the shape of the s_jk's covariance is estimated from all groups
      and pulled toward the identity (`SHAPE_MASS`), so that a few groups cannot claim a pattern;
    - both standard deviations are summed over on a grid under half-normal priors (0.3 and 0.15: 15 points of specialisation are
      usual, 40 are not), weighed by their marginal likelihood: a handful of groups says little of them;
    - mu_j has a flat prior and is integrated out: with a single group nothing is borrowed;
    - cases within a group are correlated between providers and within clusters (`stats.within`).

    It draws no random numbers. The time grows with groups · providers³.

    Sources: Searle, Casella, McCulloch, Variance Components (1992), ch. 7 (best linear unbiased prediction in crossed models); Gelman, Prior
    distributions for variance parameters in hierarchical models, Bayesian Analysis 1 (2006) 515–534; Tukey, A survey of sampling from
    contaminated distributions (1960); Rue, Martino, Chopin, JRSS B 71 (2009) 319–392 (summing over a grid of variances); Dempster,
    Laird, Rubin, JRSS B 39 (1977) 1–38, and Chen, JRSS B 41 (1979) 235–248 (the shape: EM under an inverse Wishart prior).

    Raises:
        ValueError: no case, or the three differ in length, a provider has no value, or `mass` is below 1.
    """
    x = np.asarray(values, dtype=float)
    if len(x) == 0 or not len(x) == len(groups) == len(clusters):
        raise ValueError(f"{len(x)} rows of values, {len(groups)} groups and {len(clusters)} clusters are not the same cases")  # fmt: skip
    if np.isnan(x).all(axis=0).any():
        raise ValueError("a provider without a value says nothing, and nothing can be said of it")
    if mass < 1:
        raise ValueError(f"a mass of {mass} would take a few ties for certainty; it is at least 1")
    codes, _ = codes_of(groups)
    seen = within(x, codes, codes_of(clusters)[0], mass)
    fits = _fits(seen, _shape(seen))
    evidence = np.array([fit.evidence for fit in fits])
    share = np.exp(evidence - evidence.max())
    share /= share.sum()
    return Crossed(
        labels={label: i for i, label in enumerate(dict.fromkeys(np.asarray(groups).tolist()))},
        within=seen,
        weights=np.concatenate([part * fit.shares for part, fit in zip(share, fits, strict=True)], axis=1),
        means=np.concatenate([fit.means for fit in fits], axis=1),
        covariances=np.concatenate([fit.covariances for fit in fits], axis=1),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """The model at one pair of standard deviations; shapes as in `Crossed`, with a component for each of `OUTLIERS`.

    `inverse` (components, providers, providers) is the precision of a group's true means about the levels; `given` is the covariance
    of the true means were the `level` of each provider known, `pull` what they move with it, and `unsure` the levels' covariance.
    """

    special_variances: Array
    evidence: float
    shares: Array
    means: Array
    inverse: Array
    given: Array
    pull: Array
    level: Array
    unsure: Array

    @property
    def covariances(self) -> Array:
        return self.given + self.pull @ self.unsure @ np.swapaxes(self.pull, -1, -2)


def _fits(seen: Within, shape: Array) -> list[_Fit]:
    return [_fit(seen, sd, common, shape) for sd in SPECIAL_SDS for common in COMMON_SDS]


def _fit(seen: Within, special_sd: float, common_sd: float, shape: Array) -> _Fit:
    factors, prior = np.array(OUTLIERS).T
    inverse, log_det = _between(special_sd**2 * factors, common_sd**2, shape)
    given = np.asarray(
        np.linalg.inv(seen.information[:, None] + inverse), dtype=float
    )  # of the true means, were the levels known
    pull = given @ inverse
    known = seen.information[:, None] @ pull  # what a group says of the levels
    own = (given @ seen.score[:, None, :, None])[..., 0]
    said = np.einsum("klij,ki->klj", pull, seen.score)
    base = -(log_det - np.linalg.slogdet(given)[1] - np.einsum("ki,kli->kl", seen.score, own)) / 2 + np.log(prior)
    shares = np.broadcast_to(prior, base.shape)
    for _ in range(ROUNDS):
        precision = np.einsum("kl,klij->ij", shares, known)
        level = np.linalg.solve(precision, np.einsum("kl,kli->i", shares, said))
        likely = base + said @ level - np.einsum("i,klij,j->kl", level, known, level) / 2
        total = special.logsumexp(likely, axis=1)
        shares = np.exp(likely - total[:, None])
    surprise = (special_sd / SPECIAL_SCALE) ** 2 + (common_sd / COMMON_SCALE) ** 2
    return _Fit(
        special_variances=special_sd**2 * factors,
        evidence=float(total.sum() - np.linalg.slogdet(precision)[1] / 2 - surprise / 2),
        shares=shares,
        means=own + pull @ level,
        inverse=inverse,
        given=given,
        pull=pull,
        level=level,
        unsure=np.linalg.inv(precision),
    )


def _between(special_variances: Array, common: float, shape: Array) -> tuple[Array, Array]:
    """Inverse and log determinant of special · shape + common · J, for each special variance (Sherman and Morrison, 1950)."""
    alone = np.linalg.inv(shape)
    sums = alone.sum(axis=1)
    all_of_it = special_variances + common * sums.sum()
    inverse = alone - (common / all_of_it)[:, None, None] * np.outer(sums, sums)
    providers = len(shape)
    log_det = (providers - 1) * np.log(special_variances) + np.log(all_of_it) + np.linalg.slogdet(shape)[1]
    return inverse / special_variances[:, None, None], log_det


def _shape(seen: Within) -> Array:
    """The covariance of what providers are good at, with a mean variance of 1: expectation and maximisation at the likeliest deviations."""
    shape = np.eye(seen.information.shape[-1])
    pairs = [(sd, common) for sd in SPECIAL_SDS[::2] for common in COMMON_SDS]
    sd, common = max(pairs, key=lambda pair: _fit(seen, pair[0], pair[1], shape).evidence)
    for _ in range(SHAPE_ROUNDS):
        shape = _reshaped(_fit(seen, sd, common, shape), shape)
    return shape


def _reshaped(fit: _Fit, shape: Array) -> Array:
    """The shape that makes the special parts likeliest that are expected under the one before."""
    identity = np.eye(len(shape))
    part = fit.special_variances[:, None, None] * shape
    taken = part @ fit.inverse  # of what a group differs from the levels, the special part
    moved = fit.pull - identity
    spread = fit.given + moved @ fit.unsure @ np.swapaxes(moved, -1, -2)
    special_means = np.einsum("lij,klj->kli", taken, fit.means - fit.level)
    squares = np.einsum("kli,klj->klij", special_means, special_means)
    squares = squares + taken @ spread @ np.swapaxes(taken, -1, -2) + part - taken @ part
    found = np.einsum("kl,klij->ij", fit.shares / fit.special_variances, squares)
    found = found + SHAPE_MASS * identity
    return np.asarray(found * len(shape) / np.trace(found))
