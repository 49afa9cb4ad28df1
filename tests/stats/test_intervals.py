import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness import stats

RATES = np.linspace(0, 1, 2001)


@pytest.mark.parametrize(("successes", "n"), [(3, 20), (17, 20), (5, 10), (4, 51), (123, 4567)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_away_from_0_and_1_is_scipys(successes, n, confidence):
    theirs = reference.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert stats.wilson(successes, n, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_of_eight_of_ten_by_hand():
    # z = 1.959964: centre (0.8 + 0.192073) / 1.384146, half √(3.841459·(0.016 + 0.009604)) / 1.384146; two failures: ½·χ²(4; 0.05) = 0.355362
    assert stats.wilson(8, 10) == pytest.approx((0.490162, 1 - 0.0355362), abs=1e-6)


def test_wilson_near_0_and_1_mirrors_itself():
    low, high = stats.wilson(1, 30)
    assert low == pytest.approx(0.5 * reference.chi2.ppf(0.05, 2) / 30)
    assert stats.wilson(29, 30) == pytest.approx((1 - high, 1 - low))
    assert stats.wilson(0, 30).low == 0
    assert stats.wilson(30, 30).high == 1


@given(n=st.integers(1, 10_000), share=st.floats(0, 1))
def test_wilson_holds_the_rate_and_stays_within_0_and_1(n, share):
    low, high = stats.wilson(share * n, n)
    assert 0 <= low <= share * n / n + 1e-12
    assert share * n / n - 1e-12 <= high <= 1


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_a_rate_of_nothing_is_refused(successes, n):
    with pytest.raises(ValueError, match="0 ≤ successes ≤ n"):
        stats.wilson(successes, n)


@pytest.mark.parametrize("n", [20, 50, 200, 1000])
def test_wilson_covers_94_to_97_percent_on_average_over_rates_and_90_at_any(n):
    counts = np.arange(n + 1)
    bounds = np.array([stats.wilson(int(k), n) for k in counts])
    inside = (bounds[:, :1] <= RATES) & (bounds[:, 1:] >= RATES)
    coverage = (reference.binom.pmf(counts[:, None], n, RATES) * inside).sum(axis=0)  # exact, not simulated
    assert 0.94 <= coverage.mean() <= 0.97
    assert coverage.min() >= 0.90


def test_without_clusters_it_is_students_interval():
    values = [0.1, 0.5, 0.7, 0.7, 1.0]
    theirs = reference.ttest_1samp(values, 0).confidence_interval(0.95)
    assert stats.clustered_mean(values, list("abcde")) == pytest.approx(tuple(theirs))


def test_a_clustered_interval_by_hand():
    # mean 0.5; residual sums per cluster +1, −1, 0; variance 2 / (1 − 1/3) / 36; t(2) = 4.302653
    low, high = stats.clustered_mean([1, 1, 0, 0, 1, 0], ["a", "a", "b", "b", "c", "c"]) or (0, 0)
    assert (low, high) == pytest.approx((0.5 - 4.302653 * (3 / 36) ** 0.5, 0.5 + 4.302653 * (3 / 36) ** 0.5))


def test_one_cluster_gives_no_interval():
    assert stats.clustered_mean([0.0, 1.0], ["a", "a"]) is None


def test_each_value_needs_its_cluster():
    with pytest.raises(ValueError, match="2 values, but 3 clusters"):
        stats.clustered_mean([0.0, 1.0], ["a", "a", "b"])


@pytest.mark.parametrize("sizes", ["equal", "unequal"])
@pytest.mark.parametrize("rate", [0.5, 0.7, 0.9])
@pytest.mark.parametrize(("n_clusters", "alike"), [(20, 0.1), (20, 0.3), (50, 0.3)])
def test_the_clustered_interval_of_a_rate_covers_93_to_97_percent_from_20_clusters_on(n_clusters, alike, rate, sizes):
    rng = np.random.default_rng(7)
    mass = (1 - alike) / alike  # of the beta distribution of clusters' rates, for this intraclass correlation
    hits = 0
    rounds = 2000
    for _ in range(rounds):
        clusters = np.repeat(np.arange(n_clusters), 5 if sizes == "equal" else rng.integers(1, 10, n_clusters))
        rates = rng.beta(rate * mass, (1 - rate) * mass, n_clusters)
        values = rng.random(len(clusters)) < rates[clusters]
        low, high = stats.clustered_rate(values, clusters) or stats.wilson(n_clusters * values.mean(), n_clusters)
        hits += low <= rate <= high
    assert 0.93 <= hits / rounds <= 0.97


def test_degrees_of_freedom_are_those_of_bell_and_mccaffrey():
    clusters = np.repeat(np.arange(4), [1, 2, 3, 6])
    n, sizes = len(clusters), np.bincount(clusters)
    scale = 1 / (n * np.sqrt(1 - sizes / n))  # by the whole matrix: of the quadratic form, if values were independent
    whole = scale[:, None] * (np.diag(sizes) - np.outer(sizes, sizes) / n) * scale
    spread = stats.intervals.spread_of(np.arange(n) % 5, clusters)
    assert spread is not None
    assert spread.freedom == pytest.approx(np.trace(whole) ** 2 / (whole**2).sum())
    assert spread.freedom < 3
