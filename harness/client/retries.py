"""When to try again, and after how long."""

from __future__ import annotations

import random

from harness.ask import Retries
from harness.told import Failure

LONGEST_WAIT_S = 60.0
"""No wait is longer; a provider that asks for more by Retry-After is not asked again."""


def wait_before_retry(failure: Failure | None, number: int, retries: Retries, rng: random.Random) -> float | None:
    """Seconds to wait after attempt `number` (from 1) before the next; None if there is none.

    Full jitter: evenly between 0 and delay_s · 2^(number − 1), after Retry-After if there is one, so that not all who were refused together come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    if failure is None or not failure.retryable or number > retries.max_retries:
        return None
    asked = failure.retry_after_s or 0.0
    if asked > LONGEST_WAIT_S:
        return None
    return asked + rng.uniform(0.0, min(LONGEST_WAIT_S - asked, retries.delay_s * 2.0 ** (number - 1)))
