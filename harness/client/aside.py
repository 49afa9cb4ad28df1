"""An event loop of its own, in a thread of its own: for what may block the loop that it runs on.

litellm does: after an answer it looks up the model's price, for Ollama by a blocking request to the server. On our loop that would stand in
the times of everything else in flight.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Aside:
    """Starts with the first coroutine that it is given; `aclose` ends the thread and what is left in it.

    `farewell` runs on that loop at the end, to close what belongs to it.
    """

    def __init__(self, farewell: Callable[[], Awaitable[object]]) -> None:
        self._farewell = farewell
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._ready = threading.Event()

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result, awaited there. Cancelling cancels it."""
        if self._thread is None:
            self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="aside", daemon=True)
            self._thread.start()
        if not self._ready.is_set():
            await asyncio.to_thread(self._ready.wait)
        assert self._loop is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    async def aclose(self) -> None:
        """Ends the loop and its thread, if they were started."""
        thread, self._thread = self._thread, None
        if thread is not None and self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            await asyncio.to_thread(thread.join)
            self._ready.clear()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._end.wait()
        await self._farewell()
