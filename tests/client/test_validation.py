import asyncio
import base64
from typing import Any, cast

import pytest

from harness.ask import Case, Prompt, Provider, Trial
from harness.client import Client
from harness.client.cost import prompt_bound
from harness.client.validation import LARGEST_REQUEST, fault, takes_long, unchecked
from harness.registry import ModelFacts
from tests.client.server import HELLO, TOOLS, chunked, provider, serving

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
USER = {"role": "user", "content": "hi"}
CALLING = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
SEES = ModelFacts(True, 100, capabilities=frozenset({"vision"}))
BLIND = ModelFacts(True, 100, lacks=frozenset({"vision"}))


def picture(url):
    return {"role": "user", "content": [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": url}]}


SHOWN = Prompt((picture({"url": f"data:image/png;base64,{PIXEL}"}),))


def trial(prompt, model="openai/gpt-4o-mini", suite="facts"):
    return Trial(suite, "h", Case("capital", prompt, "talk", ()), Provider("mine", model))


def said(prompt, facts=None, model="openai/gpt-4o-mini"):
    why = fault(trial(prompt, model), facts)
    return why and (why.kind, why.error)


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt((USER,)),
        Prompt(({"role": "system", "content": ""}, USER, {"role": "assistant", "content": "x"}, USER)),
        Prompt((USER, CALLING, {"role": "tool", "tool_call_id": "a", "content": "1"}), TOOLS, "auto"),
        Prompt((USER,), TOOLS, {"type": "function", "function": {"name": "get_time"}}),
        Prompt((USER,), ({"type": "web_search"}, {"type": "function", "function": {"name": "f"}}), "required"),
        Prompt((USER,), response_format={"type": "json_object"}),
        Prompt((USER,), response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}),
        SHOWN,
        Prompt((picture("https://example.org/a.png"),)),
        Prompt(({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},)),
        Prompt(({"role": "assistant", "content": None, "function_call": {"name": "f"}}, USER)),
    ],
)  # fmt: skip
def test_what_is_in_form_goes_out(prompt):
    assert said(prompt) is None
    assert said(prompt, SEES) is None


