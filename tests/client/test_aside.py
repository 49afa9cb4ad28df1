import asyncio
import threading
import time

import pytest

from harness.client.aside import Aside


async def nothing():
    pass


def test_what_blocks_aside_does_not_block_here():
    async def blocking():
        time.sleep(0.05)  # noqa: ASYNC251 - blocking is the point
        return threading.current_thread().name

    async def main():
        aside = Aside(nothing)
        running = asyncio.create_task(aside.run(blocking()))
        ticks = 0
        while not running.done():
            await asyncio.sleep(0.001)
            ticks += 1
        await aside.aclose()
        return running.result(), ticks

    name, ticks = asyncio.run(main())
    assert name == "aside"
    assert ticks > 5


def test_cancelling_here_cancels_there():
    state, begun = [], threading.Event()

    async def waiting():
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            state.append("cancelled")

    async def main():
        aside = Aside(nothing)
        task = asyncio.create_task(aside.run(waiting()))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await aside.aclose()

    asyncio.run(main())
    assert state == ["cancelled"]


def test_several_may_start_it_at_once_and_it_says_farewell_once():
    said = []

    async def farewell():
        said.append(threading.current_thread().name)

    async def name():
        return threading.current_thread().name

    async def main():
        aside = Aside(farewell)
        names = await asyncio.gather(*(aside.run(name()) for _ in range(5)))
        await aside.aclose()
        await aside.aclose()
        return names

    assert asyncio.run(main()) == ["aside"] * 5
    assert said == ["aside"]
    assert "aside" not in [thread.name for thread in threading.enumerate()]


def test_one_that_never_started_has_nothing_to_close():
    asyncio.run(Aside(nothing).aclose())
