import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness import stats
from harness.stats.percentiles import _ranks


def test_percentiles_are_interpolated():
    assert stats.percentile([1, 2, 3, 4], 0.5) == 2.5
    assert stats.percentile([10, 20], 0.95) == pytest.approx(19.5)


@pytest.mark.parametrize(("q", "n"), [(0.5, 6), (0.95, 59), (0.99, 299)])
def test_the_smallest_n_is_the_one_of_the_definitions(q, n):
    assert stats.smallest_n(q) == n
    assert stats.percentile_interval(range(n - 1), q) is None
    assert stats.percentile_interval(range(n), q) is not None


def test_six_values_give_the_median_their_ends():
    assert stats.percentile_interval([5, 3, 9, 1, 7, 11], 0.5) == (1, 11)


def test_the_median_of_25_lies_between_the_8th_and_the_18th():
    # the textbook's ranks: P(8 ≤ B ≤ 17) = 0.9567 for B ~ Binomial(25, 1/2)
    assert stats.percentile_interval(range(1, 26), 0.5) == (8, 18)


@given(n=st.integers(299, 30_000), q=st.sampled_from([0.5, 0.95, 0.99]))
def test_ranks_cover_95_percent_exactly_and_are_the_closest_such_pair(n, q):
    low, high = _ranks(n, q, 0.95)
    assert 1 <= low < high <= n

    def coverage(lower, upper):
        return reference.binom.cdf(upper - 1, n, q) - reference.binom.cdf(lower - 1, n, q)

    assert coverage(low, high) >= 0.95 - 1e-9
    lows = np.arange(1, n - (high - low) + 2)
    narrower = lows + (high - low) - 1
    assert coverage(lows, narrower).max() < 0.95 + 1e-9


@pytest.mark.parametrize(("n", "q"), [(60, 0.95), (100, 0.5), (400, 0.99)])
def test_the_interval_of_a_percentile_covers_at_least_95_percent_whatever_the_distribution(n, q):
    rng = np.random.default_rng(3)
    truth = reference.lognorm.ppf(q, 0.8)
    bounds = [stats.percentile_interval(rng.lognormal(0, 0.8, n), q) or (1, 0) for _ in range(2000)]
    assert np.mean([low <= truth <= high for low, high in bounds]) >= 0.94
