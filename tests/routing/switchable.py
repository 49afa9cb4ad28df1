"""Providers on loopback over real HTTP that can be switched: well, failing, hanging, cutting their streams, gone."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from harness.ask import Prices, Provider, Retries, Secret
from harness.judged import Estimate, Percentiles, Route, RoutingTable, Standing
from harness.registry import ModelFacts
from harness.routing.known import Candidate
from tests.client.server import DONE, completion, delta

KEY = Secret("sk-test-0123456789abcdefKEY")

REFUSALS: Mapping[str, tuple[int, str, Mapping[str, str]]] = {
    "500": (500, "The server had an error", {}),
    "429": (429, "slow down", {"retry-after": "30"}),
    "401": (401, "Incorrect API key provided", {}),
}


def looped(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The test, on an event loop of its own."""

    @functools.wraps(test)
    def run(*given: Any, **named: Any) -> None:
        asyncio.run(test(*given, **named))

    return run


@dataclass
class Service:
    """One provider. `mode` is what it does with the next request; `asked` counts them."""

    name: str
    mode: str = "well"
    asked: int = 0
    url: str = ""
    _runner: web.AppRunner | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        stream = (await request.json()).get("stream", False)
        if self.mode in REFUSALS:
            status, message, headers = REFUSALS[self.mode]
            return web.json_response({"error": {"message": message}}, status=status, headers=headers)
        if self.mode == "empty":
            return web.Response(body=delta(finish="stop") + DONE, content_type="text/event-stream")
        if self.mode == "hang":
            await asyncio.sleep(30)
        if request.path.endswith("/embeddings"):
            return web.json_response(
                {"data": [{"index": 0, "embedding": [0.5, 0.25]}], "model": "e", "usage": {"prompt_tokens": 3}}
            )
        if not stream:
            return web.json_response(completion(f"by {self.name}"))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(delta("by ", role="assistant"))
        if self.mode == "cut":
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(delta(self.name) + delta(finish="stop") + DONE)
        return response

    async def start(self) -> None:
        """Listens, at the address where it did before."""
        if self._runner is not None:
            return
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.handle)
        app.router.add_post("/v1/embeddings", self.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Nobody listens any more: connections are refused."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def candidate(self, place: int = 0, **more: object) -> Candidate:
        fields = {"retries": Retries(0), "prices": Prices(1e-6, 2e-6), **more}
        facts = fields.pop("facts", ModelFacts())
        measured = fields.pop("measured", {})
        one = Provider(self.name, "openai/gpt-4o-mini", KEY, f"{self.url}/v1", **fields)  # type: ignore[arg-type]
        return Candidate(one, facts, measured, place)  # type: ignore[arg-type]


@asynccontextmanager
async def services(*names: str) -> AsyncIterator[list[Service]]:
    made = [Service(name) for name in names]
    try:
        for one in made:
            await one.start()
        yield made
    finally:
        for one in made:
            await one.stop()


def table(weights: dict[str, dict[str, float]], *, simulated: bool = False) -> RoutingTable:
    """Routes with these weights by capability."""
    routes = tuple(
        Route(name, "hold", shares, max(shares, key=lambda one: shares[one]), None, None, None, None, "said so")
        for name, shares in weights.items()
    )
    return RoutingTable(routes, "quality", 0.0, 0.8, 30.0, (), {}, (), simulated, datetime(2026, 11, 21, tzinfo=UTC))


def standing(
    provider: str, quality: float, *, capability: str = "all", cost: float | None = None, p50: float | None = None
) -> Standing:
    return Standing(
        provider, capability, False, 100, 100, 0, 0, Estimate(quality, 100), quality, None,
        latency=Percentiles(p50=Estimate(p50, 100) if p50 is not None else None), cost_per_call=cost,
    )  # fmt: skip
