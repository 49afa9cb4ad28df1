import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Limits, Prompt
from harness.client.limits import USUAL_OUTPUT_TOKENS, Gate, Pace, about_tokens


@given(st.integers(1, 600), st.lists(st.floats(0, 5), min_size=2, max_size=300))
def test_no_minute_holds_more_requests_than_the_rate(rpm, gaps):
    pace, now, sent = Pace(), 0.0, []
    for gap in gaps:
        now += gap
        sent.append(now + pace.reserve(Limits(rpm=rpm), 0, now))
    for start in sent:
        assert sum(start <= one < start + 60 for one in sent) <= rpm


def test_a_minute_of_full_demand_holds_nearly_the_rate():
    pace = Pace()
    sent = [pace.reserve(Limits(rpm=120), 0, 0.0) for _ in range(200)]
    assert 115 <= sum(one < 60 for one in sent) <= 120


@given(st.lists(st.integers(1, 5_000), min_size=2, max_size=50))
def test_no_minute_holds_more_tokens_than_the_rate_and_one_request(sizes):
    pace, limits = Pace(), Limits(tpm=10_000)
    sent = [(pace.reserve(limits, size, 0.0), size) for size in sizes]
    for start, _ in sent:
        assert sum(size for at, size in sent if start <= at < start + 60) <= 10_000 + max(sizes)


def test_the_tighter_of_both_rates_holds():
    pace = Pace()
    pace.reserve(Limits(rpm=60, tpm=600), 100, 0.0)
    assert pace.reserve(Limits(rpm=60, tpm=600), 100, 0.0) == pytest.approx(10.1)


def test_without_a_rate_nothing_waits():
    pace = Pace()
    assert [pace.reserve(Limits(), 1000, 5.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_no_more_are_in_flight_than_there_are_slots():
    most = in_flight = 0

    async def one(gate):
        nonlocal most, in_flight
        async with gate.entered(1) as waited:
            in_flight += 1
            most = max(most, in_flight)
            await asyncio.sleep(0.005)
            in_flight -= 1
        return waited

    async def main():
        gate = Gate(Limits(max_concurrency=3), Pace())
        return await asyncio.gather(*(one(gate) for _ in range(9)))

    waited = asyncio.run(main())
    assert most == 3
    assert max(one.queue_s for one in waited) > 0
    assert all(one.throttle_s == 0 for one in waited)


def test_waiting_for_the_rate_is_throttling_and_not_queueing():
    async def main():
        gate = Gate(Limits(rpm=6_000), Pace())
        for _ in range(2):
            async with gate.entered(1) as waited:
                pass
        return waited

    assert asyncio.run(main()).throttle_s > 0


def test_a_slot_is_free_again_after_a_cancelled_wait():
    async def main():
        gate = Gate(Limits(max_concurrency=1, rpm=1), Pace())
        async with gate.entered(1):
            pass
        waiting = asyncio.create_task(gate.entered(1).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return gate._slots.locked()

    assert asyncio.run(main()) is False


def test_the_guess_of_tokens_is_of_prompt_and_reply():
    prompt = Prompt(({"role": "user", "content": "x" * 400},))
    assert about_tokens(prompt, {"max_tokens": 50}) == 150
    assert about_tokens(prompt, {}) == 100 + USUAL_OUTPUT_TOKENS
