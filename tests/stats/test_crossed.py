import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import stats


def believed(found, group, one, other):
    posterior = found.difference(group, one, other)
    assert posterior is not None
    return posterior


def pair(differences, groups, clusters=None):
    """The beliefs on b − a, where a is 0 throughout."""
    values = np.stack([np.zeros(len(differences)), differences], axis=1)
    found = stats.crossed_posteriors(values, groups, range(len(differences)) if clusters is None else clusters)
    return {group: believed(found, group, 1, 0) for group in dict.fromkeys(groups)}


def normal(mean, sd, n=10, variance=0.2):
    return stats.Posterior(n, variance, np.array([1.0]), np.array([mean]), np.array([sd]))


def test_a_single_group_borrows_nothing():
    a, b = np.array([0, 1, 1, 0, 1, 0, 1, 0]), np.array([1, 1, 1, 1, 0, 1, 1, 0])
    one = believed(stats.crossed_posteriors(np.stack([a, b], axis=1), ["k"] * 8, range(8)), "k", 1, 0)
    assert one.n == 8
    assert one.mean == pytest.approx(0.25)
    # squares of the differences 3.5, freedom 7: pooled (3.5 + 0.25) / 8; pulled (3.5 + 30 · pooled) / 37
    variance = (3.5 + 30 * 3.75 / 8) / 37
    assert one.variance == pytest.approx(variance)
    assert one.sd == pytest.approx(math.sqrt(variance / 8), rel=0.01)


def test_a_small_group_is_pulled_to_the_others_and_a_large_one_is_not():
    rng = np.random.default_rng(1)
    sizes = {"large": 2000, "middle": 2000, "other": 2000, "small": 4}
    groups = [name for name, n in sizes.items() for _ in range(n)]
    means = {"large": 0.3, "middle": 0.25, "other": 0.2, "small": -1.0}
    found = pair([means[name] + (0 if name == "small" else rng.normal(0, 0.3)) for name in groups], groups)
    assert found["large"].mean == pytest.approx(0.3, abs=0.03)
    assert -1.0 < found["small"].mean < 0.2
    assert found["small"].sd > 2 * found["large"].sd


def test_one_exception_among_many_equal_groups_is_believed():
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(40), 12)
    differences = rng.normal(np.where(groups == 7, 0.5, -0.1), 0.3)
    found = pair(differences, list(groups))
    assert found[7].probability() > 0.95
    assert max(posterior.probability() for group, posterior in found.items() if group != 7) < 0.5


def test_what_everybody_else_scores_sharpens_the_belief_on_two():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(8), 10)
    errors = []
    for _ in range(20):
        truth = 0.5 + rng.normal(0, 0.2, (8, 1)) + rng.normal(0, 0.1, (8, 8))
        values = truth[groups] + rng.normal(0, 0.3, (80, 8))
        together = stats.crossed_posteriors(values, list(groups), range(80))
        alone = stats.crossed_posteriors(values[:, :2], list(groups), range(80))
        for k in range(8):
            right = truth[k, 1] - truth[k, 0]
            with_all, with_two = believed(together, k, 1, 0), believed(alone, k, 1, 0)
            errors.append((with_all.mean - right) ** 2 - (with_two.mean - right) ** 2)
    assert np.mean(errors) < 0


