import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness import stats
from harness.stats.paired import mcnemar, rate_change


def test_below_25_discordant_pairs_mcnemar_is_exact():
    # 2 lost, 8 gained: 2 · (1 + 10 + 45) / 1024
    assert mcnemar(2, 8) == pytest.approx(112 / 1024)
    assert mcnemar(8, 2) == mcnemar(2, 8)
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1.0


def test_from_25_discordant_pairs_on_it_is_mid_p():
    exact, at = reference.binomtest(8, 25).pvalue, reference.binom.pmf(8, 25, 0.5)
    assert mcnemar(8, 25 - 8) == pytest.approx(exact - at)
    assert mcnemar(7, 24 - 7) == pytest.approx(reference.binomtest(7, 24).pvalue)
    assert 0 < mcnemar(13, 13) < 1


def test_the_change_of_a_rate_by_hand():
    # Bonett and Price: (6 + 1 − 2 − 1) / 42, variance (10 − 4² / 42) / 42²
    low, high = rate_change(2, 6, 40)
    half = 1.959964 * math.sqrt((10 - 16 / 42) / 42**2)
    assert (low, high) == pytest.approx((4 / 42 - half, 4 / 42 + half), abs=1e-6)


@given(n=st.integers(1, 5000), data=st.data())
def test_the_interval_of_a_change_holds_it_and_stays_within_1(n, data):
    lost = data.draw(st.integers(0, n))
    gained = data.draw(st.integers(0, n - lost))
    low, high = rate_change(lost, gained, n)
    assert -1 <= low <= (gained - lost) / n <= high <= 1


def test_pairs_of_right_and_wrong():
    found = stats.paired_rates([1, 1, 1, 0, 0, 1], [0, 0, 1, 1, 0, 0])
    assert found.value == pytest.approx(-2 / 6)
    assert (found.n, found.flips) == (6, (3, 1))
    assert found.p == pytest.approx(10 / 16)
    assert found.interval == rate_change(3, 1, 6)


def test_more_pairs_of_the_same_kind_narrow_the_interval():
    rates = stats.paired_rates([1] * 40, [1] * 36 + [0] * 4)
    assert rates.interval_at(40) == rates.interval
    assert rates.interval_at(400) == rate_change(40, 0, 400)
    means = stats.paired_means(np.linspace(-0.2, 0.4, 30), range(30))
    assert means.interval
    quarter = means.interval_at(120)
    assert quarter
    assert quarter.high - quarter.low == pytest.approx((means.interval.high - means.interval.low) / 2)
    assert stats.paired_means([0.5], ["a"]).interval_at(100) is None


def test_each_its_own_cluster_is_students_paired_t_from_20_on():
    x = np.random.default_rng(1).normal(0.1, 0.3, 24)
    theirs = reference.ttest_1samp(x, 0)
    found = stats.paired_means(x, range(24))
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval()))


def test_below_20_clusters_the_signs_of_whole_clusters_are_flipped():
    # cluster sums 0.3, 0.5, 0.1, −0.2: of 16 signs 0.7, 0.9 (twice) and 1.1 reach their sum, and as many their negative
    found = stats.paired_means([0.1, 0.2, 0.5, 0.1, -0.2], ["a", "a", "b", "c", "d"])
    assert found.p == pytest.approx(2 * 3 / 16)


def test_many_ways_to_flip_are_drawn_and_the_same_each_time():
    x = np.random.default_rng(2).normal(0.2, 0.4, 18)
    once, again = stats.paired_means(x, range(18)), stats.paired_means(x, range(18))
    assert once == again
    assert once.p == pytest.approx(reference.ttest_1samp(x, 0).pvalue, abs=0.02)


def test_one_cluster_says_nothing_of_others():
    found = stats.paired_means([-1.0, -1.0, -0.5], ["a", "a", "a"])
    assert (found.interval, found.p) == (None, None)


def test_clusters_that_are_all_alike_are_no_certainty():
    same = stats.paired_means([0.0] * 30, range(30))
    assert same.p == 1.0
    assert same.interval == pytest.approx(rate_change(0, 0, 30))
    worse = stats.paired_means([-0.5, -0.1] * 8, np.repeat(range(8), 2))
    assert worse.p == pytest.approx(2 / 2**8)
    assert worse.interval
    assert worse.interval.low < -0.3 < worse.interval.high


def test_logs_are_wilcoxons_and_pairs_without_a_change_leave_the_ranks():
    # ranks 1 … 6, all positive: 2 / 2⁶
    found = stats.paired_logs([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.0, 0.0])
    assert found.p == pytest.approx(2 / 2**6)
    assert found.value == pytest.approx(0.25)


