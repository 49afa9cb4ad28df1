"""Slots: how many requests may be in flight at once. Their number may change while some are taken."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """A semaphore whose width may change; None is without limit. Who waits gets a slot in turn."""

    def __init__(self, width: int | None) -> None:
        self.width = width
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        return self.width is not None and self.taken >= self.width

    @property
    def free(self) -> bool:
        """Whether who comes now gets a slot at once."""
        return not self.full and not self._waiting

    @asynccontextmanager
    async def held(self) -> AsyncIterator[float]:
        """Holds a slot while the block lasts; gives how many seconds it took to get."""
        asked = time.perf_counter()
        await self.acquire()
        try:
            yield time.perf_counter() - asked
        finally:
            self.release()

    async def acquire(self) -> None:
        """Takes a slot, as soon as there is one."""
        if self.free:
            self.taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # it had been given its slot already
            raise

    def release(self) -> None:
        """Gives a slot back."""
        self.taken -= 1
        self._admit()

    def resize(self, width: int) -> None:
        """There are so many from now on; who is in flight stays so."""
        self.width = width
        self._admit()

    def _admit(self) -> None:
        while self._waiting and not self.full:
            turn = self._waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)
