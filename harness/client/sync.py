"""The one door for callers that are not async."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from queue import SimpleQueue
from typing import Any, TypeVar, overload

T = TypeVar("T")

new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
with suppress(ImportError):  # an extra, `fast`
    import uvloop

    new_loop = uvloop.new_event_loop


@overload
def wait(awaited: Coroutine[Any, Any, T]) -> T: ...


@overload
def wait(awaited: AsyncIterable[T]) -> Generator[T, None, None]: ...


def wait(awaited: Coroutine[Any, Any, T] | AsyncIterable[T]) -> T | Generator[T, None, None]:
    """Runs the coroutine to its end and returns its result, also where an event loop is running already (a notebook).

    What an async iterable gives, such as `Client.stream`, is iterated over as it comes; it is opened before and closed after, also when the
    caller stops early.
    """
    if isinstance(awaited, AsyncIterable):
        return _pieces(awaited)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(awaited)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(_run, awaited).result()


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(coroutine)


def _pieces(source: AsyncIterable[T]) -> Generator[T, None, None]:
    """Iterates in a thread of its own, so that the times of what comes do not depend on the caller's."""
    told: SimpleQueue[tuple[T] | None] = SimpleQueue()
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def pump() -> None:
        begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        opened = source if isinstance(source, AbstractAsyncContextManager) else nullcontext()
        async with opened:
            async for piece in source:
                told.put((piece,))

    def run() -> None:
        try:
            _run(pump())
        finally:
            told.put(None)

    with ThreadPoolExecutor(max_workers=1) as thread:
        running, ended = thread.submit(run), False
        try:
            while (piece := told.get()) is not None:
                yield piece[0]
            ended = True
        finally:
            if not ended:
                loop, task = begun.result()
                if task is not None:
                    with suppress(RuntimeError):  # it has ended meanwhile
                        loop.call_soon_threadsafe(task.cancel)
        running.result()
