"""Small samples pulled toward what is known from larger ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats import special
from harness.stats.groups import codes_of
from harness.stats.intervals import CONFIDENCE, Interval

PRIOR_MASS = 30.0
"""How many imagined cases a prior weighs, unless stated otherwise."""

PRIOR_PAIR_VARIANCE = 0.25
PRIOR_BETWEEN_SCALE = 0.2
BETWEEN_SDS = np.linspace(0.005, 0.6, 40)


def shrink(mean: float, n: float, toward: float, mass: float = PRIOR_MASS) -> float:
    """The posterior mean of a rate under a Beta prior with mean `toward` and weight of `mass` imagined cases.

    It is (n · mean + mass · toward) / (n + mass); for n = 0 it is `toward`.

    Source: conjugate Beta prior; Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 2.4.
    """
    return toward if n == 0 else (n * mean + mass * toward) / (n + mass)


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of one group's true mean of paired differences: a normal distribution.

    `n` pairs were seen in the group, `variance` is that of one pair, `between` the variance of the true means between groups, and
    `elsewhere` the precision of the other groups' estimate of the common centre.
    """

    mean: float
    sd: float
    n: int
    variance: float
    between: float
    elsewhere: float

    def probability(self, margin: float = 0.0) -> float:
        """The probability that the true mean is above `margin`."""
        return float(special.ndtr((self.mean - margin) / self.sd))

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The central interval that holds the true mean with probability `confidence`."""
        half = float(special.ndtri((1 + confidence) / 2)) * self.sd
        return Interval(self.mean - half, self.mean + half)

    def needed(self, margin: float, confidence: float, most: int = 100_000) -> int | None:
        """How many more pairs in the group, at least one, until the probability of either side of `margin` is `confidence`.

        The mean is taken to stay where it is. None if it takes more than `most`.
        """
        target = abs(self.mean - margin) / float(special.ndtri(confidence))
        if self._sd_at(self.n + most) > target:
            return None
        low, high = 0, most  # sd_at(n + high) ≤ target always holds; it falls as n grows
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._sd_at(self.n + middle) <= target else (middle, high)
        return high

    def _sd_at(self, n: int) -> float:
        return math.sqrt(_posterior_variance(self.variance / n, self.between, self.elsewhere))


def paired_posteriors(
    differences: ArrayLike,
    groups: Sequence[Hashable] | NDArray[np.generic],
    clusters: Sequence[Hashable] | NDArray[np.generic],
    mass: float = PRIOR_MASS,
) -> dict[Hashable, Posterior]:
    """Empirical Bayes on paired differences: for each group the posterior of its true mean difference.

    `differences` are of one pair of providers on the same cases, between −1 and 1; `groups` are the cases' capabilities and `clusters`
    what they share. A group's mean is pulled toward the common centre of all groups, the more so the fewer its cases:

    - the variance of a pair in a group is cluster-robust and pulled toward the one pooled over the groups, which weighs `mass` pairs (and
      is itself held above 0 by one imagined pair of variance 0.25: a few ties are no certainty);
    - the variance between groups is the mean of its posterior under a half-normal prior of scale 0.2 on its root (20 points apart is
      usual, 60 is not): a handful of groups says little of it, and its moment estimate is often 0, which would be a certainty;
    - the centre is the precision-weighted mean, and its own uncertainty is part of the posterior: with a single
      group nothing is borrowed.

    Sources: Morris, Parametric empirical Bayes inference, JASA 78 (1983) 47–55 (the pull, the centre's uncertainty); Gelman, Prior
    distributions for variance parameters in hierarchical models, Bayesian Analysis 1 (2006) 515–534 (the weak prior between groups).

    Raises:
        ValueError: no difference, or the three differ in length, or `mass` is below 1.
    """
    x = np.asarray(differences, dtype=float)
    if len(x) == 0 or not len(x) == len(groups) == len(clusters):
        raise ValueError(
            f"{len(x)} differences, {len(groups)} groups and {len(clusters)} clusters are not the same cases"
        )
    if mass < 1:
        raise ValueError(f"a mass of {mass} would take a few ties for certainty; it is at least 1")
    codes, k = codes_of(groups)
    n = np.bincount(codes, minlength=k).astype(float)
    means = np.bincount(codes, weights=x, minlength=k) / n
    variance = _pair_variances(x - means[codes], codes, clusters, mass)
    errors = variance / n
    between = _between(means, errors)
    weights = 1 / (errors + between)
    centre = float(weights @ means) / float(weights.sum())
    labels = list(dict.fromkeys(np.asarray(groups).tolist()))
    found: dict[Hashable, Posterior] = {}
    for i, label in enumerate(labels):
        pull = errors[i] / (errors[i] + between)
        elsewhere = float(weights.sum() - weights[i]) if k > 1 else 0.0
        found[label] = Posterior(
            mean=float((1 - pull) * means[i] + pull * centre),
            sd=math.sqrt(_posterior_variance(float(errors[i]), between, elsewhere)),
            n=int(n[i]),
            variance=float(variance[i]),
            between=between,
            elsewhere=elsewhere,
        )
    return found


def _posterior_variance(error: float, between: float, elsewhere: float) -> float:
    """Of a group's mean: its own sampling variance shrunk, plus what the centre's uncertainty adds."""
    pull = error / (error + between)
    centre = 1 / (elsewhere + 1 / (error + between))
    return error * (1 - pull) + pull * pull * centre


def _pair_variances(
    residuals: NDArray[np.float64],
    codes: NDArray[np.intp],
    clusters: Sequence[Hashable] | NDArray[np.generic],
    mass: float,
) -> NDArray[np.float64]:
    """For each group n times the cluster-robust variance of its mean, pulled toward the pooled one."""
    cluster_codes, n_clusters = codes_of(clusters)
    cells, n_cells = codes_of(codes * n_clusters + cluster_codes)
    sums = np.bincount(cells, weights=residuals, minlength=n_cells)
    group_of_cell = np.zeros(n_cells, dtype=np.intp)
    group_of_cell[cells] = codes
    squares = np.bincount(group_of_cell, weights=sums * sums)
    n_in_group = np.bincount(group_of_cell)
    freedom = np.bincount(codes) * (n_in_group - 1) / n_in_group
    pooled = (squares.sum() + PRIOR_PAIR_VARIANCE) / (freedom.sum() + 1)
    return np.asarray((squares + mass * pooled) / (freedom + mass), dtype=float)


def _between(means: NDArray[np.float64], errors: NDArray[np.float64]) -> float:
    """The variance of the true means between groups: its posterior mean, from the restricted likelihood on a grid."""
    weights = 1 / (errors + BETWEEN_SDS[:, None] ** 2)
    total = weights.sum(axis=1)
    centres = weights @ means / total
    misfit = (weights * (means - centres[:, None]) ** 2).sum(axis=1)
    log_likelihood = (np.log(weights).sum(axis=1) - np.log(total) - misfit) / 2
    log_posterior = log_likelihood - (BETWEEN_SDS / PRIOR_BETWEEN_SCALE) ** 2 / 2
    mass = np.exp(log_posterior - log_posterior.max())
    return float(mass @ BETWEEN_SDS**2 / mass.sum())
