import json

from hypothesis import given
from hypothesis import strategies as st

from harness.ask import ToolCall
from harness.client.wires import openai_chat
from tests.client.server import COUNTED, DONE, HELLO, completion, data, delta

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "index",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "usage",
                    "error",
                    "id",
                    "finish_reason",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def stream(*events):
    return openai_chat.WIRE.read_stream([(float(number), one) for number, one in enumerate(events)])


def body(value):
    return openai_chat.read_body([(1.0, json.dumps(value).encode())])


@given(st.lists(JSON, max_size=4))
def test_no_json_breaks_the_reading_and_no_finish_is_made_up(values):
    decoded = stream(*(data(value) for value in values), DONE)
    assert decoded.failure is not None or decoded.reply.finish_reason
    whole = body(values[0] if values else None)
    assert (
        whole.failure is not None or whole.reply.text or whole.reply.tool_calls or whole.reply.finish_reason == "length"
    )


def test_marks_are_of_content_and_not_of_role_usage_or_end():
    decoded = stream(*HELLO)
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (1.0, 1.0, 2.0)
    assert decoded.marks.pieces == (1.0, 2.0)


def test_reasoning_comes_first_and_is_not_visible():
    decoded = stream(delta(reasoning_content="hm"), delta(reasoning="…"), delta("4"), delta(finish="stop"), DONE)
    assert (decoded.reply.reasoning, decoded.reply.text) == ("hm…", "4")
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (0.0, 2.0, 2.0)


def test_several_events_in_one_read_are_several_pieces():
    decoded = openai_chat.WIRE.read_stream([(3.0, b"".join(HELLO))])
    assert decoded.marks.pieces == (3.0, 3.0)


def test_parallel_tool_calls_are_put_together_by_their_index():
    decoded = stream(
        delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "get_weather", "arguments": ""}}]),
        delta(tool_calls=[{"index": 1, "id": "b", "function": {"name": "get_time", "arguments": '{"ci'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"city": '}}]),
        delta(
            tool_calls=[
                {"index": 1, "function": {"arguments": 'ty": 1}'}},
                {"index": 0, "function": {"arguments": "2}"}},
            ]
        ),
        delta(finish="tool_calls"),
    )
    assert decoded.reply.tool_calls == (
        ToolCall("get_weather", '{"city": 2}', "a"),
        ToolCall("get_time", '{"city": 1}', "b"),
    )
    assert decoded.failure is None
    assert decoded.marks.visible == 0.0


def test_tool_calls_of_a_body_need_no_index_and_may_be_objects():
    calls = [
        {"id": "a", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "function": {"name": "g", "arguments": {"x": 1}}},
    ]
    decoded = body(completion(None, "tool_calls", tool_calls=calls))
    assert decoded.reply.tool_calls == (ToolCall("f", "{}", "a"), ToolCall("g", '{"x":1}', "b"))
    assert decoded.marks.visible == 1.0


def test_content_in_parts_is_text_and_thinking():
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "4"}]
    decoded = body(completion(parts))
    assert (decoded.reply.reasoning, decoded.reply.text) == ("hm", "4")


def test_a_refusal_is_what_was_said():
    assert body(completion(None, refusal="I will not.")).reply.text == "I will not."


def test_the_first_choice_is_the_reply_and_the_first_finish_reason_counts():
    other = data({"choices": [{"index": 1, "delta": {"content": "B"}, "finish_reason": "length"}]})
    decoded = stream(delta("A"), other, delta(finish="stop"), delta(finish="length"), DONE)
    assert (decoded.reply.text, decoded.reply.finish_reason) == ("A", "stop")


def test_usage_in_each_chunk_is_cumulative():
    def told(n):
        return data({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": n}})

    decoded = stream(delta("A"), told(1), told(7), data({"choices": [], "usage": None}), delta(finish="stop"), DONE)
    assert decoded.usage.completion_tokens == 7


def test_cached_and_reasoning_tokens_are_read():
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    found = body(completion(usage=usage)).usage
    assert (found.cached_tokens, found.reasoning_tokens, found.cache_write_tokens) == (4, 3, None)
    assert body(completion(usage={"prompt_tokens": 9, "prompt_cache_hit_tokens": 2})).usage.cached_tokens == 2
    groq = stream(delta("A", "stop"), data({"x_groq": {"usage": {"prompt_tokens": 3}}}))
    assert groq.usage.prompt_tokens == 3


def test_what_comes_after_the_end_marker_is_left_alone():
    assert stream(delta("A", "stop"), COUNTED, DONE, delta("B")).reply.text == "A"


def test_other_names_of_finish_reasons_are_ours_and_unknown_ones_stay():
    assert body(completion(finish="eos")).reply.finish_reason == "stop"
    assert body(completion(finish="tired")).reply.finish_reason == "tired"
    assert body(completion(finish=None)).reply.finish_reason is None
