"""One answer as it comes: an iterator over its typed chunks, and at the end the attempt.

The chunks are decoded where they are asked for, by the wire's own decoder, so that a slow caller delays nobody's times.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Self

from harness.ask import Secret
from harness.client.deltas import Delta, Deltas
from harness.client.listening import LISTENER
from harness.client.retries import Attempts
from harness.client.translate import Request
from harness.client.wires.contract import Chunk, Drafted, Reader
from harness.errors import WrongUse
from harness.told import Attempt


class Stream:
    """Chunks of one answer, `async with client.stream(…) as stream: async for chunk in stream`; or, where no loop runs, `for chunk in wait(stream)`.

    Their texts put together are those of `attempt.reply`. What fails is not raised: the iteration ends, and the failure is in the attempt with what
    came until then. It is asked again, as the provider's retries say, only while nothing of an answer came. Leaving the block early cancels
    the request.
    """

    def __init__(self, attempts: Attempts, key: Secret | None) -> None:
        self._attempts = attempts
        self._key = key
        self._items: asyncio.Queue[Request | Chunk | list[Delta] | Attempt | None] = asyncio.Queue()
        self._ready: deque[Delta] = deque()
        self._deltas = Deltas(key)
        self._reader: Reader | None = None
        self._task: asyncio.Task[None] | None = None
        self._last: Attempt | None = None
        self._ended = False

    @property
    def attempt(self) -> Attempt:
        """Everything about the call, as `ask` returns it. Raises WrongUse before the iteration has ended."""
        if self._last is None or not self._ended:
            raise WrongUse("the stream has not been read to its end: there is no attempt yet")
        return self._last

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._drive())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delta:
        if self._task is None:
            raise WrongUse("a stream is opened by `async with`, or read by `wait`")
        while not self._ready:
            item = None if self._ended else await self._items.get()
            if item is None:
                self._ended = True
                await self._task  # raises what broke it
                raise StopAsyncIteration
            self._read(item)
        return self._ready.popleft()

    def asked(self, request: Request) -> None:
        """See `Listener`."""
        self._items.put_nowait(request)

    def heard(self, at: float, data: bytes) -> None:
        """See `Listener`."""
        self._items.put_nowait((at, data))

    def drafted(self, draft: Drafted) -> None:
        """See `Listener`."""
        if news := self._deltas.news(draft):
            self._loop.call_soon_threadsafe(self._items.put_nowait, news)

    async def _drive(self) -> None:
        LISTENER.set(self)  # in this task's own context
        try:
            async with aclosing(self._attempts) as attempts:
                async for attempt in attempts:
                    self._items.put_nowait(attempt)
                    reply = attempt.reply
                    if reply.text or reply.reasoning or reply.tool_calls:
                        return  # a second answer would follow the pieces of the first
        finally:
            self._items.put_nowait(None)

    def _read(self, item: Request | Chunk | list[Delta] | Attempt) -> None:
        if isinstance(item, Request):
            self._reader = item.wire.reader() if item.stream else None
            self._deltas = Deltas(self._key, item.tool_names, item.json_tool)
        elif isinstance(item, tuple):
            if self._reader is not None:
                self._reader.feed(*item)
                self._ready += self._deltas.news(self._reader.draft)
        elif isinstance(item, Attempt):
            self._last = item
            self._ready += self._deltas.rest(item.reply)
        else:
            self._ready += item
