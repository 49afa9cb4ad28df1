"""Under a rate the server sees no more than it, and nearly as much: over hours, on a clock that jumps to when something is due."""

import asyncio
import random
import selectors
from bisect import bisect_left
from typing import Any

import pytest

from harness.ask import Limits
from harness.client.limits import Gate, Pace


class Jumping(asyncio.SelectorEventLoop):
    """An event loop whose time passes at once: where nothing is to be done it jumps to the next thing that is due."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = selectors.DefaultSelector()
        select = selector.select

        def jump(timeout: float | None = None) -> Any:
            self.now += timeout or 0.0
            return select(0)

        selector.select = jump  # type: ignore[method-assign]
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def sent(limits, hours, rest):
    """When requests went out to a provider with these limits that is asked without end; `rest` tells how long each takes."""

    async def ask(gate, times):
        loop = asyncio.get_running_loop()
        while loop.time() < hours * 3600:
            async with gate.entered(100):
                times.append(loop.time())
                await asyncio.sleep(rest())

    async def main():
        times: list[float] = []
        gate = Gate(limits, Pace(), asyncio.get_running_loop().time)
        await asyncio.gather(*(ask(gate, times) for _ in range(limits.max_concurrency)))
        return times

    with asyncio.Runner(loop_factory=Jumping) as runner:
        return runner.run(main())


def in_a_minute(times):
    """How many requests fall into each 60 s that begin with one, until the last minute."""
    return [bisect_left(times, start + 60) - place for place, start in enumerate(times) if start + 60 < times[-1]]


@pytest.mark.parametrize("seed", range(3))
def test_every_minute_of_three_hours_holds_at_most_the_rate_and_nearly_that(seed):
    chance = random.Random(seed)
    counts = in_a_minute(sent(Limits(8, rpm=120), 3, lambda: chance.uniform(0.0, 3.0)))
    assert len(counts) > 3 * 3600
    assert max(counts) <= 120
    assert min(counts) >= 115


def test_a_provider_that_was_idle_may_not_catch_up():
    chance = random.Random(7)
    pauses = [0.1] * 200 + [600.0]
    counts = in_a_minute(sent(Limits(4, rpm=120), 3, lambda: chance.choice(pauses)))
    assert max(counts) <= 120
