"""A question on its way: its attempts, one after the other, retries included."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, Protocol, Self, TypeVar

from harness.ask import Retries
from harness.client.retries import wait_before_retry
from harness.told import Attempt, Failure

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
