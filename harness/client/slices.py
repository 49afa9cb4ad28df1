"""Work that is not on anybody's clock, a little at a time: while the loop does it, bytes of other answers wait for their stamp."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SLICE_S = 0.001
"""After so much of it the loop looks at its sockets. `saturated` begins at 5 ms."""


class Slices:
    """Does what it is given in the order in which it is given, and lets the loop turn in between."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self._in_line = 0
        self._spent_s = 0.0

    async def do(self, work: Callable[[], T]) -> T:
        """What the work returns. It is done at once where nobody waits and the slice is not used up."""
        if self._in_line == 0 and self._spent_s < SLICE_S:
            return self._timed(work)
        self._in_line += 1
        try:
            async with self._turn:
                if self._spent_s >= SLICE_S:
                    self._spent_s = 0.0
                    await asyncio.sleep(0)
                return self._timed(work)
        finally:
            self._in_line -= 1

    def _timed(self, work: Callable[[], T]) -> T:
        begun = self._clock()
        try:
            return work()
        finally:
            self._spent_s += self._clock() - begun
