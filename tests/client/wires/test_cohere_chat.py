import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import ToolCall
from harness.client.wires import cohere_chat
from harness.told import Usage

COUNTED = {"billed_units": {"input_tokens": 9, "output_tokens": 4}, "tokens": {"input_tokens": 71, "output_tokens": 5}}
KINDS = ["message-start", "content-start", "content-delta", "tool-call-start", "tool-call-delta", "message-end", "x"]
INNER = st.recursive(
    st.none() | st.integers(-3, 3) | st.sampled_from(["COMPLETE", "ERROR", "text", "thinking"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["message", "content", "text", "tool_calls", "function", "usage", "tokens", "finish_reason"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.sampled_from(["index", "delta", "id", "error", "message"]), INNER, max_size=4)


def event(kind, **fields):
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **fields}).encode())


def told(kind, message, index=0):
    return event(kind, index=index, delta={"message": message})


def text(piece):
    return told("content-delta", {"content": {"text": piece}})


def end(reason="COMPLETE", usage=COUNTED, **more):
    return event("message-end", delta={"finish_reason": reason, "usage": usage, **more})


START = event("message-start", id="r1", delta={"message": {"role": "assistant", "content": []}})
OPEN = told("content-start", {"content": {"type": "text", "text": ""}})


def stream(*events):
    return cohere_chat.WIRE.read_stream([(float(number), one) for number, one in enumerate(events)])


def body(value):
    return cohere_chat.read_body([(1.0, value if isinstance(value, bytes) else json.dumps(value).encode())])


def reply(message, reason="COMPLETE", **more):
    return {"id": "r1", "finish_reason": reason, "message": {"role": "assistant", **message}, "usage": COUNTED, **more}


@given(st.lists(st.tuples(st.sampled_from(KINDS), FIELDS), max_size=6), INNER)
def test_no_json_breaks_the_reading_and_no_finish_is_made_up(events, content):
    decoded = stream(*(event(kind, **fields) for kind, fields in events))
    assert decoded.failure is not None or decoded.reply.finish_reason
    assert body({"message": {"content": content}}).reply.finish_reason is None


def test_a_stream_is_text_marks_and_the_tokens_that_litellm_counts():
    decoded = stream(START, OPEN, text("Hel"), text("lo"), event("content-end", index=0), end())
    assert decoded.failure is None
    assert (decoded.reply.text, decoded.reply.finish_reason, decoded.reply.response_id) == ("Hello", "stop", "r1")
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (2.0, 2.0, 3.0)
    assert decoded.usage == Usage(71, 5, None, None, None, "usage")


def test_what_was_read_from_the_cache_is_part_of_the_prompt():
    assert stream(START, text("x"), end(usage={**COUNTED, "cached_tokens": 64})).usage.cached_tokens == 64


@pytest.mark.parametrize("usage", [None, {}, {"billed_units": {"input_tokens": 1}}, {"tokens": {"input_tokens": -1}}])
def test_tokens_that_are_not_told_are_unknown(usage):
    assert stream(START, text("x"), end(usage=usage)).usage == Usage()
    assert body(reply({"content": [{"type": "text", "text": "x"}]}) | {"usage": usage}).usage == Usage()


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "tool_calls"),
        ("ERROR_TOXIC", "content_filter"),
        ("NEW", "NEW"),
    ],
)
def test_finish_reasons_are_ours(reason, finish):
    assert stream(START, text("x"), end(reason)).reply.finish_reason == finish
    assert body(reply({"content": [{"type": "text", "text": "x"}]}, reason)).reply.finish_reason == finish


@pytest.mark.parametrize("reason", ["ERROR", "ERROR_LIMIT", "TIMEOUT"])
def test_an_answer_that_ended_for_an_error_is_a_failure_that_keeps_its_text(reason):
    for decoded in (
        stream(START, text("Hel"), end(reason)),
        body(reply({"content": [{"type": "text", "text": "Hel"}]}, reason)),
    ):
        assert decoded.failure is not None
        assert (decoded.failure.kind, decoded.reply.text, decoded.reply.finish_reason) == ("server_error", "Hel", None)
        assert reason in decoded.failure.error
    said = stream(START, end("ERROR", error="model overloaded, too many tokens")).failure
    assert said is not None
    assert "too many tokens" in said.error


