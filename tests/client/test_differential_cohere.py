"""Cohere's chat through our wire against the same through litellm, on bytes that the fleet does not say, and what each asks."""

import asyncio
import json

import pytest

from harness.ask import Prompt, Provider, Retries, Secret
from harness.client import Client
from tests.client.differing import FORM, QUESTIONS, SCHEMA, ours, theirs, user
from tests.client.server import KEY, TOOLS, chunked, serving, whole

MODEL = "cohere/command-a-03-2025"
COMPARED = [name for name in QUESTIONS if name != "schema"]


USAGE = {"billed_units": {"input_tokens": 3, "output_tokens": 2}, "tokens": {"input_tokens": 70, "output_tokens": 5}}
TEXT = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
REPLY = {"id": "r1", "finish_reason": "COMPLETE", "message": TEXT, "usage": USAGE}
CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Ulm"}'}}
START = {"type": "message-start", "id": "r1", "delta": {"message": {"role": "assistant"}}}


def lines(*events):
    return chunked(*(json.dumps(one).encode() + b"\n" for one in events))


def ending(reason):
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": USAGE}}


async def both(script, question, *, stream):
    async with serving(script) as server:
        mine = await ours(server.url, MODEL, question, stream=stream)
        other = await theirs(f"{server.url}/v2/chat", MODEL, question, stream=stream)
        return mine, other, server.asked


def test_of_events_as_lines_of_json_litellm_reads_the_text_alone():
    """It looks for their end, the usage and the calls where Cohere does not write them: it makes up the end and the usage."""
    pieces = [
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": one}}}} for one in ("Hel", "lo")
    ]
    mine, other, _ = asyncio.run(both(lines(START, *pieces, ending("MAX_TOKENS")), QUESTIONS["plain"], stream=True))
    assert (mine["text"], mine["finish"], mine["usage"]) == ("Hello", "length", (70, 5))
    assert (other["text"], other["finish"]) == ("Hello", "stop")
    assert other["usage"] not in ((70, 5), (3, 2))
    call = {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": CALL}}}
    mine, other, _ = asyncio.run(both(lines(START, call, ending("TOOL_CALL")), QUESTIONS["tools"], stream=True))
    assert (mine["calls"], other["calls"]) == ([("get_weather", {"city": "Ulm"})], [])


@pytest.mark.parametrize("name", COMPARED)
def test_both_paths_ask_the_same(name):
    _, _, asked = asyncio.run(both(whole(REPLY), QUESTIONS[name], stream=False))
    assert [one.path for one in asked] == ["/v2/chat", "/v2/chat"]
    assert {**asked[0].body, "stream": False} == asked[1].body, "false is what it is anyway"
    assert asked[0].headers["authorization"] == asked[1].headers["authorization"] == f"Bearer {KEY}"


def sent(prompt, **more):
    async def main():
        async with serving(whole(REPLY)) as server, Client() as client:
            provider = Provider("mine", MODEL, Secret(KEY), server.url, retries=Retries(0), **more)
            attempt = await client.ask(provider, prompt, stream=False)
            return attempt, server.asked[0].body if server.asked else None

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (FORM, {"type": "json_object", "json_schema": SCHEMA}),
        ({"type": "json_object"}, {"type": "json_object"}),
        ({"type": "text"}, None),
    ],
)
def test_json_is_asked_for_in_coheres_own_form(form, written):
    attempt, body = sent(Prompt((user("hi"),), response_format=form))
    assert attempt.failure is None
    assert body.get("response_format") == written


@pytest.mark.parametrize(
    ("choice", "written", "offered"),
    [
        ("auto", None, 2),
        ("required", "REQUIRED", 2),
        ("none", "NONE", 2),
        ({"type": "function", "function": {"name": "get_time"}}, "REQUIRED", 1),
    ],
)
def test_tool_choice_is_written_in_coheres_own_form(choice, written, offered):
    attempt, body = sent(Prompt((user("hi"),), TOOLS, choice))
    assert attempt.failure is None
    assert (body.get("tool_choice"), len(body["tools"])) == (written, offered)
    assert body["tools"][-1]["function"]["name"] == "get_time"


def test_what_cohere_cannot_be_told_is_refused_or_dropped_by_name():
    prompt = Prompt((user("hi"),), response_format={"type": "grammar"})
    attempt, body = sent(prompt)
    assert (attempt.failure.kind, body) == ("unsupported_parameter", None)
    attempt, body = sent(prompt, drop_params=True)
    assert attempt.failure is None
    assert attempt.sent.dropped == ("response_format",)
    assert "response_format" not in body


def test_a_fault_is_told_by_its_message():
    async def main():
        async with (
            serving(whole({"id": "e", "message": f"invalid api token {KEY}"}, "401 Unauthorized")) as server,
            Client() as client,
        ):
            return await client.ask(Provider("mine", MODEL, Secret(KEY), server.url), "hi")

    failed = asyncio.run(main()).failure
    assert failed is not None
    assert (failed.kind, KEY in failed.error) == ("auth", False)
    assert "invalid api token" in failed.error
