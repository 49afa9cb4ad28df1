"""The gate: where requests to one provider wait for a slot and for the rates, its own and those of its account."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from harness.client.limits.adaptive import Search
from harness.client.limits.rates import Need, Rates
from harness.client.limits.slots import Slots
from harness.client.limits.told import Told, notices
from harness.client.retries import LONGEST_WAIT_S
from harness.told import Failure

LOOKS_EVERY_S = 0.5
"""What is heard meanwhile may shorten a wait, so it is looked again this often."""


@dataclass(slots=True)
class Waited:
    """How long a request waited: for a free slot, and for the rate."""

    queue_s: float
    throttle_s: float


@dataclass(slots=True)
class Place:
    """A request on its way: what it waited, what it is thought to take, when it went out (monotonic seconds), whether it took the last slot."""

    waited: Waited
    need: Need
    sent_at: float
    full: bool


@dataclass(slots=True)
class Heard:
    """What the end of a request tells: the answer's headers, the tokens that it took (None: unknown), how it failed."""

    headers: Mapping[str, str]
    tokens: int | None = None
    failure: Failure | None = None


@dataclass(slots=True)
class Lane:
    """The slots and rates of a provider, or of an account that several share; who waits for the rates stands in line.

    `blocked_s` is for how long in all the first in line has waited for a slot: those behind it did so too. `in_line` counts them all.
    """

    slots: Slots
    rates: Rates
    line: asyncio.Lock = field(default_factory=asyncio.Lock)
    blocked_s: float = 0.0
    in_line: int = 0


class Gate:
    """A provider's way out. One event loop; the rates, what was told and the search outlive it."""

    def __init__(
        self,
        own: Lane,
        account: Lane,
        told: Told | None = None,
        search: Search | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._own, self._account = own, account
        self._told = told or Told()
        self._search = search
        self._clock = clock

    @asynccontextmanager
    async def entered(self, need: Need) -> AsyncIterator[Place]:
        """Holds a slot for one request that takes about so much."""
        place = await self.enter(need)
        try:
            yield place
        finally:
            self.leave()

    async def enter(self, need: Need) -> Place:
        """Waits for a slot for one request that takes about so much; `leave` gives it back. `entered` does both, and takes longer."""
        asked = self._clock()
        await self._own.slots.acquire()
        try:
            got, blocked_s = self._clock(), self._account.blocked_s
            full = self._own.slots.full
            waited = not self._at_once(need) and await self._in_line(need)
        except BaseException:
            self._own.slots.release()
            raise
        now = self._clock()
        blocked_s = min(self._account.blocked_s - blocked_s, now - got)
        throttle_s = now - got - blocked_s if waited else 0.0
        return Place(Waited(got - asked + blocked_s, throttle_s), need, now, full)

    def leave(self) -> None:
        """The request has ended."""
        self._account.slots.release()
        self._own.slots.release()

    def heard(self, place: Place, end: Heard) -> None:
        """A request has ended: what its answer tells holds for those that follow."""
        now = self._clock()
        self._told.hear(notices(end.headers, datetime.now(UTC)), place.sent_at, now)
        if end.tokens is not None:
            for lane in (self._own, self._account):
                lane.rates.pace.correct(end.tokens - place.need.total)
        limited = end.failure is not None and end.failure.kind == "rate_limited"
        if end.failure is not None and limited and (end.failure.retry_after_s or 0.0) <= LONGEST_WAIT_S:
            self._account.rates.pause(end.failure.retry_after_s or 0.0, now)
        if self._search is not None:
            if limited:
                self._search.refused(place.sent_at, now)
            elif end.failure is None:
                self._search.answered(place.sent_at, now, full=place.full)
            self._own.slots.resize(self._search.width)

    def _at_once(self, need: Need) -> bool:
        """Whether the request could go: nobody is in line, and there is nothing to wait for. It then has a slot of the account."""
        own, account = self._own, self._account
        if own.in_line or account.in_line or not account.slots.free:
            return False
        now = self._clock()
        if max(self._wait(need, now), account.rates.wait(now)) > 0:
            return False
        account.slots.taken += 1
        self._take(need)
        return True

    async def _in_line(self, need: Need) -> bool:
        """As `_turn`, counted while it lasts."""
        lanes = (self._own, self._account)
        for lane in lanes:
            lane.in_line += 1
        try:
            return await self._turn(need)
        finally:
            for lane in lanes:
                lane.in_line -= 1

    async def _turn(self, need: Need) -> bool:
        """Waits until both rates, and what the server has told, let a request go; takes a slot of the account. Whether it had to wait."""
        own, account = self._own, self._account
        waited, begun = own.line.locked(), self._clock()
        async with own.line:
            while True:
                waited = await _until(lambda: self._wait(need, begun)) or waited or account.line.locked()
                async with account.line:
                    await self._slot()
                    try:
                        waited = await _until(lambda: account.rates.wait(self._clock())) or waited
                        if self._wait(need, begun) <= 0:
                            self._take(need)
                            return waited
                    except BaseException:
                        account.slots.release()
                        raise
                    account.slots.release()

    async def _slot(self) -> None:
        if not self._account.slots.full:
            await self._account.slots.acquire()
            return
        begun = self._clock()
        try:
            await self._account.slots.acquire()
        finally:
            self._account.blocked_s += self._clock() - begun

    def _wait(self, need: Need, begun: float) -> float:
        """Seconds until the provider's own rates allow a request, and what was told; the server's word alone is heeded up to a limit."""
        now = self._clock()
        told_s = self._told.wait(need, now) if now - begun < LONGEST_WAIT_S else 0.0
        return max(self._own.rates.wait(now), told_s)

    def _take(self, need: Need) -> None:
        now = self._clock()
        self._told.take(need, now)
        for lane in (self._own, self._account):
            lane.rates.pace.take(need.total, now)


async def _until(wait: Callable[[], float]) -> bool:
    """Sleeps as long as `wait` says seconds above 0; whether there was anything to wait for."""
    waited = False
    while (seconds := wait()) > 0:
        waited = True
        await asyncio.sleep(min(seconds, LOOKS_EVERY_S))
    return waited
