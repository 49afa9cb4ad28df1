import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client.calls import Facts
from harness.client.limits import Waited
from harness.client.timing import clock_of, percentile
from harness.client.wires import Decoded, Marks
from harness.told import Clock, Sent


def facts(marks, sent_at=10.0):
    return Facts(Sent("w"), Decoded(marks=marks), sent_at, 0.5)


def test_seconds_are_counted_from_the_moment_of_sending():
    clock = clock_of(facts(Marks(10.2, 10.3, 11.0, (10.2, 10.3, 10.6, 11.0))), Waited(0.1, 0.2), 0.003)
    assert (clock.queue_s, clock.throttle_s, clock.connect_s, clock.loop_lag_s) == (0.1, 0.2, 0.5, 0.003)
    assert (clock.ttft_s, clock.ttfv_s, clock.latency_s) == pytest.approx((0.2, 0.3, 1.0))
    assert clock.chunk_count == 4
    assert (clock.itl_p50_s, clock.itl_max_s) == pytest.approx((0.3, 0.4))


def test_what_did_not_happen_has_no_time():
    assert clock_of(facts(Marks()), Waited(0.0, 0.0), 0.0) == Clock(connect_s=0.5)
    assert clock_of(facts(Marks(1.0, 1.0, 1.0, (1.0,)), None), Waited(0.0, 0.0), 0.0).ttft_s is None


@given(st.lists(st.floats(0, 10), min_size=2, max_size=30))
def test_percentiles_are_those_of_the_standard_library(values):
    ordered = sorted(values)
    cuts = statistics.quantiles(ordered, n=20, method="inclusive")
    assert percentile(ordered, 0.5) == pytest.approx(cuts[9])
    assert percentile(ordered, 0.95) == pytest.approx(cuts[18])


def test_the_percentile_of_one_is_itself_and_of_none_is_none():
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([], 0.5) is None
