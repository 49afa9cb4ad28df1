"""What goes out on each wire, byte for byte where a client depends on it."""

import asyncio
import json

import pytest

from tests.simulate.served import CASES, SUM, TRIP, served

TEXT = "The answer is 4, naïvely 🙂."


def asked(form, case, **more):
    async def run():
        async with served() as server:
            return await getattr(server, form)(case, **more)

    return asyncio.run(run())


def test_openai_whole():
    got = asked("openai", SUM).json
    assert got["object"] == "chat.completion"
    assert got["model"] == "simulated-model"
    assert got["system_fingerprint"] == "fp_right"
    assert got["id"].startswith("chatcmpl-")
    (choice,) = got["choices"]
    assert choice["message"] == {"role": "assistant", "content": TEXT, "refusal": None}
    assert choice["finish_reason"] == "stop"
    usage = got["usage"]
    assert usage["prompt_tokens"] == 6
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_openai_whole_with_tools():
    (choice,) = asked("openai", TRIP).json["choices"]
    calls = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "Let me see."
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"city": "Rome"}, {"city": "Oslo, Norway"}]
    assert all(call["id"].startswith("call_") and call["type"] == "function" for call in calls)
    assert len({call["id"] for call in calls}) == 2


@pytest.mark.parametrize("usage", [True, False])
def test_openai_streamed(usage):
    options = {"stream_options": {"include_usage": True}} if usage else {}
    *chunks, done = asked("openai", TRIP, stream=True, **options).events
    whole = asked("openai", TRIP).json
    assert done == "[DONE]"
    assert {(one["object"], one["model"]) for one in chunks} == {("chat.completion.chunk", "simulated-model")}
    assert len({one["id"] for one in chunks}) == 1
    if usage:
        last = chunks.pop()
        assert last["choices"] == []
        assert last["usage"] == whole["usage"]
    assert all(("usage" in one) == usage and not one.get("usage") for one in chunks)
    deltas = [one["choices"][0]["delta"] for one in chunks]
    assert deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    assert "".join(one.get("content") or "" for one in deltas) == "Let me see."
    calls: dict[int, str] = {}
    for call in (call for one in deltas for call in one.get("tool_calls", [])):
        assert ("id" in call) == (call["index"] not in calls)
        calls[call["index"]] = calls.get(call["index"], "") + call["function"]["arguments"]
    assert calls == {0: '{"city": "Rome"}', 1: '{"city": "Oslo, Norway"}'}
    assert [one["choices"][0]["finish_reason"] for one in chunks] == [None] * (len(chunks) - 1) + ["tool_calls"]


def test_anthropic_whole():
    got = asked("anthropic", SUM).json
    assert got["content"] == [{"type": "text", "text": TEXT}]
    assert (got["type"], got["role"], got["model"]) == ("message", "assistant", "simulated-model")
    assert (got["stop_reason"], got["stop_sequence"]) == ("end_turn", None)
    assert got["id"].startswith("msg_")
    assert got["usage"]["input_tokens"] == 6


