"""Special tokens that a server leaks at the end of a text: the same on every wire, streamed or not, and through litellm."""

import asyncio

import pytest

from harness.ask import Answer, Case, Prompt, Provider, Retries, Secret
from harness.client import Client
from harness.simulate import Keys
from harness.simulate.wires import WIRES
from tests.client.server import DONE, KEY, chunked, completion, delta, serving, whole
from tests.simulate.served import served

TOLD = "It is <|im_end|> that ends a turn.\n"
LEAKED = Prompt(({"role": "user", "content": "What ends a turn?"},))
NOTHING = Prompt(({"role": "user", "content": "Say nothing."},))
CASES = [
    Case("leaked", LEAKED, "talk", (), reference=Answer(f"{TOLD}<|im_end|></s>\n<|im_end|>")),
    Case("nothing", NOTHING, "talk", (), reference=Answer("<|eot_id|><|end_of_text|>")),
]
MODELS = {
    "openai": "openai/gpt-4o-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "replicate": "replicate/acme/llm",
    "cohere": "cohere_chat/command-a-03-2025",
    "ollama_chat": "ollama_chat/llama3.1",
}
streamed_or_not = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


@streamed_or_not
@pytest.mark.parametrize("kind", WIRES)
def test_they_are_taken_off_and_counted_on_every_wire(kind, stream):
    async def main():
        async with served(keys=Keys.of(CASES)) as fleet, Client() as client:
            base = fleet.address + WIRES[kind].BASE.format(profile="right")
            provider = Provider("mine", MODELS[kind], Secret(KEY), base, retries=Retries(0))
            return [await client.ask(provider, prompt, stream=stream) for prompt in (LEAKED, NOTHING)]

    leaked, nothing = asyncio.run(main())
    assert leaked.failure is None
    assert (leaked.reply.text, leaked.reply.end_tokens) == (TOLD, 3)
    assert nothing.failure is not None
    assert (nothing.failure.kind, nothing.reply.text, nothing.reply.end_tokens) == ("empty_response", "", 2)
    assert (nothing.clock.ttft_s, nothing.clock.chunk_count) == (None, 0)


@streamed_or_not
def test_they_are_taken_off_of_what_litellm_brings(stream):
    said = [delta(role="assistant"), delta("Hello<|im_"), delta("end|></"), delta("s>"), delta(finish="stop"), DONE]
    script = chunked(*said) if stream else whole(completion("Hello<|im_end|></s>"))

    async def main():
        async with serving(script) as server, Client() as client:
            provider = Provider("mine", "datarobot/any", Secret(KEY), f"{server.url}/v1", retries=Retries(0))
            return await client.ask(provider, "Say hello.", stream=stream)

    attempt = asyncio.run(main())
    assert attempt.clock.source == "client"
    assert (attempt.failure, attempt.reply.text, attempt.reply.end_tokens) == (None, "Hello", 2)
