import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulate.faults import FAULTS, Cut, Refusal, drawn
from harness.told import SIDES


def test_faults_are_named_as_the_failures_that_they_are():
    assert set(FAULTS) <= set(SIDES)


def test_each_fault_has_its_share_of_the_unit_interval():
    rates = {"rate_limited": 0.1, "stream_truncated": 0.2}
    assert drawn(rates, 0.0) is FAULTS["rate_limited"]
    assert drawn(rates, 0.0999) is FAULTS["rate_limited"]
    assert drawn(rates, 0.1001) is FAULTS["stream_truncated"]
    assert drawn(rates, 0.2999) is FAULTS["stream_truncated"]
    assert drawn(rates, 0.3001) is None


@given(st.floats(0, 1, exclude_max=True))
def test_without_rates_nothing_fails_and_with_a_rate_of_one_everything_does(chance):
    assert drawn({}, chance) is None
    assert drawn({"overloaded": 0.0}, chance) is None
    assert drawn({"overloaded": 1.0}, chance) is FAULTS["overloaded"]


def test_a_rate_limit_says_when_to_come_again_and_a_cut_stands_in_the_middle():
    limited, cut = FAULTS["rate_limited"], FAULTS["stream_truncated"]
    assert isinstance(limited, Refusal)
    assert (limited.status, limited.headers["retry-after"]) == (429, "1")
    assert isinstance(cut, Cut)
    assert cut.after == pytest.approx(0.5)
