import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Answer, ToolCall
from harness.simulate.conversation import Conversation, Malformed, Tool
from harness.simulate.reply import NO_TOOL, Ask, compose, model_name, split, stop_sequences, tokens_limit

ASK = Ask(Conversation.of([("user", "abcdefgh")]), "m")
CALLS = Answer("One two.", (ToolCall("f", '{"a": 1}'), ToolCall("g", "{}")))


def said(answer, **changes):
    return compose(answer, replace(ASK, **changes), profile="p", created=1, rng=Random(1))


def text_of(reply):
    return "".join(reply.text)


@given(st.text())
def test_joined_the_tokens_are_the_text(text):
    assert "".join(split(text)) == text


@given(st.text())
def test_a_token_has_at_most_four_characters_that_are_no_space_and_is_never_empty(text):
    assert all(0 < len("".join(token.split())) <= 4 or token.isspace() for token in split(text))


def test_words_keep_the_space_before_them():
    assert split("Hello, the  world\n") == ("Hell", "o,", " the", "  worl", "d", "\n")


def test_a_reply_counts_a_token_for_each_piece_of_text_each_call_and_each_piece_of_arguments():
    reply = said(CALLS)
    assert reply.completion_tokens == 3 + (1 + 2) + (1 + 1)
    assert reply.prompt_tokens == 2
    assert reply.finish == "tool_calls"
    assert [(call.name, "".join(call.arguments)) for call in reply.calls] == [("f", '{"a": 1}'), ("g", "{}")]
    assert len({reply.tag, *(call.tag for call in reply.calls)}) == 3


@pytest.mark.parametrize("limit", range(1, 12))
def test_a_reply_is_cut_at_its_token_limit(limit):
    whole, reply = said(CALLS), said(CALLS, max_tokens=limit)
    assert reply.completion_tokens == min(limit, whole.completion_tokens)
    assert reply.finish == ("length" if limit < whole.completion_tokens else "tool_calls")
    assert text_of(whole).startswith(text_of(reply))
    for cut, call in zip(reply.calls, whole.calls, strict=False):
        assert (cut.name, cut.tag) == (call.name, call.tag)
        assert call.arguments[: len(cut.arguments)] == cut.arguments


def test_a_reply_ends_before_the_first_stop_sequence_that_comes():
    reply = said(CALLS, stop=("wo", " t", "", "zzz"))
    assert (text_of(reply), reply.finish, reply.stopped_by, reply.calls) == ("One", "stop_sequence", " t", ())
    assert said(CALLS, stop=("zzz",)).finish == "tool_calls"
    assert said(CALLS, stop=("wo",), max_tokens=1).finish == "length"


@pytest.mark.parametrize(
    ("text", "arguments"),
    [('{"a": [1]}', {"a": [1]}), ("[1, 2]", {"values": [1, 2]}), ("no JSON", {"answer": "no JSON"})],
)
def test_a_forced_tool_is_called_with_what_would_have_been_said(text, arguments):
    reply = said(Answer(text), forced_tool="form")
    assert [(call.name, json.loads("".join(call.arguments))) for call in reply.calls] == [("form", arguments)]
    assert (reply.text, reply.finish) == ((), "tool_calls")
    assert [call.name for call in said(CALLS, forced_tool="form").calls] == ["form"], (
        "no other than the one that must be"
    )
    assert [call.name for call in said(CALLS, forced_tool="g").calls] == ["g"]


def test_whether_a_tool_is_called_is_as_it_must_be():
    tools = replace(ASK.conversation, tools=(Tool("f"), Tool("g")))
    assert [call.name for call in said(CALLS, conversation=tools, tool_choice="required").calls] == ["f", "g"]
    must = said(Answer("no need"), conversation=tools, tool_choice="required")
    assert [(call.name, "".join(call.arguments)) for call in must.calls] == [("f", '{"answer": "no need"}')]
    assert said(Answer("no tool is there"), tool_choice="required").calls == ()
    none = said(CALLS, conversation=tools, tool_choice="none")
    assert (text_of(none), none.calls, none.finish) == (CALLS.text, (), "stop")
    assert text_of(said(replace(CALLS, text=""), tool_choice="none")) == NO_TOOL


def test_the_same_chance_gives_the_same_reply():
    assert said(CALLS) == said(CALLS)


def test_the_first_limit_that_is_set_holds():
    assert tokens_limit({"a": None, "b": 7}, "a", "b") == 7
    assert tokens_limit({}, "a") is None


@pytest.mark.parametrize("limit", [0, -1, "5", 1.5, True])
def test_a_limit_that_is_no_whole_number_is_told(limit):
    with pytest.raises(Malformed, match="a: must be a whole number from 1"):
        tokens_limit({"a": limit}, "a")


def test_stop_sequences_are_one_or_a_list():
    assert stop_sequences(None, "stop") == ()
    assert stop_sequences("x", "stop") == ("x",)
    assert stop_sequences(["x", "y"], "stop") == ("x", "y")
    with pytest.raises(Malformed, match="stop: must be a string or a list of strings"):
        stop_sequences([1], "stop")


@pytest.mark.parametrize("body", [{}, {"model": ""}, {"model": 3}])
def test_a_request_names_a_model(body):
    with pytest.raises(Malformed, match="model: must be the name"):
        model_name(body)
