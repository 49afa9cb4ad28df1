import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Retries
from harness.client.failures import failure
from harness.client.retries import LONGEST_WAIT_S, wait_before_retry

RNG = random.Random(1)
BUSY = failure("overloaded", "x")


@given(st.integers(1, 12), st.floats(0, 100))
def test_the_wait_is_within_the_doubling_delay_and_the_longest_wait(number, delay):
    wait = wait_before_retry(BUSY, number, Retries(20, delay), RNG)
    assert wait is not None
    assert 0 <= wait <= min(LONGEST_WAIT_S, delay * 2 ** (number - 1))


@pytest.mark.parametrize("asked", [0.0, 3.0, LONGEST_WAIT_S])
def test_retry_after_is_obeyed(asked):
    wait = wait_before_retry(failure("rate_limited", "x", retry_after_s=asked), 1, Retries(1, 0.1), RNG)
    assert wait is not None
    assert asked <= wait <= min(asked + 0.1, LONGEST_WAIT_S)


def test_who_asks_for_more_than_the_longest_wait_is_not_asked_again():
    assert wait_before_retry(failure("rate_limited", "x", retry_after_s=61.0), 1, Retries(5), RNG) is None


def test_only_what_is_retryable_is_tried_again_and_only_so_often():
    assert wait_before_retry(None, 1, Retries(5), RNG) is None
    assert wait_before_retry(failure("auth", "x"), 1, Retries(5), RNG) is None
    assert wait_before_retry(BUSY, 2, Retries(2), RNG) is not None
    assert wait_before_retry(BUSY, 3, Retries(2), RNG) is None
    assert wait_before_retry(BUSY, 1, Retries(0), RNG) is None
