"""What others do for the same questions: nothing but ask and read, without judging, recording or pricing."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import openai

from harness.client.door import litellm
from harness.client.via_litellm import close_clients
from tests.perf.work import KEY, MODEL, PARAMS, STREAMED, Done, Job, measured, messages

HEADERS = {"Authorization": f"Bearer {KEY}", "Accept-Encoding": "identity"}
LEAD_S = 0.05
"""The first stream begins so long after its tasks were made."""


class Peer(ABC):
    """One way to ask. `opened` keeps what it needs while a job lasts."""

    @asynccontextmanager
    async def opened(self, _job: Job) -> AsyncIterator[None]:
        """Connections and the like."""
        yield

    @abstractmethod
    async def stream(self, number: int) -> tuple[float, float, float]:
        """Ask for a stream; when it was asked for, when its first token came, and when its last."""

    @abstractmethod
    async def call(self, number: int) -> None:
        """Ask for an answer in one piece."""

    async def do(self, job: Job) -> Done:
        """One discarded question, then the job."""
        done = Done()
        async with self.opened(job):
            await (self.stream(0) if job.stream else self.call(0))
            with measured(done):
                await (self._streams(job, done) if job.spread_s is not None else self._calls(job))
        return done

    async def _streams(self, job: Job, done: Done) -> None:
        assert job.spread_s is not None
        begin = time.perf_counter() + LEAD_S

        async def one(number: int, due: float) -> tuple[float, float, float]:
            await asyncio.sleep(due - time.perf_counter())
            return await self.stream(number)

        pauses = [number * job.spread_s / job.count for number in range(job.count)]
        for sent, first, last in await asyncio.gather(*(one(place, begin + at) for place, at in enumerate(pauses))):
            done.ttft_s.append(first - sent)
            done.latency_s.append(last - sent)

    async def _calls(self, job: Job) -> None:
        left = iter(range(job.count))

        async def work() -> None:
            for number in left:
                await self.call(number)

        await asyncio.gather(*(work() for _ in range(job.at_once)))


class Aiohttp(Peer):
    """Plain aiohttp: the question as JSON, chunks taken as they come (`iter_any`), none of them decoded."""

    @asynccontextmanager
    async def opened(self, job: Job) -> AsyncIterator[None]:
        """One session without a limit of connections."""
        self._url = f"{job.url}/chat/completions"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._session:
            yield

    async def stream(self, number: int) -> tuple[float, float, float]:
        """Posts, and notes when chunks come."""
        sent, first = time.perf_counter(), 0.0
        asked = {"model": MODEL, "messages": messages(number), **PARAMS, **STREAMED}
        async with self._session.post(self._url, json=asked, headers=HEADERS) as response:
            async for _ in response.content.iter_any():
                last = time.perf_counter()
                first = first or last
        return sent, first, last

    async def call(self, number: int) -> None:
        """Posts and reads the JSON."""
        asked = {"model": MODEL, "messages": messages(number), **PARAMS}
        async with self._session.post(self._url, json=asked, headers=HEADERS) as response:
            assert (await response.json())["choices"]


async def _read(sent: float, chunks: AsyncIterator[Any]) -> tuple[float, float, float]:
    """The moments of a stream of chunk objects, of those that carry text."""
    first = last = 0.0
    async for chunk in chunks:
        if chunk.choices and chunk.choices[0].delta.content:
            last = time.perf_counter()
            first = first or last
    return sent, first, last


class OpenAI(Peer):
    """The openai SDK, with its own retries off."""

    @asynccontextmanager
    async def opened(self, job: Job) -> AsyncIterator[None]:
        """One client with its own pool of connections."""
        async with openai.AsyncOpenAI(base_url=job.url, api_key=KEY, max_retries=0) as self._client:
            yield

    async def stream(self, number: int) -> tuple[float, float, float]:
        """`chat.completions.create(stream=True)`."""
        sent, create = time.perf_counter(), self._client.chat.completions.create
        more: Any = {"messages": messages(number), **PARAMS, **STREAMED}
        return await _read(sent, await create(model=MODEL, **more))

    async def call(self, number: int) -> None:
        """`chat.completions.create`."""
        more: Any = {"messages": messages(number), **PARAMS}
        assert (await self._client.chat.completions.create(model=MODEL, **more)).choices


class LiteLLM(Peer):
    """`litellm.acompletion`, with its own retries off."""

    @asynccontextmanager
    async def opened(self, job: Job) -> AsyncIterator[None]:
        """litellm keeps its own clients."""
        self._asked = {
            "model": f"openai/{MODEL}", "api_base": job.url, "api_key": KEY, "num_retries": 0, "max_retries": 0, **PARAMS,
        }  # fmt: skip
        yield
        await close_clients()
        litellm().in_memory_llm_clients_cache.flush_cache()  # they belong to this event loop

    async def stream(self, number: int) -> tuple[float, float, float]:
        """`acompletion(stream=True)`."""
        sent = time.perf_counter()
        chunks = await litellm().acompletion(messages=messages(number), **self._asked, **STREAMED)
        return await _read(sent, chunks)

    async def call(self, number: int) -> None:
        """`acompletion`."""
        assert (await litellm().acompletion(messages=messages(number), **self._asked)).choices


PEERS: dict[str, type[Peer]] = {"aiohttp": Aiohttp, "openai": OpenAI, "litellm": LiteLLM}
NAMES: Sequence[str] = tuple(PEERS)
