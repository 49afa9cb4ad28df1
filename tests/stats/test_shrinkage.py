import pytest

from harness import stats


def test_shrinking_is_a_mean_weighted_by_cases():
    assert stats.shrink(1.0, 10, 0.6) == pytest.approx((10 * 1.0 + 30 * 0.6) / 40)
    assert stats.shrink(1.0, 10, 0.6, mass=0) == 1.0


def test_without_cases_only_the_prior_is_left():
    assert stats.shrink(0.0, 0, 0.6) == 0.6
