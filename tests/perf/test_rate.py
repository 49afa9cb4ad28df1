"""The rate that a server sees from a client that is limited to 120 requests a minute, on the real clock: 75 s when measured."""

import asyncio
import time
from bisect import bisect_left

import pytest
from aiohttp import web

from harness.ask import Limits
from harness.client import Client
from tests.client.server import completion, provider

RPM = 120
SPAN_S = {True: 75.0, False: 0.0}
"""How long the client asks: when it is measured, and when this is a test among others."""


async def seen(seconds: float) -> list[float]:
    """When requests came in at a server whose client is asked without end by 8 workers, for so long."""
    came: list[float] = []

    async def answer(_request: web.Request) -> web.Response:
        came.append(time.perf_counter())
        return web.json_response(completion())

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    end = time.perf_counter() + seconds
    async with Client() as client:

        async def work() -> None:
            asked = provider(url, limits=Limits(max_concurrency=8, rpm=RPM if seconds else None))
            while True:
                attempt = await client.ask(asked, "hi", stream=False)
                assert attempt.ok, attempt.failure
                if time.perf_counter() >= end:
                    return

        await asyncio.gather(*(work() for _ in range(8)))
    await runner.cleanup()
    return came


@pytest.mark.benchmark(group="120 requests a minute, for 75 s")
def test_any_minute_at_the_server_holds_at_most_the_rate_and_nearly_that(benchmark):
    """At most 120 requests in any 60 s, and at least 115, counted where they arrive."""
    span_s = SPAN_S[bool(benchmark.enabled)]
    came = benchmark.pedantic(lambda: asyncio.run(seen(span_s)), rounds=1)
    assert len(came) >= 8
    counts = [bisect_left(came, start + 60) - place for place, start in enumerate(came) if start + 60 <= came[-1]]
    benchmark.extra_info["least and most in a minute"] = (min(counts, default=0), max(counts, default=0))
    assert all(115 <= count <= RPM for count in counts)
    assert counts or not span_s
