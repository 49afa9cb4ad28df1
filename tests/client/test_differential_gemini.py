"""Our Gemini wire against `litellm.acompletion`: what both ask, and the same bytes where the fleet has none such."""

import asyncio
import json
from typing import Any

import pytest

from harness.ask import Answer, Prompt, Provider, Retries, Secret, ToolCall
from harness.client import Client
from harness.client.door import litellm, quiet
from tests.client.server import KEY, TOOLS, chunked, data, serving, whole

MODEL = "gemini/gemini-2.5-flash"
USER = {"role": "user", "content": "What is the weather in Ulm?"}
PIXEL = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": PIXEL}}
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
WEATHER, TIME = ToolCall("get_weather", '{"city": "Köln"}'), ToolCall("get_time", '{"city": "Ulm", "hours": [1, 2.5]}')
SAID = Answer("It is cold in Ulm, naïvely 🙂 said, and wet.")
PAST = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Ulm"}'}}
ASKED: dict[str, tuple[Prompt, Answer, dict[str, Any]]] = {
    "plain": (Prompt((USER,)), SAID, {}),
    "system": (Prompt(({"role": "system", "content": "Be brief."}, USER)), SAID, {}),
    "turns": (Prompt((USER, {"role": "assistant", "content": "Cold."}, {"role": "user", "content": "Why?"})), SAID, {}),
    "tools": (Prompt((USER,), TOOLS, "auto"), Answer("", (WEATHER,)), {}),
    "parallel": (Prompt((USER,), TOOLS, "required"), Answer("I look.", (WEATHER, TIME)), {}),
    "named": (
        Prompt((USER,), TOOLS, {"type": "function", "function": {"name": "get_time"}}),
        Answer("", (TIME,)),
        {},
    ),
    "results": (
        Prompt(
            (
                USER,
                {"role": "assistant", "content": None, "tool_calls": [PAST]},
                {"role": "tool", "tool_call_id": "c1", "content": "It is 3 degrees."},
            ),
            TOOLS,
        ),
        SAID,
        {},
    ),
    "json": (Prompt((USER,), response_format=SCHEMA), Answer('{"a": 1}'), {}),
    "image": (Prompt(({"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE]},)), SAID, {}),
    "stop": (Prompt((USER,)), SAID, {"stop": [" cold"]}),
    "length": (Prompt((USER,)), SAID, {"max_tokens": 3}),
}


def provider(base):
    return Provider("mine", MODEL, Secret(KEY), base, retries=Retries(0, 0.0))


async def theirs(base, prompt, params, *, stream):
    """What litellm makes of it, streamed replies put together by litellm itself."""
    module = litellm()
    wanted = prompt.as_json()
    messages = wanted.pop("messages")
    with quiet():
        answer = await module.acompletion(
            model=MODEL, messages=messages, api_key=KEY, base_url=base, stream=stream, num_retries=0, max_retries=0,
            _skip_mcp_handler=True, **wanted, **params,
        )  # fmt: skip
        if stream:
            answer = module.stream_chunk_builder([chunk async for chunk in answer], messages=messages)
    await module.close_litellm_async_clients()
    choice, usage = answer.choices[0], answer.usage
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    thought = usage.completion_tokens_details.reasoning_tokens if usage.completion_tokens_details else None
    return {
        "text": choice.message.content or "",
        "reasoning": getattr(choice.message, "reasoning_content", None) or "",
        "calls": [(one.function.name, json.loads(one.function.arguments)) for one in choice.message.tool_calls or []],
        "finish": choice.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens, cached or 0, thought or 0),
    }


def ours(attempt):
    reply, usage = attempt.reply, attempt.usage
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "calls": [(call.name, json.loads(call.arguments)) for call in reply.tool_calls],
        "finish": reply.finish_reason,
        "usage": (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens or 0,
            usage.reasoning_tokens or 0,
        ),
    }


streamed_or_not = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


USAGE = {"promptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 25}


def response(*parts, finish="STOP", usage=USAGE, **more):
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "g-1", "responseId": "r1", **more}


async def on_bytes(body, *, stream, prompt=ASKED["plain"][0], params=None):
    """Ours and litellm's on the same response, streamed as one event, and what the server was asked by each."""
    async with serving(chunked(data(body)) if stream else whole(body)) as server, Client() as client:
        base = f"{server.url}/v1beta"
        mine = await client.ask(provider(base), prompt, params=params or {}, stream=stream)
        return mine, await theirs(base, prompt, params or {}, stream=stream), server.asked


CALL = {"functionCall": {"name": "get_weather", "args": {"city": "Ulm"}}}


@streamed_or_not
@pytest.mark.parametrize("what", ASKED)
def test_both_paths_ask_the_same(what, stream):
    prompt, _, params = ASKED[what]
    _, _, asked = asyncio.run(on_bytes(response({"text": "x"}), stream=stream, prompt=prompt, params=params))
    mine, other = asked
    assert (mine.path, mine.body) == (other.path, other.body)
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    assert mine.path == f"/v1beta/models/gemini-2.5-flash:{method}"
    assert mine.headers["x-goog-api-key"] == other.headers["x-goog-api-key"] == KEY
    assert "authorization" not in mine.headers


RICH = {
    "thinking": response(
        {"text": "Hm.", "thought": True},
        {"text": "Cold.", "thoughtSignature": "abc="},
        usage={**USAGE, "thoughtsTokenCount": 7, "totalTokenCount": 32},
    ),
    "thoughts within": response({"text": "x"}, usage={**USAGE, "thoughtsTokenCount": 3}),
    "cached": response({"text": "x"}, usage={**USAGE, "cachedContentTokenCount": 16}),
    "tool use": response(
        {"text": "x"}, usage={**USAGE, "toolUsePromptTokenCount": 4, "totalTokenCount": 29, "thoughtsTokenCount": 0}
    ),
    "searched": {
        **response({"text": "x"}),
        "candidates": [
            {
                **response({"text": "x"})["candidates"][0],
                "groundingMetadata": {"webSearchQueries": ["ulm"]},
            }
        ],
        "usageMetadata": {**USAGE, "toolUsePromptTokenCount": 4, "totalTokenCount": 29},
    },
    "code": response({"executableCode": {"language": "PYTHON", "code": "1"}}, {"text": "1"}),
    "text and call": response({"text": "I look."}, CALL, CALL),
    "call without arguments": response({"functionCall": {"name": "get_time", "args": {}}}),
}


@streamed_or_not
@pytest.mark.parametrize("what", RICH)
def test_both_paths_read_what_the_fleet_never_says_the_same(what, stream):
    mine, other, _ = asyncio.run(on_bytes(RICH[what], stream=stream))
    assert mine.failure is None
    assert ours(mine) == other


def test_text_that_a_filter_stopped_is_kept_where_litellm_throws_it_away():
    for stream in (True, False):
        mine, other, _ = asyncio.run(on_bytes(response({"text": "It is"}, finish="SAFETY"), stream=stream))
        assert (mine.reply.text, mine.reply.finish_reason, mine.failure) == ("It is", "content_filter", None)
        assert (other["text"], other["finish"]) == ("It is" if stream else "", "content_filter")


@streamed_or_not
def test_a_blocked_prompt_is_a_failure_where_litellm_has_an_answer_of_nothing(stream):
    body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}
    mine, other, _ = asyncio.run(on_bytes(body, stream=stream))
    assert mine.failure is not None
    assert mine.failure.kind == "content_filtered"
    assert (other["text"], other["finish"]) == ("", "content_filter")


@streamed_or_not
def test_a_fault_of_the_model_keeps_its_name_where_litellm_says_stop(stream):
    body = response({"text": "x"}, finish="MALFORMED_FUNCTION_CALL")
    mine, other, _ = asyncio.run(on_bytes(body, stream=stream))
    assert (mine.reply.finish_reason, other["finish"]) == ("MALFORMED_FUNCTION_CALL", "stop")


@streamed_or_not
def test_a_call_at_the_token_limit_is_cut_where_litellm_calls_it_whole(stream):
    mine, other, _ = asyncio.run(on_bytes(response(CALL, finish="MAX_TOKENS"), stream=stream))
    assert (mine.reply.finish_reason, other["finish"]) == ("length", "tool_calls")


def test_a_stream_without_a_reason_is_cut_where_litellm_makes_one_up():
    mine, other, _ = asyncio.run(on_bytes(response({"text": "It is"}, finish=None), stream=True))
    assert mine.failure is not None
    assert (mine.failure.kind, mine.reply.text) == ("stream_truncated", "It is")
    assert (other["text"], other["finish"]) == ("It is", "stop")
