"""Ollama's chat through our wire against the same through litellm, on the simulated fleet."""

import asyncio
import json

import pytest

from harness.ask import Prompt, Provider, Retries, Secret
from harness.client import Client
from tests.client.differing import QUESTIONS, fleet_of, ours, theirs, user
from tests.client.server import KEY, TOOLS, serving, whole

MODEL = "ollama_chat/llama3.1"
WHY_NOT = {
    # litellm gives every streamed call the index 0 and so writes their arguments behind one another, which is no JSON:
    # https://github.com/BerriAI/litellm/issues/33678
    ("parallel", True): "Extra data",
}
"""The differences that remain, each with its reason: what litellm fails with."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with fleet_of(tmp_path_factory.mktemp("fleet")) as fleet:
        yield fleet


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_both_paths_read_the_same(fleet, name, stream):
    url, question = fleet.base_url("right", "ollama_chat"), QUESTIONS[name]
    mine = asyncio.run(ours(url, MODEL, question, stream=stream))
    assert mine["calls"] == [(one.name, json.loads(one.arguments)) for one in question.right.tool_calls]
    if (name, stream) in WHY_NOT:
        with pytest.raises(json.JSONDecodeError, match=WHY_NOT[name, stream]):
            asyncio.run(theirs(url, MODEL, question, stream=stream))
    else:
        assert mine == asyncio.run(theirs(url, MODEL, question, stream=stream))


def test_what_ended_a_reply_is_told(fleet):
    url = fleet.base_url("right", "ollama_chat")
    assert asyncio.run(ours(url, MODEL, QUESTIONS["length"], stream=True))["finish"] == "length"
    assert asyncio.run(ours(url, MODEL, QUESTIONS["stop"], stream=True))["text"] == "one two "


REPLY = {"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": True, "done_reason": "stop"}


async def at_the_server(model, question, *, stream):
    """The bodies that both paths send, and every request that comes in."""
    async with serving(whole({**REPLY, "prompt_eval_count": 1, "eval_count": 1})) as server:
        await ours(server.url, model, question, stream=stream)
        mine = [one.path for one in server.asked], list(server.lines)
        litellm_is_blocking = asyncio.to_thread(asyncio.run, theirs(server.url, MODEL, question, stream=stream))
        await litellm_is_blocking
        return mine, [one.body for one in server.asked]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_both_paths_ask_the_same_and_ours_asks_once(name, stream):
    (paths, lines), bodies = asyncio.run(at_the_server(MODEL, QUESTIONS[name], stream=stream))
    assert paths == ["/api/chat"]
    assert lines == ["POST /api/chat HTTP/1.1"], "nothing is asked but the question, not even /api/show"
    assert bodies[0] == bodies[1]


def test_the_older_name_asks_the_same_endpoint_the_same():
    (paths, _), bodies = asyncio.run(at_the_server("ollama/llama3.1", QUESTIONS["tools"], stream=True))
    assert paths == ["/api/chat"]
    assert bodies[0] == bodies[1]


def asked(prompt, *scripts, **more):
    async def main():
        async with serving(*scripts) as server, Client() as client:
            provider = Provider("mine", MODEL, Secret(KEY), server.url, retries=Retries(0), **more)
            return await client.ask(provider, prompt, stream=False), server

    return asyncio.run(main())


def test_not_to_call_is_said_by_offering_no_tool_and_to_have_to_call_cannot_be_said():
    attempt, server = asked(Prompt((user("hi"),), TOOLS, "none"), whole(REPLY))
    assert attempt.failure is None
    assert "tools" not in server.asked[0].body
    attempt, server = asked(Prompt((user("hi"),), TOOLS, "required"), whole(REPLY))
    assert (attempt.failure.kind, server.asked) == ("unsupported_parameter", [])
    assert "tool_choice" in attempt.failure.error
    attempt, server = asked(Prompt((user("hi"),), TOOLS, "required"), whole(REPLY), drop_params=True)
    assert (attempt.failure, attempt.sent.dropped) == (None, ("tool_choice",))
    assert len(server.asked[0].body["tools"]) == 2


def test_a_reply_without_an_id_has_that_of_its_header():
    attempt, _ = asked(Prompt((user("hi"),)), whole(REPLY, "200 OK", "X-Request-Id: r7"))
    assert attempt.reply.response_id == "r7"


def test_a_model_that_is_not_there_is_told():
    said = {"error": "model 'llama3.1' not found, try pulling it first"}
    attempt, _ = asked(Prompt((user("hi"),)), whole(said, "404 Not Found"))
    assert (attempt.failure.kind, attempt.failure.retryable) == ("model_not_found", False)
    assert "try pulling it first" in attempt.failure.error
