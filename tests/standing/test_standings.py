import math

import pytest

from harness import standing, stats
from harness.judged import ALL, Estimate
from tests.stats.tables import Table

OVERLOADED, DNS, AUTH = ("overloaded", "provider"), ("dns", "network"), ("auth", "account")


def only(table, capability="math", provider="a"):
    found = standing.standings(*table.frames())
    (one,) = [one for one in found if one.capability == capability and one.provider == provider]
    return one


def test_quality_of_right_and_wrong_cases_is_wilsons():
    table = Table()
    for number in range(10):
        table.trial(f"c{number}", float(number < 8))
    one = only(table)
    assert one.quality == Estimate(0.8, 10, *stats.wilson(8, 10))
    assert (one.n_cases, one.n_scored, one.n_unscored, one.n_failed) == (10, 10, 0, 0)


def test_repeats_are_averaged_within_their_case_first():
    table = Table().trial("x", 1.0)
    for repeat in range(4):
        table.trial("y", float(repeat == 0), repeat=repeat)
    quality = only(table).quality
    assert quality.n == 2
    assert quality.value == pytest.approx((1.0 + 0.25) / 2)


def test_clustered_cases_have_a_cluster_robust_interval():
    values, clusters = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0], ["p", "p", "q", "q", "r", "r"]
    table = Table()
    for number, (value, cluster) in enumerate(zip(values, clusters, strict=True)):
        table.trial(f"c{number}", value, cluster=cluster)
    # the variance of the mean is 3/2 · 2 / 36; the log odds of 0.5 are 0, and change four times as fast as it
    high = 1 / (1 + math.exp(-4.302653 * 4 * (3 / 36) ** 0.5))
    quality = only(table).quality
    assert (quality.value, quality.n) == (0.5, 6)
    assert (quality.low, quality.high) == pytest.approx((1 - high, high), abs=1e-6)


def test_clusters_of_one_case_are_no_clusters():
    table = Table().trial("x", 1.0, cluster="p").trial("y", 0.0, cluster="q")
    assert only(table).quality == Estimate(0.5, 2, *stats.wilson(1, 2))


def test_graded_cases_have_students_interval_of_the_log_odds():
    table = Table().trial("x", 0.9).trial("y", 1.0).trial("z", 0.8)
    quality = only(table).quality
    assert quality.value == pytest.approx(0.9)
    odds, half = math.log(9), 4.302653 * 0.1 / 3**0.5 / 0.09
    assert quality.low == pytest.approx(1 / (1 + math.exp(half - odds)))
    assert quality.high == pytest.approx(1 / (1 + math.exp(-half - odds)))


def test_where_all_clustered_values_are_alike_each_cluster_counts_once():
    table = Table()
    for number in range(12):
        table.trial(f"c{number}", 1.0, cluster=f"k{number % 3}")
    assert only(table).quality == Estimate(1.0, 12, *stats.wilson(3, 3))


def test_cases_of_one_cluster_that_differ_have_no_interval():
    assert only(Table().trial("x", 1.0, cluster="k").trial("y", 0.0, cluster="k")).quality == Estimate(0.5, 2)


def test_neither_unscored_nor_failed_is_a_wrong_answer():
    table = Table().trial("x", 1.0).trial("y").trial("z", state="failed", fails=[OVERLOADED])
    one = only(table)
    assert (one.n_cases, one.n_scored, one.n_unscored, one.n_failed) == (3, 1, 1, 1)
    assert one.quality.value == 1.0


def test_only_failures_of_the_provider_count_against_it():
    table = Table().trial("x", 1.0).trial("y", 1.0).trial("z", state="failed", fails=[OVERLOADED])
    table.trial("v", state="failed", fails=[OVERLOADED, DNS]).trial("w", state="failed", fails=[AUTH])
    one = only(table)
    assert one.reliability == Estimate(2 / 3, 3, *stats.wilson(2, 3))
    assert one.failures == {"auth": 1, "dns": 1, "overloaded": 1}


def test_a_trial_that_a_retry_saved_is_answered():
    one = only(Table().trial("x", 1.0, fails=[OVERLOADED, OVERLOADED]))
    assert one.reliability.value == 1.0
    assert one.failures == {}


def test_what_was_replayed_is_no_proof_of_reliability_but_of_quality():
    table = Table().trial("x", 1.0).trial("y", state="failed", fails=[OVERLOADED])
    one = only(table.trial("r", 1.0, replayed=True))
    assert (one.reliability.value, one.reliability.n) == (0.5, 2)
    assert (one.quality.value, one.n_scored) == (1.0, 2)
    assert only(Table().trial("r", 1.0, replayed=True)).reliability is None