def test_the_estimate_and_its_interval_lie_among_the_means_of_two():
    x = np.random.default_rng(3).normal(0.1, 0.2, 101)
    means = np.sort([(x[i] + x[j]) / 2 for i in range(101) for j in range(i, 101)])
    out = math.floor(101 * 102 / 4 - 1.959964 * math.sqrt(101 * 102 * 203 / 24))
    found = stats.paired_logs(x)
    assert found.value == pytest.approx(np.median(means))
    assert found.interval == pytest.approx((means[out - 1], means[-out]))


@pytest.mark.parametrize("shift", [0.02, 0.05, 0.08, 0.15])
def test_the_interval_holds_no_change_where_the_test_does_not_reject_it(shift):
    for seed in range(20):
        found = stats.paired_logs(np.random.default_rng(seed).normal(shift, 0.2, 60))
        assert found.interval
        assert found.p is not None
        assert (found.interval.low <= 0 <= found.interval.high) == (found.p > 0.05) or abs(found.p - 0.05) < 0.004


def test_nothing_moved_is_no_change():
    found = stats.paired_logs([0.0] * 6)
    assert (found.value, found.interval, found.p) == (0.0, (0.0, 0.0), 1.0)


def test_five_pairs_have_no_interval_of_their_median():
    assert stats.paired_logs([0.1, 0.2, 0.3, 0.4, 0.5]).interval is None


def test_false_discovery_by_hand():
    assert stats.false_discovery([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert stats.false_discovery([]) == []


def test_pairs_grow_with_the_square_of_z():
    assert stats.p_growth(0.3173105, 0.0455003) == pytest.approx(4.0, abs=1e-5)  # z from 1 to 2
    assert stats.p_growth(1.0, 0.05) is None


def share_below_5_percent(draw, repeats: int = 400) -> float:
    return float(np.mean([draw(np.random.default_rng(seed)).p <= 0.05 for seed in range(repeats)]))


def test_without_a_change_right_and_wrong_differ_in_at_most_5_percent():
    def draw(rng):
        easy = rng.random(200)
        return stats.paired_rates(rng.random(200) < easy, rng.random(200) < easy)

    assert share_below_5_percent(draw) <= 0.07  # 400 draws of 5 % stay below 0.072 in 98 of 100


@pytest.mark.parametrize("n_clusters", [10, 20, 40])
def test_without_a_change_clustered_cases_differ_in_at_most_5_percent(n_clusters):
    clusters = np.repeat(range(n_clusters), 10)

    def draw(rng):
        shared = rng.normal(0, 0.3, n_clusters)[clusters]
        return stats.paired_means(shared + rng.normal(0, 0.3, len(clusters)), clusters)

    assert share_below_5_percent(draw, 400 if n_clusters >= 20 else 200) <= 0.085


def test_without_a_change_times_differ_in_at_most_5_percent():
    assert share_below_5_percent(lambda rng: stats.paired_logs(rng.normal(0, 0.5, 40))) <= 0.07


@pytest.mark.parametrize("shift", [0.08, -0.08])
def test_a_directed_test_spends_more_on_one_side_and_its_interval_agrees_with_it(shift):
    found = []
    for seed in range(40):
        x = np.random.default_rng(seed).normal(shift, 0.3, 60)
        even, rise = stats.paired_logs(x), stats.paired_logs(x, stats.RISE)
        assert even.p is not None
        assert rise.p is not None
        assert rise.p == pytest.approx(min(1.0, even.p * (0.625 if rise.value > 0 else 5)))
        assert rise.interval
        assert rise.interval_at(60) == pytest.approx(rise.interval)
        found.append((rise.p <= 0.05, rise.interval.low > 0 or rise.interval.high < 0))
    assert sum(one != other for one, other in found) <= 1
    assert any(one for one, _ in found)


def test_all_tests_can_be_directed():
    base, new = [1] * 40, [1] * 34 + [0] * 6
    even, fall = stats.paired_rates(base, new), stats.paired_rates(base, new, stats.FALL)
    assert even.p is not None
    assert fall.p == pytest.approx(0.625 * even.p)
    assert fall.interval
    assert even.interval
    assert fall.interval.high < even.interval.high
    assert fall.interval.low < even.interval.low
    change = np.array(new) - np.array(base)
    graded = stats.paired_means(change, range(40), stats.FALL)
    assert graded.interval
    assert -graded.value + graded.interval.high < graded.value - graded.interval.low
    assert stats.paired_rates(base, base, stats.FALL).p == 1.0
