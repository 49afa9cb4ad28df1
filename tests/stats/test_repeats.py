"""pass@k and pass^k: equal to counting all draws of k repeats, and unbiased."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import pass_at_k, pass_hat_k


@given(st.integers(1, 8), st.data())
def test_they_are_the_shares_of_all_draws_of_k(n, data):
    right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    draws = list(combinations([True] * right + [False] * (n - right), k))
    assert pass_at_k(n, right, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    assert pass_hat_k(n, right, k) == pytest.approx(sum(map(all, draws)) / len(draws))


def test_with_one_repeat_both_are_the_share_of_right_ones():
    assert pass_at_k(10, 3, 1) == pytest.approx(0.3)
    assert pass_hat_k(10, 3, 1) == pytest.approx(0.3)


def test_large_numbers_neither_overflow_nor_lose_the_difference():
    assert 0 < 1 - pass_at_k(1000, 1, 10) < 1
    assert pass_hat_k(1000, 999, 10) == pytest.approx(0.99)


@pytest.mark.parametrize(("n", "right", "k"), [(3, 1, 4), (3, 1, 0), (3, 4, 1), (3, -1, 1)])
def test_what_makes_no_sense_is_refused(n, right, k):
    with pytest.raises(ValueError, match="make no sense"):
        pass_at_k(n, right, k)
    with pytest.raises(ValueError, match="make no sense"):
        pass_hat_k(n, right, k)
