import asyncio
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Prompt, ToolCall
from harness.client import Client, tokens
from harness.client.door import litellm, quiet
from harness.errors import HarnessError
from harness.told import Reply, Usage
from tests.client.server import COUNTED, DONE, HELLO, TOOLS, chunked, provider, serving

MODELS = ["gpt-4o-mini", "gpt-4.1", "gpt-4", "o3", "gpt-5.4-mini", "claude-sonnet-4-5", "gemini-2.5-pro"]
DEEP = {
    "type": "function",
    "function": {
        "name": "book",
        "parameters": {
            "type": "object",
            "required": ["when", "who"],
            "properties": {
                "when": {"type": "string", "description": "a day"},
                "size": {"type": "integer"},
                "kind": {"type": "string", "enum": ["a", "b"]},
                "level": {"type": "integer", "enum": [1, 2]},
                "who": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "open": {"type": "boolean"},
                "none": {"type": "null"},
                "else": {"anyOf": [{"type": "string"}]},
            },
        },
    },
}
BARE = {"type": "function", "function": {"name": "now"}}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "now", "arguments": '{"in": "Ulm"}'}}],
}
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Wie spät ist es in Ulm? 你好"}
PROMPTS = {
    "plain": Prompt((USER,)),
    "system": Prompt((SYSTEM, USER)),
    "named": Prompt(({**USER, "name": "ann"},)),
    "parts": Prompt(({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b c"}]},)),
    "tools": Prompt((USER,), (*TOOLS, DEEP, BARE)),
    "system and tools": Prompt((SYSTEM, USER), TOOLS, "auto"),
    "no tool": Prompt((USER,), TOOLS, "none"),
    "one tool": Prompt((USER,), TOOLS, {"type": "function", "function": {"name": "get_time"}}),
    "called": Prompt((USER, CALLED, {"role": "tool", "tool_call_id": "a", "content": "noon"}), (BARE,)),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("what", PROMPTS)
def test_a_prompt_has_the_tokens_that_litellm_counts(model, what):
    prompt = PROMPTS[what]
    with quiet():
        theirs = litellm().token_counter(
            model=model,
            messages=[dict(message) for message in prompt.messages],
            tools=list(prompt.tools) or None,
            tool_choice=prompt.tool_choice,
        )
    assert tokens.count(model, prompt).tokens == theirs


@pytest.mark.parametrize("model", MODELS)
@given(text=st.text(max_size=300))
def test_a_text_has_the_tokens_that_litellm_counts(model, text):
    with quiet():
        assert tokens.count_text(model, text) == litellm().token_counter(model=model, text=text)


@pytest.mark.parametrize(
    ("model", "name", "own"),
    [
        ("openai/gpt-4o-mini", "o200k_base", True),
        ("azure/gpt-4.1-mini", "o200k_base", True),
        ("openrouter/openai/gpt-4", "cl100k_base", True),
        ("groq/openai/gpt-oss-120b", "o200k_harmony", True),
        ("text-completion-openai/text-davinci-003", "p50k_base", True),
        ("openai/davinci", "cl100k_base", False),
        ("openai/gpt-99", "cl100k_base", False),
        ("anthropic/claude-sonnet-4-5", "anthropic", False),
        ("anthropic/claude-3-haiku-20240307", "cl100k_base", False),
        ("ollama_chat/llama3.2", "cl100k_base", False),
    ],
)
def test_a_model_is_counted_by_its_own_tokenizer_or_by_one_that_stands_in(model, name, own):
    assert tokens.tokenizer_of(model) == (name, own)
    assert tokens.count(model, PROMPTS["plain"]).approximate is not own


def test_each_tokenizer_that_litellm_brings_can_be_loaded():
    for name in tokens._FILES:
        assert tokens._measure(name)("hello world") == 2


def test_tools_and_schemas_make_a_count_approximate():
    assert tokens.count("gpt-4o", PROMPTS["tools"]).approximate
    asked = Prompt((USER,), response_format={"type": "json_schema", "json_schema": {"schema": {"type": "object"}}})
    told = tokens.count("gpt-4o", asked)
    assert told.approximate
    assert told.tokens > tokens.count("gpt-4o", PROMPTS["plain"]).tokens


def test_a_malformed_tool_is_counted_as_far_as_it_goes():
    odd = {"name": "f", "parameters": {"properties": {"a": True, "b": {"type": "array"}, "c": {"type": "object"}}}}
    assert tokens.count("gpt-4o", Prompt((USER,), ({"function": odd}, {}), {"type": "auto"})).tokens > 20


def test_pictures_are_not_counted_but_told():
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    told = tokens.count("gpt-4o", Prompt(({"role": "user", "content": [{"type": "text", "text": "a"}, image]},)))
    assert told.uncounted == 1
    assert tokens.counted_usage("gpt-4o", Prompt(({"role": "user", "content": [image]},)), Reply("x")) == Usage()


def test_a_long_text_without_spaces_is_counted():
    assert tokens.count_text("gpt-4o", "ab" * 150_000) > 1_000


def test_half_a_surrogate_pair_is_counted():
    assert tokens.count_text("gpt-4o", "a\ud83d") == tokens.count_text("gpt-4o", "a�")
    assert tokens.count_text("claude-sonnet-4-5", "a\ud83d") > 0


def test_an_untold_usage_counts_all_that_was_written():
    reply = Reply("hello world", "let me think", (ToolCall("now", "{}"),))
    told = tokens.counted_usage("gpt-4o", PROMPTS["plain"], reply)
    each = [tokens.count_text("gpt-4o", text) for text in ("hello world", "let me think", "now{}")]
    assert told == Usage(tokens.count("gpt-4o", PROMPTS["plain"]).tokens, sum(each), source="tokenizer")


@pytest.mark.parametrize("before", [None, "/nowhere"])
def test_nothing_is_fetched_litellm_is_not_imported_and_the_environment_is_as_it_was(before):
    code = (
        "import os, socket, sys\n"
        "def refuse(*_args, **_more): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from harness.client import tokens\n"
        "assert 'tiktoken' not in sys.modules\n"
        "print(tokens.count_text('gpt-4o', 'hello world'), tokens.count_text('claude-sonnet-4-5', 'hello world'))\n"
        "assert 'litellm' not in sys.modules\n"
        "print(os.environ.get('TIKTOKEN_CACHE_DIR'))"
    )
    env = {name: value for name, value in os.environ.items() if name != "TIKTOKEN_CACHE_DIR"}
    env |= {} if before is None else {"TIKTOKEN_CACHE_DIR": before}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2", "2", str(before)]


def test_a_missing_file_says_what_to_do(monkeypatch):
    monkeypatch.setattr("harness.client.tokens.find_spec", lambda _name: None)
    tokens._loaded.cache_clear()
    try:
        with pytest.raises(HarnessError, match="make setup"):
            tokens.count_text("gpt-4o", "x")
    finally:
        tokens._loaded.cache_clear()


def asked(*script, **options):
    async def ask():
        async with serving(chunked(*script)) as server, Client(**options) as client:
            return await client.ask(provider(server.url), "hello world")

    return asyncio.run(ask())


UNTOLD = [one for one in HELLO if one not in {COUNTED, DONE}]


def test_missing_usage_is_counted_only_if_one_asks_for_it():
    attempt = asked(*UNTOLD, DONE)
    assert (attempt.usage, attempt.cost.usd, attempt.cost.status) == (Usage(), None, "unknown")
    attempt = asked(*UNTOLD, DONE, count_tokens=True)
    assert attempt.usage == Usage(9, tokens.count_text("gpt-4o-mini", "Hello"), source="tokenizer")
    assert attempt.cost.status == "estimated"
    assert attempt.cost.usd == pytest.approx(9e-6 + attempt.usage.completion_tokens * 2e-6)


def test_what_a_provider_tells_is_not_counted_again():
    assert asked(*UNTOLD, COUNTED, DONE, count_tokens=True).usage.source == "usage"


def test_nothing_is_counted_where_nothing_came():
    assert asked(DONE, count_tokens=True).usage == Usage()
