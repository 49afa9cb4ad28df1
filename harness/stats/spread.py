"""How the cases of a group vary, and what their values say of the group's true means, also where cells are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.late import pd
from harness.stats.units import numbered

Array = NDArray[np.float64]

PRIOR_VARIANCE = 0.125
"""Of one case, so that the difference of a pair has 0.25."""


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """What was seen in each group, with k groups and p providers.

    `pairs` (k, p, p) counts the cases that two providers share, `variances` (k, p, p) is the covariance of one case's values. The
    likelihood of a group's true means m is exp(score · m − m · information · m / 2).
    """

    pairs: NDArray[np.int64]
    variances: Array
    information: Array
    score: Array


def within(values: Array, groups: NDArray[np.intp], clusters: NDArray[np.intp], mass: float) -> Within:
    """Read a table of `values` (cases, providers; NaN where missing) with the numbers of the cases' groups and clusters.

    The covariance in a group is cluster-robust (residuals are summed within a cluster before they are multiplied) and pulled toward
    the one pooled over the groups, which weighs `mass` cases and is itself held above 0 by one imagined case. Of a case only the
    observed cells count.

    Source: Liang and Zeger, Biometrika 73 (1986) 13–22 (cluster-robust covariance).
    """
    n_groups, providers = int(groups.max()) + 1, values.shape[1]
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0.0)
    counts = _sums(seen.astype(float), groups, n_groups)
    residuals = np.where(seen, filled - (_sums(filled, groups, n_groups) / np.maximum(counts, 1))[groups], 0.0)
    cell_of, first = numbered(pd.DataFrame({"group": groups, "cluster": clusters}), sort=True)
    together, group_of = _sums(residuals, cell_of, len(first)), groups[first]
    squares, pairs = np.zeros((2, n_groups, providers, providers))
    in_group = np.bincount(group_of, minlength=n_groups)
    for group in range(n_groups):
        mine, there = together[group_of == group], seen[groups == group].astype(float)
        squares[group], pairs[group] = mine.T @ mine, there.T @ there
    freedom = pairs * ((in_group - 1) / in_group)[:, None, None]
    pooled = (squares.sum(axis=0) + PRIOR_VARIANCE * np.eye(providers)) / (freedom.sum(axis=0) + 1)
    variances = (squares + mass * pooled) / (freedom + mass)
    if not seen.all():
        variances = _positive(variances, PRIOR_VARIANCE / (len(values) + 1))
    information, score = _information(filled, seen, groups, variances)
    return Within(pairs.astype(np.int64), variances, information, score)


def _sums(rows: Array, codes: NDArray[np.intp], n: int) -> Array:
    return np.stack([np.bincount(codes, weights=column, minlength=n) for column in rows.T], axis=1)


def _positive(matrices: Array, least: float) -> Array:
    """Covariances that were counted over different cases need not be one matrix's: eigenvalues below `least` are lifted to it."""
    roots, vectors = np.linalg.eigh(matrices)
    return np.asarray((vectors * np.maximum(roots, least)[:, None]) @ np.swapaxes(vectors, 1, 2))


def _information(
    filled: Array, seen: NDArray[np.bool_], groups: NDArray[np.intp], variances: Array
) -> tuple[Array, Array]:
    """The sums over cases of the inverse covariance of the observed cells, and of that times the values."""
    kind_of, first = numbered(pd.DataFrame(np.column_stack([groups, seen])), sort=True)
    group, there, n_cases = groups[first], seen[first].astype(float), np.bincount(kind_of)
    both = there[:, :, None] * there[:, None, :]
    inverse = both * np.linalg.inv(variances[group] * both + np.eye(there.shape[1]) * (1 - there)[:, None, :])
    sums = _sums(filled, kind_of, len(first))
    information, score = np.zeros_like(variances), np.zeros(variances.shape[:2])
    np.add.at(information, group, n_cases[:, None, None] * inverse)
    np.add.at(score, group, (inverse @ sums[..., None])[..., 0])
    return information, score
