"""One budget of several processes: whatever they do, they never spend more together, and nothing waits for ever."""

import asyncio
import random
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.budget import Budget
from harness.engine.leases import Lease, Lender
from harness.engine.messages import Recall, Refusal, Returns


async def held(lease, usd):
    receipt = await lease.hold(usd)
    assert receipt is not None
    return receipt


class Office:
    """Lender and leases on one loop; messages take a turn of it on their way, in order."""

    def __init__(self, budget, workers):
        self.lender = Lender(budget, workers, self.to_worker)
        self.leases = {str(n): Lease(partial(self.to_lender, str(n))) for n in range(workers)}
        self.messages = []

    def to_worker(self, name, message):
        self.messages.append(message)
        asyncio.get_running_loop().call_soon(self.leases[name].heard, message)

    def to_lender(self, name, message):
        self.messages.append(message)
        asyncio.get_running_loop().call_soon(self.lender.heard, name, message)


def test_most_requests_need_not_ask():
    async def story():
        office = Office(Budget(1.0), 2)
        lease = office.leases["0"]
        for _ in range(100):
            lease.settle(await held(lease, 0.001), 0.0005)
        assert len(office.messages) < 20
        assert abs(lease.spent - 0.05) < 1e-9

    asyncio.run(story())


def test_what_others_have_and_do_not_need_comes_back():
    async def story():
        office = Office(Budget(1.0), 2)
        one, two = office.leases.values()
        one.settle(await held(one, 0.4), 0.0)
        assert await two.hold(0.95) is not None
        assert any(isinstance(message, Recall) for message in office.messages)

    asyncio.run(story())


def test_who_waits_for_what_others_have_in_flight_gets_it_when_that_ends():
    async def story():
        office = Office(Budget(1.0), 2)
        one, two = office.leases.values()
        receipt = await held(one, 0.4)
        waiting = asyncio.create_task(two.hold(0.9))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        one.settle(receipt, 0.05)
        assert await waiting is not None

    asyncio.run(story())


def test_what_will_never_fit_is_refused_with_what_is_left_of_the_whole():
    async def story():
        office = Office(Budget(1.0, spent=0.5), 2)
        one, two = office.leases.values()
        one.settle(await held(one, 0.25), None)
        assert await two.hold(0.3) is None
        assert two.refusal == Refusal(1.0, 0.25)
        assert await two.hold(0.25) is not None

    asyncio.run(story())


def test_what_a_killed_worker_had_counts_as_said():
    async def story():
        office = Office(Budget(1.0), 3)
        one, two, three = office.leases.values()
        await one.hold(0.5)
        waiting = asyncio.create_task(two.hold(0.8))
        await asyncio.sleep(0.01)
        office.lender.closed("0", 0.1)
        receipt = await waiting
        assert receipt is not None
        two.settle(receipt, 0.3)
        two.give_back()
        await asyncio.sleep(0.01)
        office.lender.closed("1")
        assert await three.hold(0.65) is None
        assert await three.hold(0.55) is not None

    asyncio.run(story())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60), st.sampled_from([None, 0, 1])), max_size=60),
    st.integers(0, 200),
    st.integers(0, 9),
)
def test_never_is_more_spent_and_set_aside_than_there_is_and_nobody_waits_for_ever(asked, limit, seed):
    chance = random.Random(seed)

    async def ask(office, worker, cents, share):
        lease = office.leases[str(worker)]
        receipt = await lease.hold(cents / 100)
        assert sum(one.spent + one.held for one in office.leases.values()) <= limit / 100 + 1e-9
        if receipt is not None:
            await asyncio.sleep(chance.random() / 1000)
            lease.settle(receipt, None if share is None else share * cents / 100)

    async def story():
        office = Office(Budget(limit / 100), 3)
        async with asyncio.timeout(20):
            await asyncio.gather(*(ask(office, *one) for one in asked))
        assert sum(one.spent for one in office.leases.values()) <= limit / 100 + 1e-9

    asyncio.run(story())


def test_a_worker_that_is_recalled_reports_each_end():
    async def story():
        told: list[object] = []
        lease = Lease(told.append)
        lease.limit = 1.0
        receipt = await held(lease, 0.4)
        lease.heard(Recall())
        lease.settle(receipt, 0.1)
        assert told == [Returns(0.0, 0.4, 0.0), Returns(0.1, 0.0, 0.0)]
        assert lease.limit == 0.1

    asyncio.run(story())