def test_a_plan_and_parallel_calls_are_put_together():
    decoded = stream(
        START,
        event("tool-plan-delta", delta={"message": {"tool_plan": "I look"}}),
        told(
            "tool-call-start",
            {"tool_calls": {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}},
        ),
        told("tool-call-delta", {"tool_calls": {"function": {"arguments": '{"city"'}}}),
        told("tool-call-delta", {"tool_calls": {"function": {"arguments": ': "Ulm"}'}}}),
        event("tool-call-end", index=0),
        told("tool-call-start", {"tool_calls": {"id": "b", "function": {"name": "g", "arguments": "{}"}}}, 1),
        end("TOOL_CALL"),
    )
    calls = (ToolCall("f", '{"city": "Ulm"}', "a"), ToolCall("g", "{}", "b"))
    assert (decoded.reply.tool_calls, decoded.reply.reasoning) == (calls, "I look")
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (1.0, 2.0, 6.0)
    functions = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}} for one in calls
    ]
    whole = body(reply({"tool_plan": "I look", "tool_calls": functions}, "TOOL_CALL"))
    assert (whole.reply.tool_calls, whole.reply.reasoning, whole.failure) == (calls, "I look", None)


def test_thinking_is_reasoning():
    thought = told("content-delta", {"content": {"thinking": "hm"}})
    decoded = stream(
        START, told("content-start", {"content": {"type": "thinking", "thinking": ""}}), thought, text("4"), end()
    )
    assert (decoded.reply.reasoning, decoded.reply.text) == ("hm", "4")
    assert (decoded.marks.first, decoded.marks.visible) == (2.0, 3.0)
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}]
    assert body(reply({"content": parts})).reply.reasoning == "hm"


def test_content_may_be_a_text():
    assert body(reply({"content": "Hi"})).reply.text == "Hi"


@pytest.mark.parametrize(
    "events", [(), (end("COMPLETE")[:-9],), (event("message-end", delta={}),), (b"data: [DONE]\n\n",)]
)
def test_a_stream_without_its_end_is_truncated(events):
    decoded = stream(START, text("Hel"), *events)
    assert decoded.failure is not None
    assert (decoded.failure.kind, decoded.reply.text) == ("stream_truncated", "Hel")


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (b"data: {\n\n", "stream_malformed"),
        (b"data: [1]\n\n", "stream_malformed"),
        (b'event: error\ndata: {"message": "internal server error"}\n\n', "server_error"),
        (event("error"), "server_error"),
        (event("x", error={"message": "rate limit reached", "code": 429}), "rate_limited"),
    ],
)
def test_what_goes_wrong_in_mid_stream_is_told_and_the_text_kept(last, kind):
    decoded = stream(START, text("Hel"), last, end())
    assert decoded.failure is not None
    assert (decoded.failure.kind, decoded.reply.text) == (kind, "Hel")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"<html>", "response_malformed"),
        ([], "response_malformed"),
        ({}, "response_malformed"),
        ({"message": "internal server error"}, "server_error"),
        (reply({"content": []}), "empty_response"),
    ],
)
def test_a_body_that_is_no_reply_says_what_it_is(said, kind):
    decoded = body(said)
    assert decoded.failure is not None
    assert decoded.failure.kind == kind


def test_a_server_that_ignores_stream_is_read_all_the_same():
    assert stream(json.dumps(reply({"content": [{"type": "text", "text": "Hi"}]})).encode()).reply.text == "Hi"


def test_events_may_come_as_lines_of_json():
    events = [START, OPEN, text("Hel"), text("lo"), end()]
    lines = [one.split(b"data: ")[1].replace(b"\n\n", b"\n") for one in events]
    assert stream(*lines) == stream(*events)
    for cut in range(1, len(lines)):
        failed = stream(*lines[:cut]).failure
        assert failed is not None
        assert failed.kind == "stream_truncated"


def test_the_name_of_an_event_stands_in_for_its_type():
    nameless = b'event: message-end\ndata: {"delta": {"finish_reason": "COMPLETE"}}\n\n'
    assert stream(START, text("x"), nameless).failure is None
