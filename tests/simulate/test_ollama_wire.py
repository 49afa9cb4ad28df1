"""Ollama's wire of the fleet, as its documentation has it."""

import asyncio
import json

import pytest

from harness.ask import Answer, Case, Prompt
from harness.simulate import Keys
from harness.told import Truth
from tests.simulate.served import CASES, SUM, TRIP, openai_body, served

PATH = "/right/api/chat"
TEXT = "The answer is 4, naïvely 🙂."
JPEG, PNG = "/9j/4AAQ", "iVBORw0KGgo="


def seen(case):
    """The case as a prompt with an image is written for Ollama."""
    return {"model": "m", "messages": [{"role": "user", "content": "What is it?", "images": [case]}], "stream": False}


def looking(kind, data):
    image = {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{data}"}}
    parts = [{"type": "text", "text": "What is it?"}, image]
    return Case(kind, Prompt(({"role": "user", "content": parts},)), "vision", (), reference=Answer(f"A {kind}."))


EARLIER = Case(
    "earlier",
    Prompt(
        (
            {"role": "user", "content": "Ulm?"},
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"city": "Ulm"}'}}]},
            {"role": "tool", "content": "cold"},
        )
    ),
    "tools",
    (),
    reference=Answer("It is cold."),
)


def asked(body, path=PATH, keys=None, log=None):
    async def run():
        async with served(keys=keys, log=log) as server:
            return await server.post(path, body)

    return asyncio.run(run())


def question(case, **more):
    return openai_body(case, stream=False) | more


def test_a_whole_reply():
    got = asked(question(SUM)).json
    assert got["message"] == {"role": "assistant", "content": TEXT}
    assert (got["done"], got["done_reason"], got["model"]) == (True, "stop", "simulated-model")
    assert (got["prompt_eval_count"], got["eval_count"]) == (6, 8)
    assert got["created_at"].endswith("Z")
    assert "id" not in got


def test_calls_come_with_arguments_as_objects_and_end_for_stop():
    got = asked(question(TRIP)).json
    functions = [call["function"] for call in got["message"]["tool_calls"]]
    assert [one["arguments"]["city"] for one in functions] == ["Rome", "Oslo, Norway"]
    assert [one["index"] for one in functions] == [0, 1]
    assert (got["message"]["content"], got["done_reason"]) == ("Let me see.", "stop")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_streams_lines_unless_told_not_to(case, tmp_path):
    body = question(case)
    del body["stream"]
    got, whole = asked(body, log=tmp_path / "truth"), asked(question(case)).json
    *lines, last = (json.loads(line) for line in got.body.splitlines())
    assert got.headers["Content-Type"] == "application/x-ndjson"
    assert all(one["done"] is False and "done_reason" not in one for one in lines)
    assert "".join(one["message"]["content"] for one in lines) == whole["message"]["content"]
    calls = [call for one in lines for call in one["message"].get("tool_calls", [])]
    assert calls == whole["message"].get("tool_calls", [])
    assert {name: last[name] for name in ("done", "done_reason", "prompt_eval_count", "eval_count")} == {
        name: whole[name] for name in ("done", "done_reason", "prompt_eval_count", "eval_count")
    }
    truth = Truth.from_json(json.loads((tmp_path / "truth").read_text()))
    assert truth.response_id == got.headers["x-request-id"], "the one place for an id"
    assert truth.completion_tokens == last["eval_count"]


@pytest.mark.parametrize("limit", [-1, -2, None])
def test_a_limit_may_be_none(limit):
    assert asked(question(SUM, options={"num_predict": limit})).json["message"]["content"] == TEXT


def test_limits_and_stop_sequences_end_a_reply():
    cut = asked(question(SUM, options={"num_predict": 2})).json
    assert (cut["message"]["content"], cut["done_reason"], cut["eval_count"]) == ("The answ", "length", 2)
    stopped = asked(question(SUM, options={"stop": [" is"]})).json
    assert (stopped["message"]["content"], stopped["done_reason"]) == ("The answer", "stop")
    half = asked(question(TRIP, options={"num_predict": 6})).json
    assert (half["message"]["tool_calls"][0]["function"]["arguments"], half["done_reason"]) == ({}, "length")


@pytest.mark.parametrize(("kind", "data"), [("jpeg", JPEG), ("png", PNG)])
def test_an_image_is_known_by_its_data(kind, data):
    got = asked(seen(data), keys=Keys.of([looking(kind, data)]))
    assert got.json["message"]["content"] == f"A {kind}."


def test_earlier_calls_are_part_of_the_question():
    earlier = [
        {"role": "user", "content": "Ulm?"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"city": "Ulm"}}}]},
        {"role": "tool", "content": "cold"},
    ]
    got = asked({"model": "m", "messages": earlier, "stream": False}, keys=Keys.of([EARLIER]))
    assert got.json["message"]["content"] == "It is cold."


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"options": 3}, "options: must be an object"),
        ({"options": {"num_predict": 0}}, "num_predict: must be"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "'robot' is not one of"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content: must be a string"),
        ({"messages": [{"role": "user", "images": [3]}]}, "messages[0].images: must be a list"),
        (
            {"messages": [{"role": "user", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]},
            "an object}",
        ),
        ({"tools": [{"name": "f"}]}, "tools: each must be"),
    ],
)
def test_a_request_in_a_bad_form_is_refused_with_an_error(more, complaint):
    got = asked(question(SUM, **more))
    assert got.status == 400
    assert complaint in got.json["error"]
