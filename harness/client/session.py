"""What belongs to one event loop while a client is open: connections, slots, the watch over the loop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from harness.ask import Limits, Provider, Trial
from harness.client.aside import Aside
from harness.client.calls import Facts, read, through_litellm
from harness.client.lag import LagMonitor
from harness.client.limits import Gate, Pace, Waited, about_tokens
from harness.client.translate import Request
from harness.client.transport import Transport
from harness.client.via_litellm import MOST_AT_ONCE, close_clients


@dataclass(frozen=True, slots=True)
class Called:
    """One call: its facts, how long it waited, when it went out (monotonic seconds), how late the loop ran meanwhile."""

    facts: Facts
    waited: Waited
    started: float
    lag_s: float = 0.0


class Session:
    """Sends requests within our limits, and watches the loop while they are in flight. `paces` outlive the session."""

    def __init__(self, paces: dict[str, Pace]) -> None:
        self._paces = paces
        self._gates: dict[str, Gate] = {}
        self._through_litellm = Gate(Limits(MOST_AT_ONCE), Pace())
        self._aside = Aside(close_clients)
        self._transport = Transport()
        self._lag = LagMonitor()

    async def call(self, trial: Trial, request: Request | None) -> Called:
        """Waits for its turn, sends the request (None: has litellm call) and reads the answer, off the clock."""
        tokens = about_tokens(trial.case.prompt, trial.params)
        async with AsyncExitStack() as slots:
            waited = await slots.enter_async_context(self._gate(trial).entered(tokens))
            if request is None:
                narrow = await slots.enter_async_context(self._through_litellm.entered(tokens))
                waited = Waited(waited.queue_s + narrow.queue_s, waited.throttle_s)
            started, lag_s = self._lag.enter(), 0.0
            try:
                reading = await self._send(trial, request)
            finally:
                lag_s = self._lag.leave(started)
        return Called(reading(), waited, started, lag_s)

    async def warm(self, provider: Provider, request: Request, connections: int) -> int:
        """Opens connections before they are needed; how many there are."""
        return await self._transport.warm(request, connections, provider.deadlines.connect_s)

    async def _send(self, trial: Trial, request: Request | None) -> Callable[[], Facts]:
        """Asks; what it returns reads the answer."""
        if request is None:
            facts = await through_litellm(self._aside, trial)
            return lambda: facts
        exchange = await self._transport.exchange(request, trial.provider.deadlines)
        return lambda: read(request, exchange, trial.provider)

    async def aclose(self) -> None:
        """Closes the connections and ends the watch."""
        self._lag.close()
        await self._transport.aclose()
        await self._aside.aclose()

    def _gate(self, trial: Trial) -> Gate:
        provider = trial.provider
        if provider.name not in self._gates:
            pace = self._paces.setdefault(provider.name, Pace())
            self._gates[provider.name] = Gate(provider.limits, pace)
        return self._gates[provider.name]
