"""What a load came to: figures that can be counted by hand, a knee by its rule, and no nice p99 of what was never measured."""

from typing import Any

import pandas as pd
import pytest

from harness import standing
from tests.stats.tables import Table

OK = {"queue_s": 0.0, "throttle_s": 0.0, "connect_s": 0.0, "timing_source": "wire"}


def calls(*rows, level=10.0):
    """One row for each (provider, due, latency, and what else differs), response times from the schedule."""
    table = Table()
    for n, (provider, due_s, latency_s, more) in enumerate(rows):
        columns = {**OK, "load_level": level, "scheduled_s": due_s, "latency_s": latency_s, "ttft_s": latency_s, **more}
        waited = columns["queue_s"] + columns["throttle_s"] + columns["connect_s"] + more.get("late_s", 0.0)
        response = None if latency_s is None else waited + latency_s
        table.trial(f"c{n}", 1.0, provider=provider, response_s=response, **columns)
    return table.frames()[0]


def value(estimate):
    assert estimate is not None
    return estimate.value


def even(n=100, latency_s=0.5, provider="a", **more):
    return [(provider, number / 10, latency_s, more) for number in range(n)]


def test_a_run_without_levels_has_none_and_neither_has_one_from_before_there_were_any():
    assert standing.levels(calls(*even(3), level=None), {}) == []
    assert standing.levels(calls(*even(3)).drop(columns="load_level"), {}) == []


def test_figures_of_a_level():
    (one,) = standing.levels(calls(*even(100)), {"a": 8})
    assert (one.provider, one.level, one.is_open, one.asked, one.answered, one.dropped) == ("a", 10, True, 100, 100, 0)
    assert one.achieved == pytest.approx(100 / 10.4), "from the first due at 0 s to the last answer at 10.4 s"
    assert [value(found.p50) for found in (one.response, one.latency, one.ttft)] == [0.5] * 3
    assert (value(one.response.p95), one.response.p99) == (0.5, None), "100 are too few for a p99"
    assert one.response_mean == 0.5
    assert one.invalid == ""
    assert not one.knee


def test_a_level_achieves_no_more_than_was_asked_however_short_the_last_answer():
    (one,) = standing.levels(calls(*even(100, latency_s=0.01)), {})
    assert one.achieved == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        ({"queue_s": 0.2}, "2 % of the requests waited for one of 8 slots, the longest 0.2 s; raise --concurrency"),
        (
            {"throttle_s": 2.0},
            "2 % of the requests waited for our own limits on the provider (rpm, tpm), the longest 2 s",
        ),
        (
            {"late_s": 0.03},
            "2 % of the requests were sent late by the harness itself, the longest 0.03 s; lower --rate",
        ),
    ],
)
def test_a_level_whose_requests_went_out_late_is_invalid_and_says_why(late, reason):
    rows = [*even(98), *[("a", 9.8 + n / 10, 0.5, late) for n in range(2)]]
    (one,) = standing.levels(calls(*rows), {"a": 8})
    assert one.invalid.startswith(reason)
    assert standing.invalid([one]) == [f"Invalid as a service measurement: a, at 10 requests/s: {one.invalid}."]


def test_one_in_a_hundred_or_a_few_milliseconds_or_a_new_connection_do_not_make_it_invalid():
    rows = [*even(99, queue_s=0.004), ("a", 9.9, 0.5, {"queue_s": 3.0})]
    assert standing.levels(calls(*rows), {})[0].invalid == ""
    assert standing.levels(calls(*even(100, connect_s=0.2)), {})[0].invalid == ""
    assert standing.levels(calls(*even(100, latency_s=10.0, queue_s=0.09)), {})[0].invalid == "", "1 % of its latency"


def test_the_only_slot_and_one_that_nobody_counted_are_called_what_they_are():
    late = calls(*even(100, queue_s=0.2))
    assert "waited for the only slot" in standing.levels(late, {"a": 1})[0].invalid
    assert "waited for a free slot" in standing.levels(late, {})[0].invalid


def test_what_was_dropped_is_counted_and_makes_it_invalid():
    lost = {"status": "failed", "failure_kind": "dropped", "failure_side": "harness"}
    rows = [*even(90), *[("a", 9 + n / 10, None, lost) for n in range(10)]]
    (one,) = standing.levels(calls(*rows), {})
    assert (one.asked, one.answered, one.dropped) == (100, 90, 10)
    assert one.invalid == "10 of 100 requests were dropped, since too many waited already (--queue)"


def test_nothing_but_replies_from_the_cache_is_no_measurement_and_none_that_is_invalid():
    (one,) = standing.levels(calls(*even(5, replayed=True, queue_s=1.0)), {})
    assert (one.answered, one.achieved, one.response_mean, one.invalid) == (0, 0.0, None, "")


def test_the_knee_is_the_level_of_the_most_power():
    """Achieved by mean response time: 10/0.5 = 20, 19/0.6 = 32, 21/2.1 = 10."""
    frames = []
    for level, latency_s, lasted_s in ((10.0, 0.5, 10.0), (20.0, 0.6, 5.2), (40.0, 2.1, 4.7)):
        rows: list[tuple[Any, ...]] = [("a", n * (lasted_s - latency_s) / 99, latency_s, {}) for n in range(100)]
        frames.append(calls(*rows, level=level).assign(trial_id=lambda one, level=level: one["trial_id"] + str(level)))
    found = standing.levels(pd.concat(frames), {})
    assert [one.level for one in found] == [10, 20, 40]
    assert [one.knee for one in found] == [False, True, False]
    assert [one.knee for one in standing.levels(pd.concat(frames[:2]), {})] == [False, False], "two levels have no knee"


def test_a_closed_sweep_is_told_by_latency_and_is_never_invalid():
    rows = calls(*even(20), level=4.0).assign(scheduled_s=None, response_s=None, queue_s=1.0)
    (one,) = standing.levels(rows, {})
    assert not one.is_open
    assert value(one.response.p50) == 0.5
    assert one.achieved == pytest.approx(20 / 19.5), "the rows start one second apart"
    assert one.invalid == ""


def test_a_sweep_names_the_first_level_that_is_invalid():
    good, bad = calls(*even(100)), calls(*even(100, queue_s=1.0), level=20.0)
    (said,) = standing.invalid(standing.levels(pd.concat([good, bad]), {}))
    assert said.startswith(
        "Invalid as a service measurement: a, 1 of 2 levels, at 20 requests/s: 100 % of the requests"
    )
