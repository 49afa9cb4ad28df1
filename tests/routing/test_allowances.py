"""What users and labels may take, by the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import OverLimit, WrongUse
from harness.routing import allowances
from harness.routing.allowances import Allowance, Allowances

ANN, BOB = {"user": "ann"}, {"user": "bob"}


def test_each_user_has_a_budget_and_one_has_another():
    all_ = Allowances({"user": Allowance(usd=1.0, period_s=60.0), "user:bob": Allowance(usd=5.0, period_s=None)})
    purse = all_.enter(ANN, 0.0)
    assert purse
    assert purse.lacks(0.9, 0.0) is None
    purse.hold(0.9)
    lacking = purse.lacks(0.2, 0.0)
    assert lacking is not None
    assert lacking.name == "user:ann"
    assert "$0.900000 set aside, and this may cost $0.200000; it begins anew in 60 s" in str(
        allowances.over(lacking, 0.0, 0.2)
    )
    purse.settle(0.9, 1.0)
    with pytest.raises(OverLimit) as error:
        all_.enter(ANN, 10.0)
    assert error.value.retry_after_s == 50.0
    assert all_.enter(ANN, 60.0), "a new period"
    bob = all_.enter(BOB, 0.0)
    assert bob
    bob.hold(5.0)
    bob.settle(5.0, 5.0)
    with pytest.raises(OverLimit) as error:
        all_.enter(BOB, 1e9)
    assert error.value.retry_after_s is None
    assert all_.spent() == {"user:ann": 0.0, "user:bob": 5.0}
    assert all_.enter({"team": "blue"}, 0.0) is not None
    assert all_.enter({}, 0.0) is None


@given(st.integers(1, 50), st.lists(st.floats(0.0, 2.0), min_size=1, max_size=200))
def test_no_minute_holds_more_than_twice_the_rate_and_the_long_run_keeps_to_it(rpm, gaps):
    all_, now, allowed, waits = Allowances({"user": Allowance(rpm=rpm)}), 0.0, 0, [1.0 / rpm]
    for gap in gaps:
        now += gap
        try:
            all_.enter(ANN, now)
            allowed += 1
        except OverLimit as error:
            waits.append(error.retry_after_s or 0.0)
    assert all(0 < wait_s <= 60.0 / rpm + 1e-6 for wait_s in waits)
    assert allowed <= rpm + now * rpm / 60.0 + 1e-6


def test_those_who_are_idle_are_forgotten(monkeypatch):
    monkeypatch.setattr(allowances, "MOST_ACCOUNTS", 3)
    all_ = Allowances({"user": Allowance(usd=1.0, rpm=1)})
    spender = all_.enter({"user": "spender"}, 0.0)
    assert spender
    spender.settle(0.0, 0.5)
    for number in range(5):
        all_.enter({"user": f"u{number}"}, 100.0 * number)
    assert "user:spender" in all_.spent()
    assert len(all_.spent()) <= 3


@pytest.mark.parametrize("wrong", [{"rpm": 0}, {"usd": -1.0}, {"usd": float("inf")}, {"period_s": 0.0}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(WrongUse):
        Allowance(**wrong)
