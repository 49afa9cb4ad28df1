"""Against a fleet that enforces limits: the client heeds what it is told, and finds how much a provider takes."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

import pytest

from harness.ask import Account, Limits, Provider, Retries, Secret
from harness.client import Client
from harness.client.limits import gate
from harness.simulate import Fleet, LogNormal
from tests.simulate.served import SUM, profile, served

QUESTION = SUM.prompt


def limited(limits: Mapping[str, float], ttft_s=0.004):
    return Fleet({"right": replace(profile("right", 1.0), limits=limits, ttft_s=LogNormal(ttft_s, 0.05))})


ONCE = Retries(0)


def asked(fleet, count, limits, retries=ONCE, model="openai/m", workers=None):
    """The attempts at so many questions, and the client that asked them."""

    async def run():
        async with served(fleet) as server:
            base = f"{server.address}/right" + ("/v1" if model.startswith("openai/") else "")
            mine = Provider("mine", model, Secret("k" * 20), base, limits=limits, retries=retries)
            async with Client([mine]) as client:
                attempts = [await client.ask(mine, QUESTION)]  # before it nothing has been told
                left = list(range(count - 1))

                async def work():
                    while left:
                        left.pop()
                        attempts.append(await client.ask(mine, QUESTION))

                await asyncio.gather(*(work() for _ in range(workers or limits.at_once)))
                return attempts, client.searches

    return asyncio.run(run())


def refused(attempts):
    return sum(one.http_status == 429 for one in attempts)


BURSTS = limited({"rpm": 1200, "burst": 10})


def test_a_client_that_heeds_the_headers_meets_no_or_few_429():
    attempts, _ = asked(BURSTS, 50, Limits(8))
    assert len(attempts) == 50
    assert refused(attempts) <= 2
    assert sum(one.clock.throttle_s > 0 for one in attempts) >= 25


def test_one_that_does_not_meets_many(monkeypatch):
    monkeypatch.setattr(gate, "notices", lambda *_: {})
    attempts, _ = asked(BURSTS, 50, Limits(8))
    assert refused(attempts) >= 5


@pytest.mark.parametrize("model", ["openai/m", "anthropic/m"])
def test_tokens_are_heeded_as_well(model):
    attempts, _ = asked(limited({"tpm": 60_000, "rpm": 100_000}), 20, Limits(4), model=model)
    assert refused(attempts) == 0


def test_two_providers_on_one_account_wait_for_a_retry_after_that_one_of_them_met():
    async def run():
        fleet = limited({"rpm": 60, "burst": 1})
        async with served(fleet) as server:
            account = Account("team")
            first, second = (
                Provider(
                    name,
                    f"openai/{name}",
                    Secret("k" * 20),
                    f"{server.address}/right/v1",
                    account=account,
                    retries=Retries(0),
                )
                for name in ("first", "second")
            )
            async with Client([first, second]) as client:
                await client.ask(first, QUESTION)
                refusal = await client.ask(second, QUESTION)  # of another model, about which nothing was told yet
                return refusal, await client.ask(first, QUESTION), await client.ask(second, QUESTION)

    refusal, *later = asyncio.run(run())
    assert refusal.failure
    assert refusal.failure.kind == "rate_limited"
    assert later[0].ok
    assert later[0].clock.throttle_s > 0.5


def test_the_search_settles_near_what_the_provider_takes():
    attempts, searches = asked(
        limited({"concurrency": 12}, ttft_s=0.03), 500, Limits(60, adaptive=True), Retries(5, 0.02), workers=60
    )
    assert sum(one.ok for one in attempts) >= 490
    history = searches["mine"].history
    assert [one.in_flight for one in history[:3]] == [4, 8, 16]
    cut = next(place for place, one in enumerate(history) if one.why == "cut")
    assert 8 <= median(one.in_flight for one in history[cut + 1 :]) <= 16
    assert max(one.clock.queue_s for one in attempts) > 0.03
