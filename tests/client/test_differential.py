"""Our wires for OpenAI and Anthropic against `litellm.acompletion`: the same bytes read the same, and the same question asked the same."""

import asyncio
import json

import pytest

from harness.ask import Prompt
from harness.client import Client
from harness.client.door import litellm, quiet
from tests.client import differing
from tests.client.differing import QUESTIONS
from tests.client.server import (
    A_HELLO,
    A_START,
    A_STOP,
    COUNTED,
    DONE,
    HELLO,
    KEY,
    TOOLS,
    a_end,
    a_text,
    a_tool,
    chunked,
    completion,
    delta,
    event,
    message,
    provider,
    serving,
    whole,
)

OPENAI, ANTHROPIC, OLDER = "openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5", "anthropic/claude-3-5-haiku-latest"
USER = {"role": "user", "content": "What is the weather in Ulm?"}
TURNS = (USER, {"role": "assistant", "content": "Cold."}, {"role": "user", "content": "And in Köln?"})
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"a": {"type": "number"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    },
}
PROMPTS = {
    "plain": Prompt((USER,)),
    "system": Prompt(({"role": "system", "content": "Be brief."}, USER)),
    "turns": Prompt(TURNS),
    "tools": Prompt((USER,), TOOLS, "auto"),
    "parallel": Prompt((USER,), TOOLS, "required"),
    "json": Prompt((USER,), response_format=SCHEMA),
}
CALLS = [
    {"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Ulm"}'}},
    {"id": "b", "type": "function", "function": {"name": "get_time", "arguments": '{"city": "Ulm"}'}},
]


def call_deltas(calls):
    for index, call in enumerate(calls):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        function = {"name": name, "arguments": ""}
        yield delta(tool_calls=[{"index": index, "id": call["id"], "type": "function", "function": function}])
        for part in (arguments[:5], arguments[5:]):
            yield delta(tool_calls=[{"index": index, "function": {"arguments": part}}])


def openai_script(what, *, stream):
    if what in {"tools", "parallel"}:
        calls = CALLS[:1] if what == "tools" else CALLS
        body, events = (
            completion(None, "tool_calls", tool_calls=calls),
            [*call_deltas(calls), delta(finish="tool_calls")],
        )
    elif what == "json":
        body, events = completion('{"a": 1}'), [delta('{"a"'), delta(": 1}"), delta(finish="stop")]
    elif what == "length":
        body, events = completion("Hel", "length"), [delta("Hel"), delta(finish="length")]
    else:
        body, events = completion(), HELLO[:-2]
    return chunked(*events, COUNTED, DONE) if stream else whole(body)


def anthropic_script(what, *, stream):
    start = [event("ping"), *a_text("I look.")]
    tool = {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"city": "Ulm"}}
    text = {"type": "text", "text": "I look."}
    if what == "tools":
        body = message(text, tool, reason="tool_use")
        events = [A_START, *start, *a_tool('{"city"', ': "Ulm"}'), a_end("tool_use"), A_STOP]
    elif what == "parallel":
        body = message(text, tool, {**tool, "id": "t2", "name": "get_time"}, reason="tool_use")
        second = a_tool('{"city": "Ulm"}', index=2, name="get_time")
        events = [A_START, *start, *a_tool('{"city": "Ulm"}'), *second, a_end("tool_use"), A_STOP]
    elif what == "json":
        body = message({"type": "text", "text": '{"a": 1}'})
        events = [A_START, *a_text('{"a"', ": 1}"), a_end(), A_STOP]
    elif what == "length":
        body = message({"type": "text", "text": "Hel"}, reason="max_tokens")
        events = [A_START, *a_text("Hel"), a_end("max_tokens"), A_STOP]
    else:
        body, events = message({"type": "text", "text": "Hello"}), A_HELLO
    return chunked(*events) if stream else whole(body)


async def theirs(url, model, prompt, *, stream):
    """What litellm makes of it, streamed replies put together by litellm itself."""
    module = litellm()
    base = f"{url}/v1" if model == OPENAI else url
    wanted = prompt.as_json()
    messages = wanted.pop("messages")
    options = {"stream_options": {"include_usage": True}} if stream else {}
    with quiet():
        answer = await module.acompletion(
            model=model, messages=messages, api_key=KEY, base_url=base, stream=stream, num_retries=0, max_retries=0,
            max_tokens=50, _skip_mcp_handler=True, **wanted, **options,
        )  # fmt: skip
        if stream:
            chunks = [chunk async for chunk in answer]
            answer = module.stream_chunk_builder(chunks, messages=messages)
    await module.close_litellm_async_clients()
    choice = answer.choices[0]
    calls = [(one.function.name, json.loads(one.function.arguments)) for one in choice.message.tool_calls or []]
    usage = answer.usage
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details else 0
    return {
        "text": choice.message.content or "",
        "calls": calls,
        "finish": choice.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens, cached),
    }


def ours(attempt):
    assert attempt.failure is None
    usage = attempt.usage
    return {
        "text": attempt.reply.text,
        "calls": [(call.name, json.loads(call.arguments)) for call in attempt.reply.tool_calls],
        "finish": attempt.reply.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens or 0),
    }


async def both(script, model, prompt, *, stream):
    async with serving(script) as server, Client() as client:
        mine = await client.ask(provider(server.url, model), prompt, params={"max_tokens": 50}, stream=stream)
        other = await theirs(server.url, model, prompt, stream=stream)
        return ours(mine), other, [one.body for one in server.asked], [one.path for one in server.asked]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("what", ["plain", "system", "turns", "tools", "parallel", "json", "length"])
@pytest.mark.parametrize(("model", "script"), [(OPENAI, openai_script), (ANTHROPIC, anthropic_script)])
def test_both_paths_read_the_same_and_ask_the_same(model, script, what, stream):
    prompt = PROMPTS.get(what, PROMPTS["plain"])
    mine, other, bodies, paths = asyncio.run(both(script(what, stream=stream), model, prompt, stream=stream))
    assert mine == other
    assert paths[0] == paths[1]
    without = [{name: value for name, value in body.items() if name != "stream" or value} for body in bodies]
    assert without[0] == without[1]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize(("model", "script"), [(OPENAI, openai_script), (ANTHROPIC, anthropic_script)])
def test_every_question_is_asked_the_same(model, script, name, stream):
    async def main():
        async with serving(script("plain", stream=stream)) as server:
            base = f"{server.url}/v1" if model == OPENAI else server.url
            await differing.ours(base, model, QUESTIONS[name], stream=stream)
            await differing.theirs(base, model, QUESTIONS[name], stream=stream)
            return server.asked

    mine, other = ({key: value for key, value in one.body.items() if value is not False} for one in asyncio.run(main()))
    assert mine == other


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_json_through_a_tool_reads_the_same(stream):
    tool = {"type": "tool_use", "id": "t1", "name": "json_tool_call", "input": {"a": 1}}
    events = [A_START, *a_tool('{"a": 1}', index=0, name="json_tool_call"), a_end("tool_use"), A_STOP]
    script = chunked(*events) if stream else whole(message(tool, reason="tool_use"))
    mine, other, bodies, _ = asyncio.run(both(script, OLDER, PROMPTS["json"], stream=stream))
    assert json.loads(mine["text"]) == json.loads(other["text"]) == {"a": 1}
    assert (mine["calls"], mine["usage"]) == (other["calls"], other["usage"])
    assert mine["finish"] == other["finish"] == "stop"
    assert bodies[0]["tools"] == bodies[1]["tools"]
