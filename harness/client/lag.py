"""How late the event loop runs: the harness's own share in what it measures.

While attempts are in flight a timer of 5 ms is set again and again, and notes by how much it rings too late. An attempt takes the worst
lateness within its own time. By as much may bytes have waited for us in the system before they were stamped.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable

TICK_S = 0.005


class LagMonitor:
    """Started with the first attempt in flight, ended with the last. `enter` and `leave` go in pairs."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._in_flight = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        # Only lags that no later one exceeds: the worst since any moment is the first one after it.
        self._times: list[float] = []
        self._lags: list[float] = []

    def enter(self) -> float:
        """An attempt begins; its token for `leave` is the moment."""
        self._in_flight += 1
        now = self._clock()
        if self._timer is None:
            self._set(asyncio.get_running_loop(), now)
        return now

    def leave(self, since: float) -> float:
        """An attempt ends; the loop's worst lateness in seconds since it began, 0 or more."""
        now = self._clock()
        self.note(now, now - self._due)  # the tick that is due may be late because of what happened just now
        worst = self._lags[bisect_left(self._times, since)]
        self._in_flight -= 1
        if self._in_flight == 0:
            self.close()
        return worst

    def note(self, at: float, lag: float) -> None:
        """The loop was late by so much at that moment."""
        lag = max(lag, 0.0)
        while self._lags and self._lags[-1] <= lag:
            self._lags.pop()
            self._times.pop()
        self._lags.append(lag)
        self._times.append(at)

    def close(self) -> None:
        """Ends the watch, whatever is in flight."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._times.clear()
        self._lags.clear()

    def _set(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self._due = now + TICK_S
        self._timer = loop.call_later(TICK_S, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        now = self._clock()
        self.note(now, now - self._due)
        self._set(loop, now)
