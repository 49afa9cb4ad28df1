"""How late the event loop runs: the harness's own share in what it measures.

While attempts are in flight one task sleeps 5 ms again and again and notes by how much it wakes too late. An attempt takes the worst
lateness within its own time.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress

TICK_S = 0.005


class LagMonitor:
    """Started with the first attempt in flight, ended with the last. `enter` and `leave` go in pairs."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._in_flight = 0
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0
        # Only lags that no later one exceeds: the worst since any moment is the first one after it.
        self._times: list[float] = []
        self._lags: list[float] = []

    def enter(self) -> float:
        """An attempt begins; its token for `leave` is the moment."""
        self._in_flight += 1
        if self._task is None:
            self._due = self._clock() + TICK_S
            self._task = asyncio.get_running_loop().create_task(self._watch())
        return self._clock()

    def leave(self, since: float) -> float:
        """An attempt ends; the loop's worst lateness in seconds since it began, 0 or more."""
        now = self._clock()
        self.note(now, now - self._due)  # the tick that is due may be late because of what happened just now
        worst = self._lags[bisect_left(self._times, since)]
        self._in_flight -= 1
        if self._in_flight == 0:
            self._stop()
        return worst

    def note(self, at: float, lag: float) -> None:
        """The loop was late by so much at that moment."""
        lag = max(lag, 0.0)
        while self._lags and self._lags[-1] <= lag:
            self._lags.pop()
            self._times.pop()
        self._lags.append(lag)
        self._times.append(at)

    async def aclose(self) -> None:
        """Ends the watch, whatever is in flight."""
        task = self._task
        self._stop()
        if task is not None:
            with suppress(asyncio.CancelledError):
                await task

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._times.clear()
        self._lags.clear()

    async def _watch(self) -> None:
        while True:
            self._due = self._clock() + TICK_S
            await asyncio.sleep(TICK_S)
            now = self._clock()
            self.note(now, now - self._due)
