import numpy as np
import pytest
from scipy import stats as reference

from harness import stats


def test_the_prediction_of_the_next_by_hand():
    # mean 2, s 1, t(2) = 4.302653: 2 ± 4.302653 · √(4/3); for 5: t = 3 / √(4/3)
    found = stats.prediction([1.0, 2.0, 3.0], 5.0)
    assert found
    assert found.interval == pytest.approx((2 - 4.302653 * (4 / 3) ** 0.5, 2 + 4.302653 * (4 / 3) ** 0.5))
    assert found.p == pytest.approx(2 * reference.t.sf(3 / (4 / 3) ** 0.5, 2))
    assert stats.prediction([1.0, 2.0], 3.0) is None


def test_where_all_were_alike_another_value_is_unexpected():
    same, other = stats.prediction([1.0] * 9, 1.0), stats.prediction([1.0] * 9, 0.9)
    assert same
    assert other
    assert (same.p, other.p, other.interval) == (1.0, 0.0, (1.0, 1.0))


def test_the_next_value_is_outside_in_at_most_5_percent():
    rng = np.random.default_rng(1)
    outside = 0
    for _ in range(1000):
        *past, last = rng.normal(0, 1, 9)
        found = stats.prediction(past, last)
        assert found
        outside += found.p <= 0.05
    assert 0.03 <= outside / 1000 <= 0.07


def test_a_clean_step_is_found_where_it_is():
    # Pettitt's U of 5 and 5 values is 25: 2 of the 252 ways to choose 5 of 10 reach it
    found = stats.step([1.0, 1.1, 0.9, 1.05, 0.95, 2.0, 2.1, 1.9, 2.05, 1.95])
    assert found
    assert (found.at, found.before, found.after) == (5, 1.0, 2.0)
    assert found.p == pytest.approx(2 / 252, abs=0.003)
    assert stats.step([1.0] * 7) is None


@pytest.mark.parametrize("place", [0, 6, 19])
def test_one_night_however_bad_is_no_step(place):
    values = np.random.default_rng(2).normal(1, 0.01, 20)
    values[place] = 100.0
    found = stats.step(values)
    assert found
    assert found.p > 0.05


def test_a_slow_drift_is_a_step():
    rng = np.random.default_rng(3)
    found = stats.step(np.linspace(0, 0.2, 20) + rng.normal(0, 0.05, 20))
    assert found
    assert found.p < 0.01


def test_without_a_change_a_step_is_found_in_at_most_5_percent():
    rng = np.random.default_rng(4)
    shares = [
        np.mean([(found := stats.step(rng.normal(0, 1, n))) is not None and found.p <= 0.05 for _ in range(500)])
        for n in (8, 20)
    ]
    assert max(shares) <= 0.07


def test_values_that_are_all_alike_have_no_step():
    found = stats.step([1.0] * 12)
    assert found
    assert found.p == 1.0
