from dataclasses import replace

import numpy as np
import pytest

from harness import standing
from harness.judged import ALL, Calibration
from harness.told import Truth
from tests.stats.tables import Table

TRUTH = Truth(
    "", "good", "math", 0.8, True, ttft_s=0.2, latency_s=1.0, prompt_tokens=10, completion_tokens=5, cost_usd=0.001
)


def run(values, **columns) -> tuple[Table, list[Truth]]:
    table, truths = Table(), []
    for number, value in enumerate(values):
        table.trial(f"c{number}", float(value), response_id=f"r{number}", simulated=True, **columns)
        truths.append(replace(TRUTH, response_id=f"r{number}"))
    return table, truths


def entry(table: Table, truths: list[Truth], measure: str) -> Calibration:
    (one,) = [one for one in standing.calibrate(*table.frames(), truths) if one.measure == measure]
    return one


def test_a_fleet_measured_as_it_is_holds_everywhere():
    table, truths = run([1] * 8 + [0] * 2)
    found = standing.calibrate(*table.frames(), truths)
    assert {(one.capability, one.measure): one.holds for one in found} == {
        ("math", "quality"): True, (ALL, "ttft_p50_s"): True, (ALL, "latency_p50_s"): True, (ALL, "prompt_tokens"): True,
        (ALL, "completion_tokens"): True, (ALL, "cost_usd"): True,
    }  # fmt: skip


def test_a_quality_outside_its_interval_does_not_hold():
    one = entry(*run([0] * 10), "quality")
    assert (one.measured.value, one.holds) == (0.0, False)
    assert one.truth == pytest.approx(0.8)


@pytest.mark.parametrize(("seconds", "holds"), [(1.049, True), (0.951, True), (1.051, False), (0.949, False)])
def test_times_hold_within_5_percent_of_the_servers_own(seconds, holds):
    one = entry(*run([1] * 6, latency_s=seconds), "latency_p50_s")
    assert (one.measured.value, one.truth, one.holds) == (seconds, 1.0, holds)
    assert (one.measured.low, one.measured.high) == (seconds, seconds)


def test_saturated_rows_are_in_no_time_and_too_few_give_no_interval():
    table, truths = run([1])
    table.trial("s", 1.0, response_id="s", saturated=True, latency_s=9.0)
    one = entry(table, [*truths, replace(TRUTH, response_id="s", latency_s=8.0)], "latency_p50_s")
    assert (one.measured.value, one.measured.n, one.measured.low, one.truth) == (1.0, 1, None, 1.0)


def test_a_provider_without_a_timed_row_has_no_time():
    table, truths = run([1], saturated=True)
    found = standing.calibrate(*table.frames(), truths)
    assert [one.measure for one in found] == ["quality", "prompt_tokens", "completion_tokens", "cost_usd"]


def test_one_token_off_does_not_hold():
    assert not entry(*run([1] * 3, prompt_tokens=11), "prompt_tokens").holds


def test_an_unknown_count_is_no_0_that_holds():
    one = entry(*run([1] * 3, completion_tokens=None), "completion_tokens")
    assert (one.measured.value, one.measured.n, one.truth, one.holds) == (0.0, 0, 15.0, False)


@pytest.mark.parametrize(("factor", "holds"), [(1 + 1e-12, True), (1 + 1e-6, False)])
def test_cost_holds_to_a_billionth(factor, holds):
    assert entry(*run([1] * 100, cost_usd=0.001 * factor), "cost_usd").holds is holds


def test_requests_that_only_one_side_knows_are_left_out():
    table, truths = run([1, 1])
    table.trial("lost", 1.0, response_id=None).trial("r", 1.0, response_id="r1", replayed=True)
    assert entry(table, [*truths, replace(TRUTH, response_id="elsewhere")], "prompt_tokens").measured.value == 20


def test_what_was_replayed_is_not_held_against_the_truth():
    table, truths = run([1, 1])
    table.trial("r", 0.0, response_id="r1", replayed=True)
    assert entry(table, truths, "quality").measured.value == 1.0


def test_without_truths_there_is_nothing_to_hold_against():
    assert standing.calibrate(*run([1])[0].frames(), []) == []


def test_the_share_of_quality_cells_that_hold():
    table, truths = run([0] * 10)
    for number in range(10):
        table.trial(f"l{number}", float(number < 8), response_id=f"l{number}", capability="logic")
        truths.append(replace(TRUTH, response_id=f"l{number}", capability="logic"))
    found = standing.calibrate(*table.frames(), truths)
    assert standing.share_holding(found) == 0.5
    assert standing.share_holding(found, "prompt_tokens") == 1.0
    assert standing.share_holding([]) is None


def test_about_95_percent_of_honest_cells_hold():
    rng = np.random.default_rng(5)
    table, truths = Table(), []
    for cell in range(120):
        rate = rng.uniform(0.4, 0.95)
        for number in range(40):
            name = f"{cell}-{number}"
            table.trial(name, float(rng.random() < rate), response_id=name, capability=f"k{cell}")
            truths.append(replace(TRUTH, response_id=name, quality=rate, capability=f"k{cell}"))
    assert 0.90 <= (standing.share_holding(standing.calibrate(*table.frames(), truths)) or 0) <= 0.99