def test_anthropic_whole_with_tools():
    got = asked("anthropic", TRIP).json
    text, *calls = got["content"]
    assert text == {"type": "text", "text": "Let me see."}
    assert [(one["type"], one["name"], one["input"]["city"]) for one in calls] == [
        ("tool_use", "get_weather", "Rome"),
        ("tool_use", "get_weather", "Oslo, Norway"),
    ]
    assert all(one["id"].startswith("toolu_") for one in calls)
    assert got["stop_reason"] == "tool_use"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_anthropic_streamed(case):
    got = asked("anthropic", case, stream=True)
    events = got.events
    names = [line[7:] for line in got.body.decode().split("\n") if line.startswith("event: ")]
    whole = asked("anthropic", case).json
    assert names == [one["type"] for one in events]
    assert names[:2] == ["message_start", "ping"]
    assert names[-2:] == ["message_delta", "message_stop"]
    start = events[0]["message"]
    assert start["content"] == []
    assert start["usage"]["input_tokens"] == whole["usage"]["input_tokens"]
    blocks: list[dict[str, object]] = []
    written = ""
    for one in events[2:-2]:
        if one["type"] == "content_block_start":
            assert one["index"] == len(blocks)
            written = ""
            blocks.append(one["content_block"])
        elif one["type"] == "content_block_delta":
            written += one["delta"].get("text", "") + one["delta"].get("partial_json", "")
        elif blocks[-1]["type"] == "text":
            blocks[-1]["text"] = written
        else:
            blocks[-1]["input"] = json.loads(written)
    assert [without_id(one) for one in blocks] == [without_id(one) for one in whole["content"]]
    assert events[-2]["delta"] == {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    assert events[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def without_id(block):
    return {name: value for name, value in block.items() if name != "id"}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_openai_replies_are_cut_at_the_token_limit(name, stream):
    got = asked("openai", SUM, stream=stream, stream_options={"include_usage": True}, **{name: 2})
    if stream:
        choices = [one["choices"][0] for one in got.events[:-2]]
        assert "".join(one["delta"].get("content", "") for one in choices) == "The answ"
        assert choices[-1]["finish_reason"] == "length"
        assert got.events[-2]["usage"]["completion_tokens"] == 2
    else:
        (choice,) = got.json["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("The answ", "length")
        assert got.json["usage"]["completion_tokens"] == 2


def test_anthropic_replies_are_cut_at_the_token_limit():
    got = asked("anthropic", SUM, max_tokens=2).json
    assert (got["content"][0]["text"], got["stop_reason"]) == ("The answ", "max_tokens")
    assert got["usage"]["output_tokens"] == 2
    cut = asked("anthropic", TRIP, max_tokens=6).json
    assert (cut["content"][1]["input"], cut["stop_reason"]) == ({}, "max_tokens")


def test_replies_end_at_stop_sequences():
    (choice,) = asked("openai", SUM, stop=" is").json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("The answer", "stop")
    got = asked("anthropic", SUM, stop_sequences=["zzz", " is"]).json
    assert (got["content"][0]["text"], got["stop_reason"], got["stop_sequence"]) == (
        "The answer",
        "stop_sequence",
        " is",
    )


@pytest.mark.parametrize(("form", "stop"), [("openai", "stop"), ("anthropic", "stop_sequences")])
def test_a_reply_that_stops_before_its_first_token_is_empty_and_whole(form, stop):
    options = {"stream_options": {"include_usage": True}} if form == "openai" else {}
    got = asked(form, SUM, stream=True, **{stop: ["The"]}, **options)
    if form == "openai":
        assert got.events[-1] == "[DONE]"
        assert got.events[-2]["usage"]["completion_tokens"] == 0
    else:
        assert [one["type"] for one in got.events] == ["message_start", "ping", "message_delta", "message_stop"]


@pytest.mark.parametrize(
    ("form", "choice"),
    [
        ("openai", {"type": "function", "function": {"name": "get_weather"}}),
        ("anthropic", {"type": "tool", "name": "get_weather"}),
    ],
)
def test_a_forced_tool_is_called(form, choice):
    got = asked(form, TRIP, profile="wrong", tool_choice=choice).json
    if form == "openai":
        (call,) = got["choices"][0]["message"]["tool_calls"]
        assert got["choices"][0]["message"]["content"] is None
        assert call["function"]["name"] == "get_weather"
    else:
        (block,) = got["content"]
        assert (block["type"], block["name"], list(block["input"])) == ("tool_use", "get_weather", ["answer"])


@pytest.mark.parametrize("tools", [[{"description": "no name"}], [3]])
def test_anthropic_tools_without_a_name_and_unknown_blocks_are_refused(tools):
    got = asked("anthropic", SUM, tools=tools)
    assert got.status == 400
    assert got.json["error"]["message"].startswith("tools: ")
    smelly = asked("anthropic", SUM, messages=[{"role": "user", "content": [{"type": "smell"}]}])
    assert "a block of type 'smell' is not understood" in smelly.json["error"]["message"]
    unlimited = asked("anthropic", SUM, max_tokens=None)
    assert unlimited.json["error"]["message"] == "max_tokens: must be given"
