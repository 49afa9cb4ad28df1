"""Cohere's wire of the fleet, as its documentation has it."""

import asyncio
import json

import pytest

from tests.simulate.served import CASES, FORM, SUM, TRIP, openai_body, served

PATH = "/right/v2/chat"
TEXT = "The answer is 4, naïvely 🙂."


def asked(case, path=PATH, **more):
    async def run():
        async with served() as server:
            return await server.post(path, openai_body(case) | more)

    return asyncio.run(run())


def test_a_whole_reply():
    got = asked(SUM).json
    assert got["message"] == {"role": "assistant", "content": [{"type": "text", "text": TEXT}]}
    assert got["finish_reason"] == "COMPLETE"
    assert got["usage"]["tokens"] == got["usage"]["billed_units"] == {"input_tokens": 6, "output_tokens": 8}


def test_a_whole_reply_with_calls_has_a_plan_and_no_content():
    got = asked(TRIP).json
    assert got["finish_reason"] == "TOOL_CALL"
    message = got["message"]
    assert (message["tool_plan"], "content" in message) == ("Let me see.", False)
    cities = [json.loads(call["function"]["arguments"])["city"] for call in message["tool_calls"]]
    assert cities == ["Rome", "Oslo, Norway"]
    assert len({call["id"] for call in message["tool_calls"]}) == 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_stream_says_what_the_whole_reply_says(case):
    got, whole = asked(case, stream=True), asked(case).json
    *events, done = got.events
    names = [line[7:] for line in got.body.decode().split("\n") if line.startswith("event: ")]
    assert (names, done) == ([one["type"] for one in events], "[DONE]")
    assert (names[0], names[-1]) == ("message-start", "message-end")
    assert events[-1]["delta"] == {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}
    assert events[0]["id"] == events[-1]["id"] == got.headers["x-request-id"]
    content, plan, arguments = "", "", dict[int, str]()
    for one in events[1:-1]:
        message = one.get("delta", {}).get("message", {})
        content += message.get("content", {}).get("text", "")
        plan += message.get("tool_plan", "")
        if "tool_calls" in message:
            written = message["tool_calls"]["function"]["arguments"]
            arguments[one["index"]] = arguments.get(one["index"], "") + written
    said = whole["message"]
    assert content == "".join(part["text"] for part in said.get("content", []))
    assert plan == said.get("tool_plan", "")
    assert list(arguments.values()) == [call["function"]["arguments"] for call in said.get("tool_calls", [])]
    assert names.count("content-start") == names.count("content-end") == (case is not TRIP)
    assert names.count("tool-call-start") == names.count("tool-call-end") == len(arguments)


def test_limits_and_stop_sequences_end_a_reply():
    cut = asked(SUM, max_tokens=2).json
    assert (cut["message"]["content"][0]["text"], cut["finish_reason"]) == ("The answ", "MAX_TOKENS")
    stopped = asked(SUM, stop_sequences=["zzz", " is"]).json
    assert (stopped["message"]["content"][0]["text"], stopped["finish_reason"]) == ("The answer", "STOP_SEQUENCE")


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_of_nothing_is_whole(stream):
    got = asked(SUM, stop_sequences=["The"], stream=stream)
    if stream:
        assert [one["type"] for one in got.events[:-1]] == ["message-start", "message-end"]
    else:
        assert got.json["message"]["content"] == []


def test_the_only_tool_is_called_if_one_must_be():
    got = asked(TRIP, "/wrong/v2/chat", tool_choice="REQUIRED").json
    assert [call["function"]["name"] for call in got["message"]["tool_calls"]] == ["get_weather"]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"tool_choice": "any"}, "tool_choice: 'any' is not one of REQUIRED, NONE"),
        ({"max_tokens": 0}, "max_tokens: must be"),
        ({"messages": 3}, "messages: must be a list"),
    ],
)
def test_a_request_in_a_bad_form_is_refused_with_a_message(more, complaint):
    got = asked(FORM, **more)
    assert got.status == 400
    assert list(got.json) == ["message"]
    assert complaint in got.json["message"]
