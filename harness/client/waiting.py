"""The one door for synchronous callers: `wait(client.ask(…))`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop in one daemon thread, so that a client's connections outlive a single call."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="harness-wait", daemon=True).start()
    return loop


def wait(asked: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return its result; a Ctrl-C cancels it.

    All calls share one event loop in a thread of its own, so one `Client` can serve many calls, also from a notebook whose own
    loop is running.

    Raises:
        RuntimeError: called from within that loop, where it would wait for itself.
    """
    loop = _loop()
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is loop:
        asked.close()
        raise RuntimeError("harness.wait cannot be called from a coroutine that it runs: use `await`")
    future = asyncio.run_coroutine_threadsafe(asked, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise
