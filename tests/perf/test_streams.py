"""CPU for a stream of 100 tokens: sent, stamped and decoded by us, beside plain aiohttp's `iter_any` in the same process and run."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median

import aiohttp
import pytest

from harness.ask import Prompt
from harness.client.calls import read
from harness.client.templates import Translator
from harness.client.transport import Transport
from tests.client.server import provider
from tests.perf.paced_server import WORD, serving

AT_ONCE = 16
STREAMS = {True: 10 * AT_ONCE, False: 4}
"""How many streams a round takes: when it is measured, and when this is a test among others."""
TOKENS, GAP_S = 100, {True: 0.005, False: 0.001}


async def cpu_s(ask: Callable[[], Awaitable[None]], streams: int) -> float:
    """CPU of this process for each of so many streams, 16 at once."""
    left = iter(range(streams))

    async def work() -> None:
        for _ in left:
            await ask()

    begun = time.process_time()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return (time.process_time() - begun) / streams


async def beside(url: str, streams: int) -> tuple[float, float]:
    """CPU seconds for a stream: plain aiohttp's, ours."""
    asked = provider(url.removesuffix("/v1"))
    request = Translator().request(asked, Prompt(({"role": "user", "content": "hi"},)), {}, stream=True)
    assert request
    transport = Transport()

    async def ours() -> None:
        facts = read(request, await transport.exchange(request, asked.deadlines), asked)
        assert facts.decoded.failure is None
        assert facts.decoded.reply.text == WORD * TOKENS

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def plain() -> None:
            async with session.post(request.url, data=request.body, headers=request.headers) as response:
                async for _data in response.content.iter_any():
                    pass

        try:
            return await cpu_s(plain, streams), await cpu_s(ours, streams)
        finally:
            await transport.aclose()


@pytest.mark.benchmark(group=f"a stream of 100 tokens, {AT_ONCE} at once", min_rounds=1)
def test_streams(benchmark, capsys):
    """The time is that of a round of both; the ratio is printed beside it."""
    measured = bool(benchmark.enabled)
    rounds: list[tuple[float, float]] = []
    with serving() as served:
        url = served.stream(GAP_S[measured], TOKENS, GAP_S[measured])
        benchmark.pedantic(
            lambda: rounds.append(asyncio.run(beside(url, STREAMS[measured]))), rounds=3 if measured else 1
        )
    assert all(plain > 0 and ours > 0 for plain, ours in rounds)
    ratio = median(ours / plain for plain, ours in rounds)
    benchmark.extra_info |= {"CPU of ours / plain aiohttp": ratio}
    if measured:
        with capsys.disabled():
            plain, ours = (median(each) * 1e3 for each in zip(*rounds, strict=True))
            told = f"{ours:.2f} ms of CPU, plain aiohttp {plain:.2f}: {ratio:.2f} times"
            sys.stdout.write(f"\na stream of 100 tokens: {told}\n")
