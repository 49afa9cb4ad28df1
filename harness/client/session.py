"""What belongs to one event loop while a client is open: connections, slots, the watch over the loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.ask import Provider, Trial
from harness.client.aside import Aside
from harness.client.calls import Facts, read, through_litellm
from harness.client.lag import LagMonitor
from harness.client.limits import Accounts, Gates, Heard, Need, Slots, Waited, about
from harness.client.listening import LISTENER
from harness.client.slices import Slices
from harness.client.translate import Request
from harness.client.transport import Exchange, Transport
from harness.client.via_litellm import MOST_AT_ONCE, close_clients
from harness.told import Failure, Usage

T = TypeVar("T")


@dataclass(slots=True)
class Called:
    """One call: its facts, how long it waited, when it went out (monotonic seconds), how late the loop ran meanwhile."""

    facts: Facts
    waited: Waited
    started: float
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """What came of a request that is no question: how long it waited, how late the loop ran meanwhile, the value or the failure."""

    exchange: Exchange
    waited: Waited
    lag_s: float
    value: T | None = None
    failure: Failure | None = None


Reader = Callable[[Exchange], tuple[T | None, Failure | None]]
"""Reads what came: a value, or why there is none."""


class Session:
    """Sends requests within our limits, and watches the loop while they are in flight. `accounts` outlive the session."""

    def __init__(self, accounts: Accounts) -> None:
        self._gates = Gates(accounts)
        self._through_litellm = Slots(MOST_AT_ONCE)
        self._aside = Aside(close_clients)
        self._transport = Transport()
        self._lag = LagMonitor()
        self._slices = Slices()

    async def call(self, trial: Trial, request: Request | None) -> Called:
        """Waits for its turn, sends the request (None: has litellm call) and reads the answer, off the clock."""
        gate, need = self._gates.of(trial.provider), about(trial.case.prompt, trial.params)
        narrow = nullcontext(0.0) if request is not None else self._through_litellm.held()
        place = await gate.enter(need)
        try:
            async with narrow as narrow_s:
                started, lag_s = self._lag.enter(), 0.0
                try:
                    reading = await self._send(trial, request)
                finally:
                    lag_s = self._lag.leave(started)
        finally:
            gate.leave()
        facts, waited = await self._slices.do(reading), place.waited
        gate.heard(place, Heard(facts.headers, _tokens(facts.decoded.usage), facts.decoded.failure))
        return Called(facts, Waited(waited.queue_s + narrow_s, waited.throttle_s), started, lag_s)

    async def warm(self, provider: Provider, request: Request, connections: int) -> int:
        """Opens connections before they are needed; how many there are."""
        return await self._transport.warm(request, connections, provider.deadlines.connect_s)

    async def _send(self, trial: Trial, request: Request | None) -> Callable[[], Facts]:
        """Asks; what it returns reads the answer."""
        listener = LISTENER.get()
        if request is None:
            facts = await through_litellm(self._aside, trial, listener)
            return lambda: facts
        if listener is not None:
            listener.asked(request)
        exchange = await self._transport.exchange(
            request, trial.provider.deadlines, None if listener is None else listener.heard
        )
        return lambda: read(request, exchange, trial.provider)

    async def fetch(self, provider: Provider, request: Request, need: Need, read: Reader[T]) -> Fetched[T]:
        """Waits for its turn and sends a request that is no question: for embeddings, for a listing of models.

        What the headers tell of limits is not held against questions: providers count these by the model.
        """
        gate = self._gates.of(provider)
        async with gate.entered(need) as place:
            started, lag_s = self._lag.enter(), 0.0
            try:
                exchange = await self._transport.exchange(request, provider.deadlines)
            finally:
                lag_s = self._lag.leave(started)
        value, why = read(exchange)
        gate.heard(place, Heard({}, failure=why))
        return Fetched(exchange, place.waited, lag_s, value, why)

    async def beside(self, provider: Provider, need: Need, asking: Coroutine[Any, Any, T]) -> tuple[T, Waited]:
        """Waits for its turn and awaits what litellm asks by itself, on a loop of its own."""
        async with self._gates.of(provider).entered(need) as place, self._through_litellm.held() as narrow_s:
            waited = place.waited
            return await self._aside.run(asking), Waited(waited.queue_s + narrow_s, waited.throttle_s)

    async def aclose(self) -> None:
        """Closes the connections and ends the watch."""
        self._lag.close()
        await self._transport.aclose()
        await self._aside.aclose()


def _tokens(usage: Usage) -> int | None:
    """All tokens of a call; None if they are not known."""
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    return usage.prompt_tokens + usage.completion_tokens
