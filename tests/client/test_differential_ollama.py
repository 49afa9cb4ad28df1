"""What Ollama is asked through our wire and through litellm, and what only Ollama says."""

import asyncio

import pytest

from harness.ask import Prompt, Provider, Retries, Secret
from harness.client import Client
from tests.client.differing import QUESTIONS, ours, theirs, user
from tests.client.server import KEY, TOOLS, serving, whole

MODEL = "ollama_chat/llama3.1"
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
