import pytest

from harness.ask import Prices, Prompt, Provider
from harness.client import Client
from harness.client.estimate import estimate_cost
from harness.registry import ModelFacts

PRICES = Prices(1e-6, 4e-6, id="registry")
OPENAI = Provider("mine", "openai/gpt-4o-mini", prices=PRICES)


def test_an_estimate_is_for_the_counted_prompt_and_a_usual_answer():
    told = estimate_cost(OPENAI, "hello world")
    assert told.prompt.tokens == 9
    assert told.output_tokens == 500
    assert told.expected_usd == pytest.approx(9e-6 + 500 * 4e-6)
    assert told.most_usd is None


def test_the_answer_is_no_longer_than_it_may_be_or_as_long_as_one_expects():
    assert estimate_cost(OPENAI, "x", {"max_tokens": 100}).output_tokens == 100
    assert estimate_cost(OPENAI, "x", max_output_tokens=200).output_tokens == 200
    assert estimate_cost(OPENAI, "x", max_output_tokens=9000).output_tokens == 500
    assert estimate_cost(OPENAI, "x", output_tokens=0).output_tokens == 0


def test_params_go_over_those_of_the_provider():
    mine = Provider("mine", "openai/gpt-4o-mini", prices=PRICES, params={"max_tokens": 10})
    assert estimate_cost(mine, "x").output_tokens == 10
    assert estimate_cost(mine, "x", {"max_tokens": 20}).output_tokens == 20


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "gemini/gemini-2.5-pro", "anthropic/claude-sonnet-4-5"])
def test_it_never_expects_more_than_the_most(model):
    for text in ("", "x", "Was kostet das? " * 50, "你好" * 500):
        told = estimate_cost(Provider("mine", model, prices=PRICES), text, {"max_tokens": 1000}, output_tokens=1000)
        assert told.expected_usd is not None
        assert told.most_usd is not None
        assert told.expected_usd <= told.most_usd


def test_what_is_unknown_is_none():
    assert estimate_cost(Provider("mine", "openai/gpt-4o-mini"), "x", {"max_tokens": 5}).expected_usd is None
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    told = estimate_cost(OPENAI, Prompt(({"role": "user", "content": [image]},)), {"max_tokens": 5})
    assert (told.expected_usd, told.most_usd, told.prompt.uncounted) == (None, None, 1)


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}
TALK = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Rome?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "sunny, 25 degrees"},
    {"role": "user", "content": "And in Oslo?"},
)


def test_a_conversation_with_tools_is_counted_whole_and_said_to_be_approximate():
    told, plain = estimate_cost(OPENAI, Prompt(TALK, tools=(TOOL,))), estimate_cost(OPENAI, "Weather in Rome?")
    without = estimate_cost(OPENAI, Prompt(TALK))
    assert told.prompt.tokens > without.prompt.tokens > plain.prompt.tokens
    assert (told.exactness, plain.exactness) == ("approximate", "counted")
    assert told.expected_usd == pytest.approx(told.prompt.tokens * 1e-6 + 500 * 4e-6)
    other = Provider("mine", "gemini/gemini-2.5-pro", prices=PRICES)
    assert estimate_cost(other, "Weather in Rome?").exactness == "approximate"


def test_a_picture_makes_it_unknown_and_says_so():
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    told = estimate_cost(OPENAI, Prompt((*TALK, {"role": "user", "content": parts})), {"max_tokens": 5})
    assert (told.exactness, told.expected_usd, told.most_usd) == ("unknown", None, None)
    assert (told.prompt.uncounted, told.prompt.tokens > 0) == (1, True)


def test_the_client_estimates_by_what_it_knows_of_the_model():
    facts = ModelFacts(context_tokens=1000, max_output_tokens=200)
    client = Client([OPENAI], facts={"mine": facts})
    told = client.estimate_cost("mine", "hello world")
    assert (told.output_tokens, told.exactness) == (200, "counted")
    assert told.most_usd is not None
    assert client.facts_of("mine") is facts
    assert Client([OPENAI]).estimate_cost(OPENAI, "hello world", output_tokens=7).output_tokens == 7
    assert Client([OPENAI]).facts_of("mine") is None