def test_cases_of_one_cluster_count_less():
    differences = [1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    alone = pair(differences, ["a"] * 12)["a"]
    shared = pair(differences, ["a"] * 12, np.repeat(range(4), 3))["a"]
    assert shared.mean == pytest.approx(alone.mean)
    assert shared.sd > 1.4 * alone.sd


def test_a_few_ties_are_no_certainty():
    tied = pair([0.0] * 5, ["a"] * 5)["a"]
    assert tied.probability() == pytest.approx(0.5)
    assert tied.sd > 0.05
    assert tied.needed(0.0, 0.8) is None


def test_of_a_case_the_observed_cells_count():
    values = np.array([[1, 0, np.nan], [1, 0, np.nan], [1, np.nan, 1], [0, np.nan, 1]] * 5)
    found = stats.crossed_posteriors(values, ["k"] * 20, range(20))
    assert believed(found, "k", 1, 0).n == 10
    assert found.difference("k", 2, 1) is None
    assert found.difference("other", 1, 0) is None
    assert believed(found, "k", 0, 1).mean > 0.5


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_probabilities_are_calibrated_over_providers_of_all_strengths(missing):
    rng = np.random.default_rng(11)
    right, claimed = [], []
    for _ in range(80):
        level, common = rng.uniform(0.4, 0.6, 4), rng.normal(0, 0.1, (8, 1))
        truth = level + common + rng.normal(0, rng.choice([0.03, 0.08, 0.12]), (8, 4))
        groups = np.repeat(np.arange(8), 12)
        draws = rng.random((96, 1)) * 0.5 + rng.random((96, 4)) * 0.5  # cases are as hard for one as for another
        values = np.clip(truth[groups] + draws - 0.5, -1, 2)
        values[rng.random(values.shape) < missing] = np.nan
        found = stats.crossed_posteriors(values, list(groups), range(96))
        for group in range(8):
            for one in range(1, 4):
                if (posterior := found.difference(group, one, 0)) is not None:
                    right.append(truth[group, one] > truth[group, 0])
                    claimed.append(posterior.probability())
    truly, said = np.array(right), np.array(claimed)
    for low, high in [(0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.0)]:
        band = (said >= low) & (said < high)
        assert truly[band].mean() == pytest.approx(said[band].mean(), abs=0.07)


@given(mean=st.floats(-0.5, 0.5).filter(lambda x: abs(x) > 1e-3), sd=st.floats(0.01, 0.5), variance=st.floats(0.01, 1))
def test_needed_is_the_smallest_number_that_decides(mean, sd, variance):
    more = normal(mean, sd, variance=variance).needed(0.0, 0.8)

    def sure(cases):
        return abs(mean) * math.sqrt(1 / sd**2 + cases / variance) >= 0.8416212335729143 * (1 - 1e-9)

    if more is None:
        assert not sure(100_000)
    else:
        assert more >= 1
        assert sure(more)
        assert more == 1 or not sure(more - 1.001)


def test_the_probability_and_the_interval_of_one_component_are_the_normal_ones():
    posterior = normal(0.1, 0.05)
    assert posterior.probability(0.1) == 0.5
    assert posterior.probability() == pytest.approx(0.977250, abs=1e-6)
    assert posterior.interval() == pytest.approx((0.1 - 1.959964 * 0.05, 0.1 + 1.959964 * 0.05))


def test_a_mixture_has_the_moments_and_the_interval_of_its_components():
    mixed = stats.Posterior(9, 0.2, np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.array([0.1, 0.1]))
    assert (mixed.mean, mixed.sd) == pytest.approx((0.0, math.sqrt(1.01)))
    assert mixed.interval(0.5) == pytest.approx((-1.0, 1.0), abs=1e-6)


@pytest.mark.parametrize(
    ("values", "groups", "mass", "complaint"),
    [
        (np.zeros((0, 2)), [], 30, "0 rows"),
        ([[0.0, 1.0]], ["a", "b"], 30, "not the same cases"),
        ([[0.0, math.nan]], ["a"], 30, "without a value"),
        ([[0.0, 1.0]], ["a"], 0.5, "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(values, groups, mass, complaint):
    with pytest.raises(ValueError, match=complaint):
        stats.crossed_posteriors(values, groups, range(len(values)), mass)


def test_providers_that_are_good_at_the_same_things_sharpen_the_belief_on_each_other():
    """Three families share their strengths: told apart from one where everybody has his own, means come nearer to the truth."""
    rng = np.random.default_rng(4)
    family, groups = np.arange(9) % 3, np.repeat(np.arange(16), 20)
    errors = []
    for _ in range(12):
        strengths = rng.normal(0, 0.15, (16, 3))
        truth = 0.5 + strengths[:, family] + rng.normal(0, 0.02, (16, 9))
        values = truth[groups] + rng.normal(0, 0.4, (320, 9))
        together = stats.crossed_posteriors(values, list(groups), range(320))
        apart = stats.crossed_posteriors(values[:, :3], list(groups), range(320))
        for k in range(16):
            right = truth[k, 1] - truth[k, 0]
            with_kin, without = believed(together, k, 1, 0), believed(apart, k, 1, 0)
            errors.append(((with_kin.mean - right) ** 2, (without.mean - right) ** 2))
    with_kin_error, without_error = np.mean(errors, axis=0)
    assert with_kin_error < 0.75 * without_error


@pytest.mark.parametrize("spread", ["equal", "families", "some only"])
def test_four_of_five_shifts_are_right_however_providers_specialise(spread):
    """A challenger is believed better with a probability of 0.8: over many tables of known truth it is so at least as often."""
    rng = np.random.default_rng(8)
    groups, right = np.repeat(np.arange(14), 20), []
    for _ in range(25):
        if spread == "families":
            special = rng.normal(0, 0.1, (14, 2))[:, np.arange(6) % 2] + rng.normal(0, 0.03, (14, 6))
        else:
            special = rng.normal(0, 0.1, (14, 6)) * ([1.0] * 6 if spread == "equal" else [2.0, 0.2, 0.2, 2.0, 0.2, 0.2])
        truth = 0.5 + rng.normal(0, 0.07, 6) + rng.normal(0, 0.1, (14, 1)) + special
        values = (rng.random((280, 6)) < truth[groups]).astype(float)
        found = stats.crossed_posteriors(values, list(groups), range(280))
        best = int(values.mean(axis=0).argmax())
        for k in range(14):
            against = {one: believed(found, k, one, best) for one in range(6) if one != best}
            sure = {one: posterior.mean for one, posterior in against.items() if posterior.probability() >= 0.8}
            if sure:
                right.append(truth[k, max(sure, key=lambda one: sure[one])] > truth[k, best])
    assert len(right) > 25
    assert np.mean(right) >= 0.8
