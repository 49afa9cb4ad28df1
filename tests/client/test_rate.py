"""Under a rate the server sees no more than it, and nearly as much: over hours, on a clock that jumps to when something is due."""

import asyncio
import random
import selectors
from bisect import bisect_left
from typing import Any

import pytest

from harness.ask import Account, Limits, Provider
from harness.client.failures import failure
from harness.client.limits import Accounts, Gates, Heard, Need


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


def sent(providers, hours, rest, end=lambda _chance: None):
    """When requests went out to providers that are asked without end; `rest` tells how long each takes, `end` what its answer tells."""

    async def ask(gate, times):
        loop = asyncio.get_running_loop()
        while loop.time() < hours * 3600:
            async with gate.entered(Need(50, 50)) as place:
                times.append(loop.time())
                await asyncio.sleep(rest())
            if (heard := end(place)) is not None:
                gate.heard(place, heard)

    async def main():
        times: list[float] = []
        gates = Gates(Accounts(asyncio.get_running_loop().time))
        asking = [ask(gates.of(one), times) for one in providers for _ in range(one.limits.at_once)]
        await asyncio.gather(*asking)
        return times

    with asyncio.Runner(loop_factory=Jumping) as runner:
        return runner.run(main())


def one(limits, name="one", account=None):
    return Provider(name, f"openai/{name}", limits=limits, account=account)


def in_a_minute(times):
    """How many requests fall into each 60 s that begin with one, until the last minute."""
    return [bisect_left(times, start + 60) - place for place, start in enumerate(times) if start + 60 < times[-1]]


@pytest.mark.parametrize("seed", range(3))
def test_every_minute_of_three_hours_holds_at_most_the_rate_and_nearly_that(seed):
    chance = random.Random(seed)
    counts = in_a_minute(sent([one(Limits(8, rpm=120))], 3, lambda: chance.uniform(0.0, 3.0)))
    assert len(counts) > 3 * 3600
    assert max(counts) <= 120
    assert min(counts) >= 115


def test_a_provider_that_was_idle_may_not_catch_up():
    chance = random.Random(7)
    pauses = [0.1] * 200 + [600.0]
    counts = in_a_minute(sent([one(Limits(4, rpm=120))], 3, lambda: chance.choice(pauses)))
    assert max(counts) <= 120


def test_two_providers_on_one_account_share_its_rate():
    chance = random.Random(3)
    account = Account("team", rpm=120)
    pair = [one(Limits(8), "first", account), one(Limits(3), "second", account)]
    counts = in_a_minute(sent(pair, 2, lambda: chance.uniform(0.0, 3.0)))
    assert max(counts) <= 120
    assert min(counts) >= 115


def test_one_that_is_slower_by_itself_does_not_hold_up_the_other():
    account = Account("team", rpm=120)
    pair = [one(Limits(8, rpm=6), "slow", account), one(Limits(8), "quick", account)]
    times = [at for at in sent(pair, 1, lambda: 1.0) if at < 3600]
    assert min(in_a_minute(times)) >= 115


def test_pauses_that_the_server_asks_for_are_not_caught_up():
    """Retries are requests like others: they come to the gate again, and a Retry-After holds up everybody."""
    chance = random.Random(5)

    def end(_place):
        asked = chance.choice([None] * 50 + [0.5, 7.0, 30.0])
        limited = None if asked is None else failure("rate_limited", "x", retry_after_s=asked)
        return Heard({}, failure=limited)

    counts = in_a_minute(sent([one(Limits(8, rpm=120))], 3, lambda: chance.uniform(0.0, 3.0), end))
    assert max(counts) <= 120
