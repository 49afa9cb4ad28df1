import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulate.conversation import Conversation, Malformed, Tool, read_openai
from harness.simulate.wires import WIRES
from tests.simulate.served import CASES, WEATHER, anthropic_body

ROLES = st.sampled_from(["system", "user", "assistant"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.sampled_from(["user", "text", "tool_use", "function"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            TEXT
            | st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "input",
                    "name",
                    "id",
                    "source",
                    "url",
                    "messages",
                    "tools",
                    "function",
                    "arguments",
                    "stop",
                    "system",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_question_has_the_same_key_and_tokens_on_both_wires(case):
    one = read_openai(case.prompt.messages, case.prompt.tools)
    other = WIRES["anthropic"].read(anthropic_body(case)).conversation
    assert one.key == other.key
    assert one.tokens == other.tokens


def test_earlier_tool_calls_results_and_images_have_the_same_key_on_both_wires():
    openai = read_openai(
        [
            {"role": "developer", "content": "Help."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Weather here? "}, image("data:image/png;base64,AA==")],
            },
            {"role": "user", "content": [image("https://example.org/a.png")]},
            {"role": "assistant", "content": None, "tool_calls": [called('{"city":  "Rome", "a": 1}'), called("")]},
            {"role": "tool", "tool_call_id": "c", "content": "sunny"},
            {"role": "user", "content": "And?"},
        ],
        [WEATHER],
    )
    anthropic = WIRES["anthropic"].read(
        {
            "model": "m",
            "max_tokens": 9,
            "system": [{"type": "text", "text": "Help."}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Weather here?"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
                        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "[System: Empty message content sanitised to satisfy protocol]"},
                        {"type": "tool_use", "id": "c", "name": "get_weather", "input": {"a": 1, "city": "Rome"}},
                        {"type": "tool_use", "id": "d", "name": "get_weather", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "sunny"}]},
                        {"type": "text", "text": "And?"},
                    ],
                },
            ],
            "tools": [{"name": "get_weather", "input_schema": {}}],
        }
    )
    assert openai.key == anthropic.conversation.key


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def called(arguments):
    return {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}


def test_arguments_of_an_earlier_call_that_are_no_json_are_kept_as_written():
    messages = [{"role": "assistant", "content": "", "tool_calls": [called('{"city"')]}]
    assert read_openai(messages).turns == (("assistant", '[call get_weather {"city"]'),)


def test_a_key_depends_on_system_text_turns_and_tool_names_but_not_on_the_space_around():
    base = Conversation.of([("system", "s"), ("user", "u")], [Tool("t")])
    assert (
        Conversation.of([("user", " u\n"), ("system", "s ")], [Tool("t", "described", {"type": "object"})]).key
        == base.key
    )
    assert Conversation.of([("system", "x"), ("user", "u")], [Tool("t")]).key != base.key
    assert Conversation.of([("system", "s"), ("assistant", "u")], [Tool("t")]).key != base.key
    assert Conversation.of([("system", "s"), ("user", "u")], [Tool("t"), Tool("v")]).key != base.key
    assert base.without_tool("t").key == Conversation.of([("system", "s"), ("user", "u")]).key


@given(st.lists(st.tuples(ROLES, TEXT)))
def test_neighbours_of_one_role_are_one_turn(said):
    try:
        turns = Conversation.of(said).turns
    except Malformed:
        assert not any(text.strip() for role, text in said if role != "system")
    else:
        assert all(one[0] != other[0] for one, other in pairwise(turns))
        assert "".join(text for _, text in turns).replace("\n", "") == "".join(
            text.strip() for role, text in said if role != "system"
        ).replace("\n", "")


def test_a_token_is_counted_for_every_four_characters_of_text_and_tools():
    assert Conversation.of([("user", "abcd")]).tokens == 1
    assert Conversation.of([("user", "abcde")]).tokens == 2
    assert Conversation.of([("system", "abcd"), ("user", "abcd")]).tokens == 2
    assert Conversation.of([("user", "abcd")], [Tool("t", "d", {"type": "object"})]).tokens > 5


@pytest.mark.parametrize(
    ("messages", "tools", "complaint"),
    [
        ("Hi", (), "messages: must be a list of objects"),
        (["Hi"], (), "messages: must be a list of objects"),
        ([], (), "at least one message"),
        ([{"role": "system", "content": "Hi"}], (), "at least one message"),
        ([{"role": "robot", "content": "Hi"}], (), r"messages\[0\].role: 'robot' is not one of system"),
        ([{"role": "user", "content": 3}], (), r"messages\[0\].content: must be a list"),
        ([{"role": "user", "content": [{"type": "smell"}]}], (), "a part of type 'smell'"),
        ([{"role": "assistant", "tool_calls": [{"function": {}}]}], (), r"messages\[0\].tool_calls: each must"),
        ([{"role": "user", "content": "Hi"}], [{"name": "t"}], "tools: each must be"),
    ],
)
def test_a_bad_form_is_told_in_plain_words(messages, tools, complaint):
    with pytest.raises(Malformed, match=complaint):
        read_openai(messages, tools)


@given(st.sampled_from(sorted(WIRES)), st.dictionaries(st.sampled_from(["messages", "tools", "system", "stop"]), JSON))
def test_no_body_whatever_brings_a_wire_to_fall(kind, body):
    with contextlib.suppress(Malformed):
        ask = WIRES[kind].read({"model": "m", "max_tokens": 5, **body})
        assert ask.conversation.key
        assert ask.conversation.tokens >= 1
