from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulate.bends import BENDS
from harness.simulate.faults import FAULTS, Bent, Cut, Refusal, Slow, drawn, forced


def test_every_bend_is_one_that_there_is_and_each_is_shown_by_a_fault():
    assert {fault.act.how for fault in FAULTS.values() if isinstance(fault.act, Bent)} == set(BENDS)


def test_each_fault_says_what_it_is():
    assert len({fault.says for fault in FAULTS.values()}) == len(FAULTS)


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
    limited, cut = FAULTS["rate_limited"].act, FAULTS["stream_truncated"].act
    assert isinstance(limited, Refusal)
    assert (limited.status, limited.headers["retry-after"]) == (429, "1")
    assert isinstance(cut, Cut)
    assert cut.after == pytest.approx(0.5)


def test_the_header_names_a_fault_and_may_hurry_a_slow_one():
    assert forced("overloaded") is FAULTS["overloaded"]
    hasty = replace(FAULTS["slow_headers"], act=Slow("head", 0.01))
    assert forced(" slow_headers ; pause_s=0.01 ") == hasty


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("gremlins", "no fault is called 'gremlins'; there are rate_limited, "),
        ("overloaded;pause_s=1", "only slow faults have one"),
        ("hang;colour=red", "only slow faults have one"),
        ("hang;pause_s=soon", "must be a number of seconds"),
        ("hang;pause_s=-1", "must be a number of seconds"),
        ("hang;pause_s=inf", "must be a number of seconds"),
    ],
)
def test_a_header_that_names_no_fault_is_told_what_would(value, complaint):
    with pytest.raises(ValueError, match=complaint):
        forced(value)
