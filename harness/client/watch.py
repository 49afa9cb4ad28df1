"""The deadlines of an attempt: to connect, for the first bytes of the body, between bytes, and for the whole."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from typing import Self

from harness.ask import Deadlines


class Watchman:
    """Has one timer for all attempts that are under way, which rings when the first of their deadlines may have passed.

    Bytes move a deadline by a mere note: whether what the timer waits for was moved meanwhile is seen when it rings.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._watches: set[Watch] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings = math.inf

    def add(self, watch: Watch) -> None:
        """From now on the watch is looked at."""
        self._watches.add(watch)
        self.expect(watch.due)

    def discard(self, watch: Watch) -> None:
        """It is looked at no more."""
        self._watches.discard(watch)

    def expect(self, due: float) -> None:
        """A deadline passes at that moment, perhaps before all others."""
        if due < self._rings:
            self._set(due)

    def close(self) -> None:
        """Nothing is looked at any more."""
        self._watches.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, rings: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = rings
        self._timer = asyncio.get_running_loop().call_later(max(0.0, rings - self.clock()), self._look)

    def _look(self) -> None:
        now, self._timer, self._rings = self.clock(), None, math.inf
        for watch in [one for one in self._watches if one.due <= now]:
            self._watches.discard(watch)
            watch.expire()
        if self._watches:
            self._set(min(watch.due for watch in self._watches))


class Watch:
    """Within `async with`, raises TimeoutError when the deadline that is running has passed."""

    def __init__(self, deadlines: Deadlines, watchman: Watchman, *, stream: bool) -> None:
        self._deadlines = deadlines
        self._watchman = watchman
        self._stream = stream
        self._timeout = asyncio.timeout(None)
        self._since = watchman.clock()
        self._end = self._since + deadlines.total_s
        self._name, self._seconds = "connect_timeout", deadlines.connect_s

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._watchman.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchman.discard(self)
        await self._timeout.__aexit__(kind, error, trace)

    @property
    def due(self) -> float:
        """When the deadline that is running passes."""
        return min(self._since + self._seconds, self._end)

    def expire(self) -> None:
        """It has passed."""
        self._timeout.reschedule(asyncio.get_running_loop().time())

    @property
    def kind(self) -> str:
        """The kind of failure if the deadline that is running passes."""
        return self._name if self._since + self._seconds < self._end else "timeout_total"

    def connected(self) -> None:
        """There is a connection: the first bytes of the body are waited for."""
        seconds = self._deadlines.first_token_s if self._stream else self._deadlines.total_s
        self._next("timeout_first_token", seconds, self._watchman.clock())

    def received(self, at: float) -> None:
        """Bytes of the body came at that moment: the next ones are waited for."""
        if self._name == "timeout_stall":
            self._since = at
        else:
            self._next("timeout_stall", self._deadlines.stall_s, at)

    def asks(self) -> None:
        """The server is asked how far it is, which takes no work: it owes an answer as soon as more of a stream."""
        self._next("timeout_stall", self._deadlines.stall_s, self._watchman.clock())

    def works(self) -> None:
        """The server has said that it works on; it may, as long as the whole may take."""
        self._next("timeout_first_token", self._deadlines.total_s, self._watchman.clock())

    def said(self) -> str:
        """What was waited for, in vain, for how long."""
        waited = {
            "connect_timeout": ("no connection", self._deadlines.connect_s),
            "timeout_first_token": ("no answer", self._deadlines.first_token_s),
            "timeout_stall": ("nothing more", self._deadlines.stall_s),
            "timeout_total": ("not the whole answer", self._deadlines.total_s),
        }
        what, seconds = waited[self.kind]
        return f"{what} within {seconds:g} s"

    def _next(self, name: str, seconds: float, at: float) -> None:
        self._name, self._seconds, self._since = name, seconds, at
        self._watchman.expect(self.due)
