import json

from hypothesis import given
from hypothesis import strategies as st

from harness.ask import ToolCall
from harness.client.wires import anthropic_messages
from tests.client.server import A_HELLO, A_START, A_STOP, a_end, a_text, a_tool, event, message

KINDS = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "message_delta",
    "message_stop",
    "error",
    "ping",
]
INNER = st.recursive(
    st.none() | st.integers(-3, 3) | st.sampled_from(["text", "tool_use", "text_delta", "input_json_delta", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["type", "text", "usage", "name", "id", "partial_json", "stop_reason", "thinking"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    st.sampled_from(["message", "index", "content_block", "delta", "usage", "error"]), INNER, max_size=4
)


def stream(*events):
    return anthropic_messages.WIRE.read_stream([(float(number), one) for number, one in enumerate(events)])


def body(value):
    return anthropic_messages.read_body([(1.0, json.dumps(value).encode())])


@given(st.lists(st.tuples(st.sampled_from(KINDS), FIELDS), max_size=6), INNER)
def test_no_json_breaks_the_reading_and_no_finish_is_made_up(events, content):
    decoded = stream(*(event(kind, **fields) for kind, fields in events))
    assert decoded.failure is not None or decoded.reply.finish_reason
    assert body({"content": [content]}).reply.finish_reason is None


def test_marks_are_of_content_only():
    decoded = stream(*A_HELLO)
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (2.0, 2.0, 3.0)
    assert (decoded.reply.response_id, decoded.reply.model_served) == ("m1", "c-1")


def test_prompt_tokens_include_what_was_cached_and_what_was_written():
    for decoded in (stream(*A_HELLO), body(message({"type": "text", "text": "x"}))):
        assert decoded.usage.prompt_tokens == 11 + 6 + 3
        assert (decoded.usage.cached_tokens, decoded.usage.cache_write_tokens) == (6, 3)
    assert stream(*A_HELLO).usage.completion_tokens == 5, "the figures of the end replace those of the start"


def test_negative_counts_are_unknown():
    assert stream(*A_HELLO[:-2], a_end(output=-1), A_STOP).usage.completion_tokens is None


def test_thinking_is_reasoning_and_not_visible():
    block = [
        event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}),
        event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm"}),
        event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "abc"}),
    ]
    decoded = stream(A_START, *block, *a_text("4", index=1), a_end(), A_STOP)
    assert (decoded.reply.reasoning, decoded.reply.text) == ("hm", "4")
    assert (decoded.marks.first, decoded.marks.visible) == (2.0, 5.0)
    decoded = body(message({"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}))
    assert (decoded.reply.reasoning, decoded.reply.text) == ("hm", "4")


def test_parallel_tools_are_put_together_and_one_without_arguments_has_an_empty_object():
    decoded = stream(
        A_START, *a_tool('{"city"', ': "Ulm"}'), *a_tool(index=2, name="get_time"), a_end("tool_use"), A_STOP
    )
    assert decoded.reply.tool_calls == (
        ToolCall("get_weather", '{"city": "Ulm"}', "t1"),
        ToolCall("get_time", "{}", "t2"),
    )
    assert decoded.reply.finish_reason == "tool_calls"


def test_a_tool_of_a_body_has_its_arguments_as_json_text():
    decoded = body(message({"type": "tool_use", "id": "t", "name": "f", "input": {"city": "Köln"}}, reason="tool_use"))
    assert decoded.reply.tool_calls == (ToolCall("f", '{"city": "Köln"}', "t"),)


def test_the_name_of_an_event_stands_in_for_its_type():
    nameless = b"event: message_stop\ndata: {}\n\n"
    assert stream(*A_HELLO[:-1], nameless).failure is None


def test_a_stream_that_was_cut_tells_how_long_the_prompt_was_but_not_the_reply():
    usage = stream(*A_HELLO[:4]).usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (20, None)
