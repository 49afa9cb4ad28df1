"""A breaker's life by the numbers, and what it counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import WrongUse
from harness.routing.breaker import Breaker, BreakerOptions, blames
from harness.told import SIDES, Failure

OPTIONS = BreakerOptions(failures=3, window=5, open_s=10.0, most_open_s=35.0, probes=1, closes_after=2)


def opened(options=OPTIONS):
    breaker = Breaker(options)
    for _ in range(options.failures):
        breaker.end(True, 0.0)
    return breaker


def test_it_opens_after_so_many_failures_of_the_last_and_not_before():
    breaker = Breaker(OPTIONS)
    for failed in (True, True, False, False, False, True, True):
        breaker.end(failed, 0.0)
        assert breaker.state(0.0) == "closed"
    breaker.end(True, 0.0)
    assert breaker.state(0.0) == "open"
    assert breaker.opened == 1
    assert not breaker.admits(9.9)
    assert breaker.state(10.0) == "half_open"


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_the_most():
    breaker, now, waited = opened(), 0.0, []
    for _ in range(4):
        assert breaker.until is not None
        waited.append(breaker.until - now)
        now = breaker.until
        assert breaker.begin()
        assert not breaker.admits(now), "one probe at a time"
        breaker.end(True, now, probe=True)
    assert waited == [10.0, 20.0, 35.0, 35.0]
    assert breaker.opened == 1, "it was never closed in between"


def test_answered_probes_close_it_and_it_begins_anew():
    breaker = opened()
    for _ in range(2):
        assert breaker.state(11.0) == "half_open"
        breaker.end(False, 11.0, probe=breaker.begin())
    assert breaker.state(11.0) == "closed"
    breaker.end(True, 11.0)
    breaker.end(True, 11.0)
    assert breaker.state(11.0) == "closed", "what was before it opened is forgotten"
    breaker.end(True, 11.0)
    assert breaker.until == 21.0, "and so is how often it was probed"


def test_what_says_nothing_of_the_provider_is_no_outcome():
    breaker = opened()
    probe = breaker.begin()
    breaker.end(None, 11.0, probe=probe)
    assert breaker.admits(11.0), "another may probe"
    breaker.end(True, 11.0)
    assert breaker.until == 10.0, "who was asked before it opened does not count"
    blame = {kind: blames(Failure(kind, "")) for kind in SIDES}
    assert blame["server_error"] is blame["connect_refused"] is blame["auth"] is True
    assert blame["rate_limited"] is blame["content_filtered"] is blame["bad_request"] is blame["cancelled"] is None
    assert blames(None) is False


def test_what_asking_again_cannot_mend_opens_it_at_once_and_for_long():
    breaker = Breaker(OPTIONS)
    breaker.end(True, 0.0, lasting=True)
    assert breaker.until == 35.0


@given(st.lists(st.booleans(), max_size=60))
def test_it_is_open_exactly_from_when_the_window_held_so_many_failures(outcomes):
    breaker = Breaker(OPTIONS)
    for number, failed in enumerate(outcomes):
        breaker.end(failed, 0.0)
        full = any(sum(outcomes[max(0, end - 5) : end]) >= 3 for end in range(1, number + 2))
        assert (breaker.state(0.0) == "open") == full


@pytest.mark.parametrize(
    "wrong",
    [
        {"failures": 0},
        {"failures": 9, "window": 5},
        {"open_s": 0},
        {"open_s": 200.0},
        {"probes": 0},
        {"closes_after": 0},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(WrongUse):
        BreakerOptions(**wrong)
