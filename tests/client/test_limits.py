"""Slots, rates and the gate, without a server."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Account, Limits, Prompt, Provider, Secret
from harness.client.failures import failure
from harness.client.limits import Accounts, Gates, Heard, Need, Pace, Rates, Slots, about
from harness.client.limits.rates import CATCH_UP_S, USUAL_OUTPUT_TOKENS
from harness.client.retries import LONGEST_WAIT_S


def go(pace, tokens, now):
    """When the next request goes out that is ready now."""
    at = now + max(0.0, pace.wait(now))
    pace.take(tokens, at)
    return at


def mine(name="mine", limits=None, **more):
    return Provider(name, "openai/m", limits=limits or Limits(), **more)


def gate_of(**limits):
    return Gates(Accounts()).of(mine(limits=Limits(**limits)))


@given(st.integers(1, 600), st.lists(st.floats(0, 5), min_size=2, max_size=300), st.floats(0, CATCH_UP_S))
def test_no_minute_holds_more_requests_than_the_rate(rpm, gaps, late):
    pace, now, sent = Pace(rpm), 0.0, []
    for number, gap in enumerate(gaps):
        now += gap
        at = now + max(0.0, pace.wait(now)) + late * (number % 2)
        pace.take(0, at)
        sent.append(at)
    for start in sent:
        assert sum(start <= one < start + 60 for one in sent) <= rpm


def test_a_minute_of_full_demand_holds_nearly_the_rate():
    pace = Pace(120)
    sent = [go(pace, 0, 0.0) for _ in range(200)]
    assert 115 <= sum(one < 60 for one in sent) <= 120


@given(st.lists(st.integers(1, 5_000), min_size=2, max_size=50))
def test_no_minute_holds_more_tokens_than_the_rate_and_one_request(sizes):
    pace = Pace(tpm=10_000)
    sent = [(go(pace, size, 0.0), size) for size in sizes]
    for start, _ in sent:
        assert sum(size for at, size in sent if start <= at < start + 60) <= 10_000 + max(sizes)


def test_the_tighter_of_both_rates_holds():
    pace = Pace(rpm=60, tpm=600)
    pace.take(100, 0.0)
    assert pace.wait(0.0) == pytest.approx(10.1)


@pytest.mark.parametrize(("used", "wait"), [(50, 5.05), (200, 20.2)])
def test_the_rate_of_tokens_is_put_right_when_they_have_been_counted(used, wait):
    async def main():
        accounts = Accounts()
        gate = Gates(accounts).of(provider := mine(limits=Limits(tpm=600)))
        async with gate.entered(Need(60, 40)) as place:
            pass
        gate.heard(place, Heard({}, tokens=used))
        return accounts.own(provider).pace.wait(place.sent_at)

    assert asyncio.run(main()) == pytest.approx(wait, abs=0.1)


def test_without_a_rate_nothing_waits():
    pace = Pace()
    assert [go(pace, 1000, 5.0) for _ in range(3)] == [5.0, 5.0, 5.0]


def test_a_longer_pause_stays():
    rates = Rates()
    rates.pause(30.0, 100.0)
    rates.pause(1.0, 110.0)
    assert rates.wait(110.0) == 20.0


def at_once(asking):
    """The most of these that are within their gates at one time, and what each waited."""
    most = inside = 0

    async def one(gate):
        nonlocal most, inside
        async with gate.entered(Need()) as place:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.005)
            inside -= 1
        return place.waited

    async def main():
        return await asyncio.gather(*(one(gate) for gate in asking()))

    waited = asyncio.run(main())
    return most, waited


def test_no_more_are_in_flight_than_there_are_slots():
    most, waited = at_once(lambda: [gate_of(max_concurrency=3)] * 9)
    assert most == 3
    assert max(one.queue_s for one in waited) > 0
    assert all(one.throttle_s == 0 for one in waited)


def test_two_providers_on_one_account_share_its_slots_and_wait_for_them_in_the_queue():
    account = Account("team", max_concurrency=2)

    def asking():
        gates = Gates(Accounts())
        return [gates.of(mine(name, account=account)) for name in ("one", "two") for _ in range(5)]

    most, waited = at_once(asking)
    assert most == 2
    assert max(one.queue_s for one in waited) > 0.005
    assert max(one.throttle_s for one in waited) < 0.005


def test_waiting_for_the_rate_is_throttling_and_not_queueing():
    async def main():
        gate = gate_of(rpm=600)
        for _ in range(2):
            async with gate.entered(Need(1)) as place:
                pass
        return place.waited

    waited = asyncio.run(main())
    assert waited.throttle_s > 0
    assert waited.queue_s < waited.throttle_s


def test_slots_are_free_again_after_a_cancelled_wait():
    async def main():
        account = Account("team", max_concurrency=1)
        gate = Gates(Accounts()).of(mine(limits=Limits(1, rpm=1), account=account))
        async with gate.entered(Need()):
            pass
        waiting = asyncio.create_task(gate.entered(Need()).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return gate._own.slots.taken, gate._account.slots.taken, gate._own.line.locked()

    assert asyncio.run(main()) == (0, 0, False)


def test_a_slot_that_was_given_to_somebody_who_has_left_goes_to_the_next():
    async def main():
        slots = Slots(1)
        await slots.acquire()
        waiting = [asyncio.create_task(slots.acquire()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        slots.release()
        waiting[1].cancel()  # at the very moment at which it is given the slot
        await asyncio.wait(waiting, timeout=1.0)
        return waiting[2].done() and not waiting[2].cancelled(), slots.taken

    assert asyncio.run(main()) == (True, 1)


def test_wider_slots_let_in_who_waits_and_narrower_ones_nobody_until_enough_have_left():
    async def main():
        slots = Slots(1)
        waiting = [asyncio.create_task(slots.acquire()) for _ in range(4)]
        await asyncio.sleep(0)
        slots.resize(3)
        await asyncio.sleep(0)
        wide = slots.taken
        slots.resize(1)
        slots.release()
        slots.release()
        await asyncio.sleep(0)
        narrow = slots.taken, waiting[3].done()
        slots.release()
        await asyncio.wait(waiting)
        return wide, narrow, slots.taken

    assert asyncio.run(main()) == (3, (1, False), 1)


def pair(one, two):
    """Whether a Retry-After that one of these is told holds up the other as well."""

    async def main():
        gates = Gates(accounts := Accounts())
        gate = gates.of(one)
        async with gate.entered(Need()) as place:
            pass
        gate.heard(place, Heard({}, failure=failure("rate_limited", "x", retry_after_s=9.0)))
        assert accounts.shared(one).wait(accounts.clock()) > 8
        return accounts.shared(two).wait(accounts.clock()) > 8

    return asyncio.run(main())


def test_the_same_key_at_the_same_address_is_the_same_account():
    key, other = Secret("k" * 20), Secret("o" * 20)
    assert pair(mine("a", api_key=key), mine("b", api_key=key))
    assert not pair(mine("a", api_key=key), mine("b", api_key=other))
    assert not pair(mine("a", api_key=key), mine("b", api_key=key, base_url="http://elsewhere"))
    assert pair(mine("a", api_key=key, account=Account("t")), mine("b", api_key=other, account=Account("t")))
    assert "k" * 20 not in repr(mine("a", api_key=key).account_key)


@pytest.mark.parametrize(
    ("kind", "asked"), [("rate_limited", LONGEST_WAIT_S + 1), ("rate_limited", None), ("overloaded", 5.0)]
)
def test_what_is_no_limit_of_the_account_or_asks_for_too_much_pauses_nobody(kind, asked):
    async def main():
        gate = Gates(accounts := Accounts()).of(mine())
        async with gate.entered(Need()) as place:
            pass
        gate.heard(place, Heard({}, failure=failure(kind, "x", retry_after_s=asked)))
        return accounts.shared(mine()).wait(accounts.clock())

    assert asyncio.run(main()) <= 0


def test_the_guess_of_tokens_is_of_prompt_and_reply():
    prompt = Prompt(({"role": "user", "content": "x" * 400},))
    assert about(prompt, {"max_tokens": 50}).total == 150
    assert about(prompt, {}) == Need(100, USUAL_OUTPUT_TOKENS)
