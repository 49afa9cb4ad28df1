"""The deadlines of an attempt: to connect, for the first bytes of the body, between bytes, and for the whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from harness.ask import Deadlines


class Watch:
    """Within `async with`, raises TimeoutError when the deadline that is running has passed.

    Bytes move a deadline by a mere note: one timer looks now and then whether what it waits for was moved meanwhile.
    """

    def __init__(self, deadlines: Deadlines, clock: Callable[[], float], *, stream: bool) -> None:
        self._deadlines = deadlines
        self._stream = stream
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._rings = 0.0
        self._since = clock()
        self._end = self._since + deadlines.total_s
        self._name, self._seconds = "connect_timeout", deadlines.connect_s

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._set(self._clock())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    @property
    def kind(self) -> str:
        """The kind of failure if the deadline that is running passes."""
        return self._name if self._since + self._seconds < self._end else "timeout_total"

    def connected(self) -> None:
        """There is a connection: the first bytes of the body are waited for."""
        seconds = self._deadlines.first_token_s if self._stream else self._deadlines.total_s
        self._next("timeout_first_token", seconds, self._clock())

    def received(self, at: float) -> None:
        """Bytes of the body came at that moment: the next ones are waited for."""
        if self._name == "timeout_stall":
            self._since = at
        else:
            self._next("timeout_stall", self._deadlines.stall_s, at)

    def asks(self) -> None:
        """The server is asked how far it is, which takes no work: it owes an answer as soon as more of a stream."""
        self._next("timeout_stall", self._deadlines.stall_s, self._clock())

    def works(self) -> None:
        """The server has said that it works on; it may, as long as the whole may take."""
        self._next("timeout_first_token", self._deadlines.total_s, self._clock())

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
        if self._due() < self._rings:
            self._set(at)

    def _due(self) -> float:
        return min(self._since + self._seconds, self._end)

    def _set(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = self._due()
        self._timer = self._loop.call_later(self._rings - now, self._look)

    def _look(self) -> None:
        now = self._clock()
        if self._due() > now:
            self._set(now)
        else:
            self._timeout.reschedule(self._loop.time())