@pytest.mark.parametrize(
    ("prompt", "complaint"),
    [
        (Prompt(()), "there are no messages"),
        (Prompt((cast("Any", "hi"),)), "message 1: it is no object"),
        (Prompt((USER, {"role": "robot", "content": "x"})), "message 2: its role is 'robot'"),
        (Prompt(({"role": "user"},)), "message 1: it has no content"),
        (Prompt(({"role": "user", "content": 3},)), "message 1: its content is neither text nor a list of parts"),
        (Prompt(({"role": "user", "content": []},)), "message 1: its content is an empty list"),
        (Prompt(({"role": "user", "content": ["x"]},)), "message 1: part 1: it is no object with a type"),
        (Prompt(({"role": "user", "content": [{"type": "text"}]},)), "message 1: part 1: it has no text"),
        (Prompt(({"role": "assistant", "content": None, "tool_calls": "f"},)), "message 1: a tool call is not {id,"),
        (
            Prompt(({"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},)),
            "message 1: the call of f has no id",
        ),
        (
            Prompt((USER, CALLING, {"role": "tool", "tool_call_id": "b", "content": "1"})),
            "message 3: it answers the call 'b', which no message before it makes",
        ),
        (Prompt((picture({"url": "a.png"}),)), "part 2: the picture is neither data:image/…;base64,… nor an address"),
        (Prompt((picture({}),)), "part 2: the picture has no url"),
        (Prompt((picture("data:image/png;base64,"),)), "part 2: the picture has no data"),
        (Prompt((picture("data:image/png;base64,abc!"),)), "part 2: the picture is not base64"),
        (Prompt((USER,), ({"name": "f"},)), "tool 1 is no object with a type"),
        (Prompt((USER,), ({"type": "function", "function": {}},)), "tool 1 has no name"),
        (Prompt((USER,), (*TOOLS, TOOLS[0])), "the tool get_weather is given twice"),
        (
            Prompt((USER,), ({"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}},)),
            "the parameters of the tool f are no schema of an object",
        ),
        (Prompt((USER,), TOOLS, "must"), "tool_choice is 'must'; known: auto, none, required"),
        (Prompt((USER,), (), "required"), "tool_choice is required, and there are no tools"),
        (
            Prompt((USER,), TOOLS, {"type": "function", "function": {"name": "g"}}),
            "tool_choice names 'g', which is not among the tools",
        ),
        (Prompt((USER,), response_format={}), "the response format has no type"),
        (Prompt((USER,), response_format={"type": "json_schema"}), "the response format json_schema has no schema"),
    ],
)
def test_what_is_out_of_form_is_named_with_its_case(prompt, complaint):
    kind, error = said(prompt) or ("", "")
    assert kind == "bad_request"
    assert error.startswith("case facts::capital: ")
    assert complaint in error


def test_a_question_of_no_suite_has_no_case_to_name():
    why = fault(trial(Prompt(()), suite="ask"), None)
    assert why is not None
    assert why.error == "there are no messages"


def test_a_picture_is_not_sent_to_a_model_that_surely_cannot_see():
    kind, error = said(SHOWN, BLIND) or ("", "")
    assert kind == "unsupported_parameter"
    assert error.startswith("case facts::capital: a picture, which the model cannot see")


def test_where_nobody_says_the_question_goes_out_and_the_row_says_so():
    assert said(SHOWN, ModelFacts()) is None
    assert unchecked(SHOWN, ModelFacts()) == unchecked(SHOWN, None) == ("context", "vision")
    assert unchecked(SHOWN, SEES) == unchecked(SHOWN, BLIND) == ()
    assert unchecked(Prompt((USER,)), ModelFacts()) == ("context",)


def test_a_prompt_longer_than_the_context_is_not_sent():
    exactly, longer = (
        Prompt(({"role": "user", "content": "a " * 92},)),
        Prompt(({"role": "user", "content": "a " * 140},)),
    )
    assert said(exactly, SEES) is None
    assert takes_long(exactly, SEES)
    kind, error = said(longer, SEES) or ("", "")
    assert kind == "context_overflow"
    assert "tokens (by o200k_base), and the model reads at most 100" in error


def test_another_models_tokenizer_is_believed_only_far_beyond_the_context():
    model = "gemini/gemini-2.5-pro"
    assert said(Prompt(({"role": "user", "content": "a " * 140},)), SEES, model) is None
    assert (said(Prompt(({"role": "user", "content": "a " * 280},)), SEES, model) or [""])[0] == "context_overflow"


def test_what_is_short_enough_in_bytes_is_not_counted(monkeypatch):
    monkeypatch.setattr("harness.client.validation.count", None)
    assert said(Prompt((USER,)), SEES) is None
    assert not takes_long(Prompt((USER,)), SEES)


def test_a_request_larger_than_the_provider_documents_is_not_sent(monkeypatch):
    monkeypatch.setattr("harness.client.validation.LARGEST_REQUEST", {"anthropic": 1_000})
    long = Prompt(({"role": "user", "content": "a" * 1_000},))
    assert LARGEST_REQUEST["anthropic"] == 32_000_000
    assert (
        "and anthropic takes at most 1,000 a request"
        in (said(long, model="anthropic/claude-sonnet-4-5") or ["", ""])[1]
    )
    assert said(long) is None


@pytest.mark.parametrize(
    "prompt", [SHOWN, Prompt(({"role": "user", "content": "a " * 140},)), Prompt(()), Prompt((cast("Any", "hi"),))]
)
def test_nothing_is_sent_of_what_is_refused(prompt):
    async def ask():
        async with serving(chunked(*HELLO)) as server:
            mine = provider(server.url)
            async with Client([mine], facts={"mine": BLIND}) as client:
                return await client.ask(mine, prompt), server.asked

    attempt, asked = asyncio.run(ask())
    assert attempt.failure is not None
    assert attempt.failure.side == "request"
    assert not attempt.failure.retryable
    assert (attempt.number, attempt.sent.wire, attempt.cost.usd) == (1, "openai_chat", None)
    assert asked == []


def test_what_could_not_be_checked_stands_with_the_attempt():
    async def ask():
        async with serving(chunked(*HELLO)) as server, Client() as client:
            return await client.ask(provider(server.url), SHOWN)

    attempt = asyncio.run(ask())
    assert attempt.ok
    assert attempt.unchecked == ("context", "vision")


def test_the_bound_of_a_prompt_is_its_bytes_also_of_what_json_cannot_hold():
    assert prompt_bound(Prompt(({"role": "user", "content": "é"},))) == len(
        '{"messages":[{"role":"user","content":"é"}]}'.encode()
    )
    assert prompt_bound(Prompt(({"role": "user", "content": "\ud83d"},))) == 3 + len(
        '{"messages":[{"role":"user","content":""}]}'
    )