def test_a_provider_that_could_never_be_asked_has_no_reliability_and_no_quality():
    one = only(Table().trial("x", state="failed", fails=[AUTH]))
    assert (one.reliability, one.quality, one.shrunk_quality, one.latency.p50) == (None, None, None, None)


def test_latency_leaves_out_replayed_saturated_failed_and_warmup_rows():
    table = Table()
    for number in range(6):
        table.trial(f"c{number}", 1.0, ttft_s=0.1 + number, latency_s=1.0 + number, fails=[OVERLOADED])
    table.trial("r", 1.0, replayed=True, latency_s=99.0).trial("s", 1.0, saturated=True, latency_s=99.0)
    table.trial("w", 1.0, phase="warmup", latency_s=99.0)
    one = only(table)
    assert one.latency.p50 == Estimate(3.5, 6, 1.0, 6.0)
    assert (one.ttft.p50.value, one.ttft.p50.low, one.ttft.p50.high) == pytest.approx((2.6, 0.1, 5.1))
    assert (one.latency.p95, one.latency.p99) == (None, None)
    assert (one.n_timed, one.n_saturated) == (7, 1)


def test_p95_needs_59_answers():
    table = Table()
    for number in range(58):
        table.trial(f"c{number}", 1.0, latency_s=number)
    assert only(table).latency.p95 is None
    assert only(table.trial("last", 1.0, latency_s=58)).latency.p95.value == pytest.approx(55.1)


def test_spend_is_of_all_phases_but_judge_and_without_replays():
    table = Table().trial("x", 1.0, cost_usd=0.5).trial("w", 1.0, cost_usd=0.25, phase="warmup")
    table.trial("j", 1.0, cost_usd=8.0, phase="judge").trial("r", 1.0, cost_usd=8.0, replayed=True)
    one = only(table)
    assert one.spend_usd == 0.75
    assert one.cost_per_call == 0.5


def test_a_solved_case_costs_spend_by_sum_of_values_without_replayed_trials():
    table = Table().trial("x", 1.0, cost_usd=0.5).trial("y", 0.25, cost_usd=0.5).trial("r", 1.0, replayed=True)
    assert only(table).cost_per_solved == pytest.approx(1.0 / 1.25)


def test_where_nothing_is_solved_there_is_no_price_of_it():
    one = only(Table().trial("x", 0.0))
    assert one.spend_usd == 0.001
    assert one.cost_per_solved is None


def test_an_unknown_cost_makes_spend_unknown_and_never_0():
    table = Table().trial("x", 1.0, cost_usd=0.5).trial("y", 1.0, cost_usd=None)
    one = only(table)
    assert (one.spend_usd, one.cost_per_solved) == (None, None)
    assert one.cost_per_call == 0.5


def test_a_failed_attempt_without_a_cost_leaves_spend_known():
    assert only(Table().trial("x", 1.0, fails=[OVERLOADED])).spend_usd == 0.001


def test_quality_is_shrunk_toward_the_providers_mean_with_a_mass_of_30():
    table = Table()
    for number in range(10):
        table.trial(f"m{number}", 1.0).trial(f"l{number}", 0.0, capability="logic")
    assert only(table).shrunk_quality == pytest.approx((10 * 1.0 + 30 * 0.5) / 40)
    assert only(table, ALL).shrunk_quality == 0.5


def test_all_is_over_the_cases_of_every_capability():
    table = Table().trial("x", 1.0).trial("y", 1.0).trial("z", 0.0, capability="logic")
    overall = only(table, ALL)
    assert overall.quality.value == pytest.approx(2 / 3)
    assert overall.n_cases == 3


def test_standings_are_sorted_by_provider_and_capability_with_all_last():
    table = Table().trial("x", 1.0, provider="b").trial("y", 1.0).trial("z", 1.0, capability="logic", simulated=True)
    found = standing.standings(*table.frames())
    assert [(one.provider, one.capability) for one in found] == [
        ("a", "logic"), ("a", "math"), ("a", ALL), ("b", "math"), ("b", ALL),
    ]  # fmt: skip
    assert [one.simulated for one in found] == [True, True, True, False, False]


def test_no_rows_no_standings():
    calls, scores = Table().trial("x", 1.0).frames()
    assert standing.standings(calls[:0], scores[:0]) == []


def test_tables_as_arrow_gives_them_are_read(tmp_path):
    calls, scores = Table().trial("x", 1.0, fails=[OVERLOADED]).trial("y", 0.0).frames()
    nullable = calls.convert_dtypes(), scores.convert_dtypes()
    assert standing.standings(*nullable) == standing.standings(calls, scores)
