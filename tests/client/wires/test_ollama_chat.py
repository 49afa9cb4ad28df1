import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import ToolCall
from harness.client.wires import ollama_chat
from harness.told import Usage

END = {"done": True, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 5}
CALL = {"function": {"name": "get_weather", "arguments": {"city": "Köln"}}}
INNER = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["stop", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["content", "thinking", "tool_calls", "function", "name"]), inner, max_size=4)
    ),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    st.sampled_from(["message", "done", "done_reason", "error", "prompt_eval_count", "eval_count", "model"]),
    INNER,
    max_size=4,
)


def line(content="", **more):
    message = {"role": "assistant", "content": content}
    message |= {name: more.pop(name) for name in ("thinking", "tool_calls") if name in more}
    return (
        json.dumps(
            {"model": "llama3.1", "created_at": "2026-11-21T00:00:00Z", "message": message, "done": False, **more}
        ).encode()
        + b"\n"
    )


def stream(*lines):
    return ollama_chat.WIRE.read_stream([(float(number), one) for number, one in enumerate(lines)])


def body(value):
    return ollama_chat.read_body([(1.0, value if isinstance(value, bytes) else json.dumps(value).encode())])


@given(st.lists(FIELDS, max_size=5))
def test_no_json_breaks_the_reading_and_no_finish_is_made_up(objects):
    lines = [json.dumps(one).encode() + b"\n" for one in objects]
    decoded = stream(*lines)
    ended = [one.get("done_reason") for one in objects if one.get("done") is True]
    assert decoded.failure is not None or ended
    assert decoded.reply.finish_reason in (None, "tool_calls", *(one for one in ended[:1] if isinstance(one, str)))
    for one in lines:
        body(one)


@given(st.data())
def test_it_does_not_matter_where_the_bytes_are_split(data):
    raw = line("Grüß", thinking="h😀m") + line("e") + b"\r\n\n" + line(**END)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    decoded = stream(*pieces)
    assert (decoded.failure, decoded.reply.text, decoded.reply.reasoning) == (None, "Grüße", "h😀m")


def test_a_stream_is_text_marks_and_usage():
    decoded = stream(line(""), line("Hel"), line("lo"), line(**END))
    assert decoded.failure is None
    assert (decoded.reply.text, decoded.reply.finish_reason) == ("Hello", "stop")
    assert (decoded.reply.response_id, decoded.reply.model_served) == (None, "llama3.1")
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (1.0, 1.0, 2.0)
    assert decoded.usage == Usage(26, 5, None, None, None, "usage")


def test_a_body_reads_as_the_stream_does():
    decoded = body(line("Hello", **END))
    assert (decoded.reply, decoded.usage) == (stream(line("Hello"), line(**END)).reply, Usage(26, 5, source="usage"))
    assert stream(line("Hello", **END)).reply == decoded.reply, "a server may ignore `stream`"


def test_thinking_is_reasoning_and_not_visible():
    decoded = stream(line(thinking="h"), line(thinking="m"), line("4"), line(**END))
    assert (decoded.reply.reasoning, decoded.reply.text) == ("hm", "4")
    assert (decoded.marks.first, decoded.marks.visible) == (0.0, 2.0)


def test_calls_come_whole_and_end_the_answer_as_calls():
    second = {"id": "c2", "function": {"index": 1, "name": "get_time", "arguments": {}}}
    for lines in (
        (line(tool_calls=[CALL]), line(tool_calls=[second]), line(**END)),
        (line(tool_calls=[CALL, second], **END),),
    ):
        reply = stream(*lines).reply
        assert reply.tool_calls == (ToolCall("get_weather", '{"city": "Köln"}'), ToolCall("get_time", "{}", "c2"))
        assert reply.finish_reason == "tool_calls"


def test_calls_that_were_cut_at_the_token_limit_are_cut():
    assert stream(line(tool_calls=[CALL]), line(**END | {"done_reason": "length"})).reply.finish_reason == "length"


def test_a_reason_that_an_older_server_does_not_tell_is_not_made_up():
    decoded = stream(line("Hi"), line(done=True))
    assert (decoded.failure, decoded.reply.finish_reason, decoded.usage) == (None, None, Usage())


@pytest.mark.parametrize("last", [b"", line(**END)[:-20], b'{"model'])
def test_a_stream_that_ends_before_it_is_done_is_truncated(last):
    decoded = stream(line("Hel"), last)
    assert decoded.failure is not None
    assert (decoded.failure.kind, decoded.reply.text, decoded.reply.finish_reason) == ("stream_truncated", "Hel", None)


def test_a_last_line_may_lack_its_end():
    assert stream(line("Hi"), line(**END).rstrip()).failure is None


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (b"{\n", "stream_malformed"),
        (b"[1]\n", "stream_malformed"),
        (b'{"error": "an error was encountered while running the model"}\n', "server_error"),
        (b'{"error": {"message": "overloaded_error"}}\n', "overloaded"),
    ],
)
def test_what_goes_wrong_in_mid_stream_is_told_and_the_text_kept(last, kind):
    decoded = stream(line("Hel"), last, line(**END))
    assert decoded.failure is not None
    assert (decoded.failure.kind, decoded.reply.text) == (kind, "Hel")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"<html>", "response_malformed"),
        ([], "response_malformed"),
        ({"status": "fine"}, "response_malformed"),
        ({"error": "oops"}, "server_error"),
        ({"message": {"content": ""}, **END}, "empty_response"),
    ],
)
def test_a_body_that_is_no_reply_says_what_it_is(said, kind):
    decoded = body(said)
    assert decoded.failure is not None
    assert decoded.failure.kind == kind
    if isinstance(said, bytes):
        assert stream(said).failure == decoded.failure
        assert stream(line("Hi")[:-9]).failure.kind == kind, "nothing of a stream can be read yet"


def test_negative_and_textual_counts_are_unknown():
    assert stream(line("x"), line(**END | {"prompt_eval_count": -1, "eval_count": "5"})).usage == Usage()
