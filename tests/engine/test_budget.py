"""What is spent and what is set aside never exceed the budget together."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.budget import Budget


async def held(budget, usd):
    receipt = await budget.hold(usd)
    assert receipt is not None
    return receipt


def test_without_a_limit_everything_fits_and_is_counted():
    async def story():
        budget = Budget(None)
        budget.settle(await held(budget, 1e9), 5.0)
        assert budget.spent == 5.0

    asyncio.run(story())


def test_what_fits_exactly_fits_and_what_does_not_is_refused():
    async def story():
        budget = Budget(0.3)
        for _ in range(2):
            budget.settle(await held(budget, 0.1), 0.1)
        assert await budget.hold(0.11) is None
        assert await budget.hold(0.3 - budget.spent) is not None

    asyncio.run(story())


def test_an_unknown_cost_counts_as_all_that_was_set_aside():
    async def story():
        budget = Budget(1.0)
        budget.settle(await held(budget, 0.4), None)
        assert budget.spent == 0.4

    asyncio.run(story())


def test_it_waits_for_what_others_have_set_aside():
    async def story():
        budget = Budget(1.0)
        first = await held(budget, 0.9)
        waiting = asyncio.create_task(budget.hold(0.5))
        await asyncio.sleep(0)
        assert not waiting.done()
        budget.settle(first, 0.1)
        assert await waiting is not None

    asyncio.run(story())


def test_it_stops_waiting_when_the_others_have_spent_it():
    async def story():
        budget = Budget(1.0)
        first = await held(budget, 0.9)
        waiting = asyncio.create_task(budget.hold(0.5))
        await asyncio.sleep(0)
        budget.settle(first, 0.9)
        assert await waiting is None

    asyncio.run(story())


@given(
    st.floats(0, 5),
    st.lists(st.tuples(st.floats(0, 1), st.none() | st.floats(0, 1)), max_size=20),
    st.integers(1, 5),
)
def test_whatever_is_asked_at_once_the_limit_holds(limit, calls, workers):
    async def story():
        budget = Budget(limit)
        left = iter(calls)

        async def work():
            for most, share in left:
                receipt = await budget.hold(most)
                if receipt is not None:
                    await asyncio.sleep(0)
                    budget.settle(receipt, None if share is None else most * share)

        await asyncio.wait_for(asyncio.gather(*(work() for _ in range(workers))), 5)
        assert budget.spent == pytest.approx(min(budget.spent, limit))
        assert budget._held == {}

    asyncio.run(story())
