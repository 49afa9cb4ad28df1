"""Arrivals come at the rate, in the shape and for as long as the load says, and who finds the queue full is dropped."""

from itertools import islice, pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine import Open, Plan
from harness.engine.arrivals import Arriving, times
from tests.engine import made


def gaps(load, n=20_000):
    return [later - earlier for earlier, later in pairwise(islice(times(load, "seed"), n))]


def test_constant_arrivals_are_evenly_spaced_from_0_on_and_never_drift():
    found = list(islice(times(Open(rate=3), ""), 100_000))
    assert found[:2] == [0.0, 1 / 3]
    assert found[-1] == 99_999 / 3


@pytest.mark.parametrize(
    ("load", "spread"),
    [
        (Open(rate=5, arrivals="poisson"), 1.0),
        (Open(rate=5, arrivals="gamma", burstiness=4.0), 0.5),
        (Open(rate=5, arrivals="gamma", burstiness=0.25), 2.0),
    ],
)
def test_drawn_arrivals_have_the_rate_and_the_burstiness_that_were_asked_for(load, spread):
    found = gaps(load)
    assert fmean(found) == pytest.approx(0.2, rel=0.05)
    assert pstdev(found) / fmean(found) == pytest.approx(spread, rel=0.05), "the coefficient of variation is 1/√shape"


def test_the_seed_decides_when_they_come():
    load = Open(rate=5, arrivals="poisson", duration_s=10)
    assert list(times(load, "1")) == list(times(load, "1")) != list(times(load, "2"))


@given(st.floats(0, 50), st.floats(0.5, 50), st.floats(1, 20))
def test_a_ramp_brings_the_mean_of_its_rates(start, rate, duration_s):
    found = list(times(Open(rate=rate, ramp_from=start, duration_s=duration_s), ""))
    assert len(found) == pytest.approx((start + rate) / 2 * duration_s, abs=1.0001)
    assert found == sorted(found)
    assert all(0 <= at < duration_s for at in found)


def test_a_ramp_is_as_fast_as_its_rate_at_each_moment():
    found = list(times(Open(rate=100, ramp_from=0, duration_s=100), ""))
    for at_s in (20, 50, 90):
        assert sum(at_s - 1 <= at < at_s + 1 for at in found) == pytest.approx(2 * at_s, abs=2)


def test_a_ramp_is_reported_in_steps_of_its_rate():
    load = Open(rate=20, ramp_from=0, duration_s=10)
    assert [load.level(at_s) for at_s in (0, 0.99, 1.0, 9.99, 10)] == [1, 1, 3, 19, 19]


def arriving(count=10, **load):
    plan = Plan((made.suite(cases=count),), (made.provider(),))
    return Arriving(Open(rate=10, **load), plan.trials(plan.providers[0]), "")


def taken(line, now_s):
    due = line.take(now_s)
    return due and (round(due.at_s, 3), due.dropped)


def test_without_a_limit_whoever_waited_longest_is_next_and_nobody_is_dropped():
    line = arriving(4)
    assert [taken(line, now_s) for now_s in (0, 0.05, 5, 5, 5)] == [
        (0, False),
        (0.1, False),
        (0.2, False),
        (0.3, False),
        None,
    ]


def test_who_arrives_while_the_queue_is_full_is_dropped_and_who_waited_keeps_the_place():
    line = arriving(8, queue=2)
    assert taken(line, 0) == (0, False)
    found = [taken(line, 0.55), *(taken(line, 0.56) for _ in range(6)), taken(line, 0.6)]
    assert found == [
        (0.3, True), (0.4, True), (0.5, True),
        (0.1, False), (0.2, False), (0.6, False), (0.7, False), None,
    ]  # fmt: skip


def test_with_a_queue_of_0_nobody_waits():
    line = arriving(4, queue=0)
    assert taken(line, 0) == (0, False)
    assert [taken(line, 0.25) for _ in range(3)] == [(0.1, True), (0.2, True), (0.3, False)]
