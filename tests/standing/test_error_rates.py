import pytest
from scipy.stats import binom

from tests.standing import error_rates
from tests.standing.error_rates import CHANGED, NONE, UNCHANGED, USUAL, rates

ROUNDS = 100
MOST = binom.ppf(0.95, ROUNDS, 0.05) / ROUNDS
"""What a true 5 % stays within in 19 of 20 such samples; `make calibrate` draws thousands."""


@pytest.mark.parametrize("name", UNCHANGED)
def test_where_nothing_changed_at_most_5_percent_are_called(name):
    assert rates(*UNCHANGED[name], USUAL, ROUNDS).called <= MOST


@pytest.mark.parametrize("name", CHANGED)
def test_what_changed_is_found_in_at_least_80_percent(name):
    assert rates(*CHANGED[name], ROUNDS).regressed >= 0.8


def test_of_300_cells_at_most_6_percent_of_those_called_are_false():
    false, found = error_rates.false_discoveries(2, USUAL)
    assert (
        false <= 0.1
    )  # two rounds of about eleven calls: one false one in either is within chance, see `make calibrate`
    assert found >= 0.9


def test_two_runs_an_hour_apart_are_called_changed_too_often_and_interleaved_ones_are_not():
    apart = error_rates.latency(100, 0.15, apart=True)
    assert rates(apart, "latency", NONE, 50).called > 0.15
    assert rates(error_rates.latency(100, 0.15), "latency", NONE, 50).called < 0.15


def test_intervals_of_signed_ranks_hold_the_ratio_and_find_more_than_a_bootstrap_of_the_median():
    ranks, median = error_rates.ratio_intervals(400)
    assert 0.925 <= ranks.held <= 0.975
    assert ranks.width < 0.9 * median.width
    assert ranks.found > median.found + 0.05


@pytest.mark.parametrize("n", [20, 50, 200, 1000])
def test_intervals_cover_94_to_97_percent_on_average_and_never_below_90(n):
    mean, worst = error_rates.coverage(n)
    assert 0.94 <= mean <= 0.97
    assert worst >= 0.90


@pytest.mark.parametrize(("n_clusters", "mean"), [(20, 0.5), (20, 0.9), (50, 0.8)])
def test_clustered_intervals_cover_93_to_97_percent_from_20_clusters_on(n_clusters, mean):
    assert 0.925 <= error_rates.clustered_coverage(n_clusters, mean, 1500) <= 0.975  # 1,500 rounds tell a percent apart
