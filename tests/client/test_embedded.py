"""Texts to be embedded as a trial: the simulated fleet over HTTP, and what fails as data."""

import asyncio
import json
import math

import pytest

from harness.ask import Case, Prices, Prompt, Provider, Retries, Trial
from harness.client import Client
from harness.client.embedded import Nearness, cosine
from harness.client.embeddings import Embeddings
from tests.simulate.served import served


def trial(url, *texts, model="openai/embed", **more):
    prompt = Prompt(tuple({"role": "user", "content": text} for text in texts))
    prices = Prices(input=1e-6, output=0.0, id="p")
    provider = Provider(
        "near",
        model,
        base_url=url,
        embedding_model=model,
        prices=prices,
        embedding_prices=prices,
        retries=Retries(0),
        **more,
    )
    return Trial("s", "h", Case("a", prompt, "judge", ()), provider, phase="judge")


async def attempt(one):
    async with Client([one.provider]) as client:
        (found,) = [attempt async for attempt in client.attempts(one)]
    return found


def test_an_attempt_keeps_the_cosine_of_the_nearest_and_what_it_cost():
    async def go():
        async with served() as fleet:
            return await attempt(trial(f"{fleet.address}/right/v1", "a cat sleeps", "rates rose", "a cat sleeps"))

    found = asyncio.run(go())
    assert found.ok
    told = json.loads(found.reply.text)
    assert told["cosine"] == pytest.approx(1.0)
    assert told["dimensions"] == 256
    assert found.sent.wire == "openai_embeddings"
    assert found.cost.usd == pytest.approx(found.usage.prompt_tokens * 1e-6)
    assert found.clock.latency_s is not None
    assert found.simulated


def test_a_fault_of_ours_is_a_failure_of_the_attempt_alone(monkeypatch):
    async def broken(*_: object):
        raise KeyError("x")

    monkeypatch.setattr("harness.client.embedded.embed", broken)
    found = asyncio.run(attempt(trial("http://127.0.0.1:9/v1", "a", "b")))
    assert found.failure.kind == "client_error"
    assert found.reply.text == ""


def test_a_vector_of_zeros_has_no_direction():
    near = Nearness(Embeddings(vectors=((0.0, 0.0), (1.0, 0.0))), 0.0)
    assert near.failure
    assert near.failure.kind == "response_malformed"
    assert near.reply.text == ""
    assert near.clock.latency_s is None


def test_the_cosine_is_that_of_the_angle():
    assert cosine((1.0, 0.0), (1.0, 1.0)) == pytest.approx(math.sqrt(0.5))
    assert cosine((2.0, 0.0), (-3.0, 0.0)) == pytest.approx(-1.0)
