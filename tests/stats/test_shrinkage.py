import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import stats


def test_shrinking_is_a_mean_weighted_by_cases():
    assert stats.shrink(1.0, 10, 0.6) == pytest.approx((10 * 1.0 + 30 * 0.6) / 40)
    assert stats.shrink(1.0, 10, 0.6, mass=0) == 1.0


def test_without_cases_only_the_prior_is_left():
    assert stats.shrink(0.0, 0, 0.6) == 0.6


def test_a_single_group_borrows_nothing():
    differences = [1.0, 0.0, 0.0, 1.0, -1.0, 1.0, 0.0, 1.0]
    (one,) = stats.paired_posteriors(differences, ["a"] * 8, range(8)).values()
    assert one.n == 8
    assert one.mean == pytest.approx(np.mean(differences))
    # squares 3.875, freedom 7: pooled (3.875 + 0.25) / 8; pulled (3.875 + 30 · pooled) / 37
    variance = (3.875 + 30 * 4.125 / 8) / 37
    assert one.variance == pytest.approx(variance)
    assert one.sd == pytest.approx(math.sqrt(variance / 8))


def test_a_small_group_is_pulled_to_the_others_and_a_large_one_is_not():
    rng = np.random.default_rng(1)
    sizes = {"large": 2000, "middle": 2000, "other": 2000, "small": 4}
    groups = [name for name, n in sizes.items() for _ in range(n)]
    means = {"large": 0.3, "middle": 0.25, "other": 0.2, "small": -1.0}
    differences = [means[name] + (0 if name == "small" else rng.normal(0, 0.3)) for name in groups]
    found = stats.paired_posteriors(differences, groups, range(len(groups)))
    assert found["large"].mean == pytest.approx(0.3, abs=0.03)
    assert -1.0 < found["small"].mean < 0.2
    assert found["small"].sd > 2 * found["large"].sd


def test_cases_of_one_cluster_count_less():
    differences = [1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    alone = stats.paired_posteriors(differences, ["a"] * 12, range(12))["a"]
    shared = stats.paired_posteriors(differences, ["a"] * 12, np.repeat(range(4), 3))["a"]
    assert shared.mean == alone.mean
    assert shared.sd > 1.5 * alone.sd


def test_a_few_ties_are_no_certainty():
    tied = stats.paired_posteriors([0.0] * 5, ["a"] * 5, range(5))["a"]
    assert tied.probability() == pytest.approx(0.5)
    assert tied.sd > 0.05
    assert tied.needed(0.0, 0.8) is None


def test_probabilities_are_calibrated_over_pairs_of_all_strengths():
    rng = np.random.default_rng(11)
    right, claimed = [], []
    for _ in range(600):
        truth = rng.normal(rng.normal(0, 0.2), rng.choice([0.05, 0.1, 0.2]), 8)
        groups = np.repeat(np.arange(8), 12)
        noise = rng.choice([-1, 0, 1], size=96, p=[0.15, 0.7, 0.15])
        found = stats.paired_posteriors(truth[groups] + noise, groups, range(96))
        right += [truth[int(str(name))] > 0 for name in found]
        claimed += [posterior.probability() for posterior in found.values()]
    truly, said = np.array(right), np.array(claimed)
    for low, high in [(0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.0)]:
        band = (said >= low) & (said < high)
        assert truly[band].mean() == pytest.approx(said[band].mean(), abs=0.05)


@given(
    mean=st.floats(-0.5, 0.5).filter(lambda x: abs(x) > 1e-3),
    n=st.integers(1, 500),
    variance=st.floats(0.01, 1),
    between=st.floats(0.001, 0.1),
    elsewhere=st.sampled_from([0.0, 10.0, 1000.0]),
)
def test_needed_is_the_smallest_number_that_decides(mean, n, variance, between, elsewhere):
    posterior = stats.Posterior(mean, 1.0, n, variance, between, elsewhere)
    more = posterior.needed(0.0, 0.8)

    def sure(cases):
        return abs(mean) / posterior._sd_at(n + cases) >= 0.8416212335729143

    if more is None:
        assert not sure(100_000)
    else:
        assert more >= 1
        assert sure(more)
        assert more == 1 or not sure(more - 1)


def test_the_probability_and_the_interval_are_the_normal_ones():
    posterior = stats.Posterior(0.1, 0.05, 10, 0.2, 0.01, 0.0)
    assert posterior.probability(0.1) == 0.5
    assert posterior.probability() == pytest.approx(0.977250, abs=1e-6)
    assert posterior.interval() == pytest.approx((0.1 - 1.959964 * 0.05, 0.1 + 1.959964 * 0.05))


@pytest.mark.parametrize(
    ("differences", "groups", "mass", "complaint"),
    [([], [], 30, "0 differences"), ([0.0], ["a", "b"], 30, "not the same cases"), ([0.0], ["a"], 0.5, "at least 1")],
)
def test_what_makes_no_sense_is_refused(differences, groups, mass, complaint):
    with pytest.raises(ValueError, match=complaint):
        stats.paired_posteriors(differences, groups, range(len(differences)), mass)
