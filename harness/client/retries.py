"""When to try again, and after how long; and the one loop that does."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, Protocol, Self, TypeVar

from harness.ask import Retries
from harness.told import Attempt, Failure

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


Permit = Callable[[], Awaitable[bool]]
"""Asked before each request goes out, whether it may."""


class Attempts(Protocol):
    """Each attempt as it ends; the next one is made when it is asked for."""

    def __aiter__(self) -> AsyncIterator[Attempt]:
        """Itself."""
        ...

    def __anext__(self) -> Awaitable[Attempt]:
        """The next attempt. Raises StopAsyncIteration after the last."""
        ...

    def aclose(self) -> Awaitable[None]:
        """There are no more."""
        ...


class Tried(Protocol):
    """What one request came to."""

    @property
    def failure(self) -> Failure | None:
        """Why it has no answer; None if it has one."""
        ...


T = TypeVar("T", bound=Tried)


class Asking(Generic[T]):
    """The attempts that `make` makes of a number and the seconds waited before it: the first, and retries of what is retryable.

    A class and no generator: asyncio keeps books on each of those, which takes more time than all that is done here.
    """

    def __init__(
        self,
        make: Callable[[int, float], Awaitable[T]],
        retries: Retries,
        rng: random.Random,
        permit: Permit | None = None,
    ) -> None:
        self._make, self._retries, self._rng, self._permit = make, retries, rng, permit
        self._number = 0
        self._wait_s: float | None = 0.0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        wait_s, self._wait_s = self._wait_s, None  # whatever breaks the attempt, it was the last
        if wait_s is None:
            raise StopAsyncIteration
        waited_s = 0.0
        if wait_s:
            begun = time.perf_counter()
            await asyncio.sleep(wait_s)
            waited_s = time.perf_counter() - begun
        if self._permit is not None and not await self._permit():
            raise StopAsyncIteration
        self._number += 1
        attempt = await self._make(self._number, waited_s)
        self._wait_s = wait_before_retry(attempt.failure, self._number, self._retries, self._rng)
        return attempt

    async def aclose(self) -> None:
        """Asks no more."""
        self._wait_s = None
