"""Ctrl-C as a wish that a run ends in order, instead of an exception wherever the program happens to be."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

Wish = Future[None]
"""Done as soon as somebody has pressed Ctrl-C."""


@contextmanager
def ctrl_c() -> Iterator[Wish]:
    """Within it Ctrl-C fulfils the wish and does nothing else, however often it is pressed.

    Outside the main thread, which is the one that Ctrl-C reaches, it changes nothing.
    """
    wish = Wish()

    def press(*_: object) -> None:
        if not wish.done():
            wish.set_result(None)

    try:
        before = signal.signal(signal.SIGINT, press)
    except ValueError:  # not the main thread
        yield wish
        return
    try:
        yield wish
    finally:
        signal.signal(signal.SIGINT, before)


def event_of(wish: Wish) -> asyncio.Event:
    """An event of the running loop that is set as soon as the wish is done."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    wish.add_done_callback(lambda _: None if loop.is_closed() else loop.call_soon_threadsafe(event.set))
    return event
