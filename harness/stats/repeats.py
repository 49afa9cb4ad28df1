"""What repeats of a case come to: whether one of k is right, whether all of k are."""

from __future__ import annotations

from math import comb


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that at least one of `k` repeats is right, from `right` of `n`: 1 − C(n−c, k)/C(n, k) (Chen et al. 2021, unbiased).

    Raises:
        ValueError: not 1 ≤ k ≤ n, or not 0 ≤ right ≤ n.
    """
    _check(n, right, k)
    return 1.0 - comb(n - right, k) / comb(n, k)


def pass_hat_k(n: int, right: int, k: int) -> float:
    """The chance that all of `k` repeats are right, from `right` of `n`: C(c, k)/C(n, k) (Yao et al. 2024, unbiased).

    Raises:
        ValueError: not 1 ≤ k ≤ n, or not 0 ≤ right ≤ n.
    """
    _check(n, right, k)
    return comb(right, k) / comb(n, k)


def _check(n: int, right: int, k: int) -> None:
    if not 1 <= k <= n or not 0 <= right <= n:
        raise ValueError(f"{k} of {n} repeats with {right} right ones make no sense")
