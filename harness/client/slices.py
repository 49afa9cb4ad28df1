"""Work that is not on anybody's clock, a little at a time: while the loop does it, bytes of other answers wait for their stamp."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

SLICE_S = 0.001
"""After so much of it the loop looks at its sockets. `saturated` begins at 5 ms."""


class Slices:
    """Does what it is given in the order in which it is given, no more than a slice of it in each turn of the loop."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._turning = False
        self._spent_s = 0.0

    async def do(self, work: Callable[[], T]) -> T:
        """What the work returns. It is done at once where nobody waits and the slice of this turn is not used up."""
        if not self._waiting and self._spent_s < SLICE_S:
            return self._timed(work)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        return await done

    def _timed(self, work: Callable[[], T]) -> T:
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)
        begun = self._clock()
        try:
            return work()
        finally:
            self._spent_s += self._clock() - begun

    def _turn(self) -> None:
        """The loop has looked at its sockets: the next slice."""
        self._turning, self._spent_s = False, 0.0
        while self._waiting and self._spent_s < SLICE_S:
            work, done = self._waiting.popleft()
            if done.done():  # whoever waited was cancelled
                continue
            try:
                done.set_result(self._timed(work))
            except Exception as error:  # noqa: BLE001 - it is for whoever waits
                done.set_exception(error)
