"""Our Replicate wire against `litellm.acompletion`, on the simulated fleet, for a model with a template of its own and one without.

Besides what `differing` lists, litellm asks for the prediction again and again where ours reads Replicate's own stream, asks api.replicate.com
whatever `base_url` says (its method is replaced here), and asks for a version at an address of a model.
"""

import asyncio
from typing import Any

import pytest

from harness.ask import Answer, Case, Prompt, Provider, Retries, Secret
from harness.client import Client
from harness.client.door import litellm, quiet
from harness.simulate import Keys
from harness.simulate.reply import split
from tests.client.differing import litellm_finds_replicate
from tests.client.server import KEY
from tests.simulate.served import served

LLAMA, PLAIN = "replicate/meta/meta-llama-3-8b-instruct", "replicate/acme/llm"
USER = {"role": "user", "content": "What is the weather in Ulm?"}
TURNS = (USER, {"role": "assistant", "content": "Cold."}, {"role": "user", "content": "Why?"})
SAID = Answer("It is cold in Ulm,\nnaïvely 🙂 said,\n\nand wet.")
ASKED: dict[str, tuple[Prompt, dict[str, Any]]] = {
    "plain": (Prompt((USER,)), {}),
    "system": (Prompt(({"role": "system", "content": "Be brief."}, USER)), {}),
    "turns": (Prompt(TURNS), {}),
    "stop": (Prompt((USER,)), {"stop": "naïvely"}),
    "length": (Prompt((USER,)), {"max_tokens": 3}),
    "unfinished": (Prompt((USER,)), {"max_tokens": 300}),
}
TEXTS = {"stop": "It is cold in Ulm,\n", "length": "It is cold"}
CASES = [Case(name, prompt, "talk", (), reference=SAID) for name, (prompt, _) in ASKED.items()]


@pytest.fixture(autouse=True)
def litellm_at_base_url(monkeypatch):
    litellm_finds_replicate(monkeypatch)


async def theirs(base, model, prompt, params, *, stream):
    module = litellm()
    wanted = {**prompt.as_json(), **params}
    with quiet():
        answer = await module.acompletion(
            model=model, api_key=KEY, base_url=base, stream=stream, num_retries=0, max_retries=0, **wanted
        )
        if stream:
            chunks = [chunk async for chunk in answer]
            answer = module.stream_chunk_builder(chunks, messages=wanted["messages"])
    await module.close_litellm_async_clients()
    return answer


async def both(model, what, *, stream):
    prompt, params = ASKED[what]
    async with served(keys=Keys.of(CASES)) as fleet, Client() as client:
        base = f"{fleet.address}/right/v1"
        mine = Provider("mine", model, Secret(KEY), base, retries=Retries(0, 0.0))
        attempt = await client.ask(mine, prompt, params=params, stream=stream)
        return attempt, await theirs(base, model, prompt, params, stream=stream)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("model", [LLAMA, PLAIN], ids=["template", "joined"])
def test_both_paths_read_the_same_text(model, what, stream):
    attempt, other = asyncio.run(both(model, what, stream=stream))
    choice, usage = other.choices[0], attempt.usage
    assert attempt.failure is None
    assert attempt.reply.text == choice.message.content == TEXTS.get(what, SAID.text)
    assert not attempt.reply.tool_calls
    assert not choice.message.tool_calls
    assert choice.finish_reason == "stop"  # made up
    assert attempt.reply.finish_reason == {"length": "length", "unfinished": "stop"}.get(what)
    assert (usage.source, usage.completion_tokens) == ("usage", len(split(attempt.reply.text)))
    assert (other.usage.prompt_tokens, other.usage.completion_tokens) != (usage.prompt_tokens, usage.completion_tokens)
    assert (other.usage.prompt_tokens == 0) is stream  # streamed it has none, and otherwise its own tokenizer's


def test_an_empty_reply_is_empty():
    async def run():
        params = {"extra_headers": {"x-simulate-fault": "empty_choices"}}
        async with served(keys=Keys.of(CASES)) as fleet, Client() as client:
            base = f"{fleet.address}/right/v1"
            mine = Provider("mine", PLAIN, Secret(KEY), base, retries=Retries(0, 0.0))
            return await client.ask(mine, Prompt((USER,)), params=params, stream=False)

    attempt = asyncio.run(run())
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.reply.text) == ("empty_response", "")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_counts_that_the_server_does_not_tell_are_unknown(stream):
    async def run():
        async with served(keys=Keys.of(CASES)) as fleet, Client() as client:
            base = f"{fleet.address}/right/v1"
            mine = Provider("mine", PLAIN, Secret(KEY), base, retries=Retries(0, 0.0))
            params = {"extra_headers": {"x-simulate-fault": "usage_missing"}}
            return await client.ask(mine, Prompt((USER,)), params=params, stream=stream)

    attempt = asyncio.run(run())
    assert attempt.reply.text == SAID.text
    assert (attempt.usage.prompt_tokens, attempt.usage.completion_tokens, attempt.usage.source) == (None, None, "none")
    assert attempt.reply.finish_reason is None


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_several_stop_sequences_reach_the_model(stream):
    async def run():
        async with served(keys=Keys.of(CASES)) as fleet, Client() as client:
            base = f"{fleet.address}/right/v1"
            mine = Provider("mine", PLAIN, Secret(KEY), base, retries=Retries(0, 0.0))
            return await client.ask(mine, Prompt((USER,)), params={"stop": ["zzz", "naïvely"]}, stream=stream)

    assert asyncio.run(run()).reply.text == TEXTS["stop"]
