import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Prices, PriceTier, Prompt
from harness.client.cost import TOOL_OVERHEAD_TOKENS, cost_of, most_it_can_cost
from harness.client.door import litellm, quiet
from harness.client.via_litellm import _usage
from harness.client.wires import anthropic_messages
from harness.told import Cost, Usage
from tests.client.server import A_USAGE, TOOLS, message

OWN = Prices(1e-6, 4e-6, 1e-7, 1.25e-6, "registry")


def test_each_class_of_tokens_has_its_price():
    usage = Usage(1000, 200, 300, 100, source="usage")
    cost = cost_of(usage, OWN)
    assert cost.usd == pytest.approx(600 * 1e-6 + 300 * 1e-7 + 100 * 1.25e-6 + 200 * 4e-6, rel=1e-15)
    assert (cost.status, cost.price_id) == ("exact", "registry")


@pytest.mark.parametrize("prices", [Prices(1e-6, 4e-6), Prices(1e-6, 4e-6, cached_input=1e-7)])
def test_a_price_that_falls_back_to_input_is_an_estimate(prices):
    usage = Usage(1000, 200, 300, 100, source="usage")
    assert cost_of(usage, prices).status == "estimated"
    assert cost_of(Usage(1000, 200, 0, 0, source="usage"), prices).status == "exact"


def test_counts_that_contradict_one_another_are_an_estimate_and_never_negative():
    cost = cost_of(Usage(10, 0, 300, source="usage"), OWN)
    assert cost.status == "estimated"
    assert cost.usd == 300 * 1e-7


def test_counts_of_a_tokenizer_are_an_estimate():
    assert cost_of(Usage(10, 1, source="tokenizer"), OWN).status == "estimated"


@pytest.mark.parametrize(
    ("usage", "prices"),
    [
        (Usage(), OWN),
        (Usage(10, None, source="usage"), OWN),
        (Usage(None, 10, source="usage"), OWN),
        (Usage(10, 10, source="usage"), Prices(1e-6, None, id="registry")),
        (Usage(10, 10, source="usage"), Prices(None, 1e-6, id="registry")),
    ],
)
def test_unknown_is_none_and_never_zero(usage, prices):
    assert cost_of(usage, prices) == Cost(None, "unknown", "registry")
    assert cost_of(usage, None) == Cost()


@pytest.mark.parametrize("model", ["gpt-4o-mini", "claude-sonnet-4-5"])
@given(st.integers(0, 50_000), st.integers(0, 50_000), st.integers(0, 20_000))
def test_it_is_what_litellm_says(model, fresh, cached, output):
    module = litellm()
    facts = module.model_cost[model]
    prices = Prices(facts["input_cost_per_token"], facts["output_cost_per_token"], facts["cache_read_input_token_cost"])
    details = module.types.utils.PromptTokensDetailsWrapper(cached_tokens=cached)
    with quiet():
        told = module.Usage(prompt_tokens=fresh + cached, completion_tokens=output, prompt_tokens_details=details)
        kind = "openai" if model.startswith("gpt") else "anthropic"
        theirs = sum(module.cost_calculator.cost_per_token(model=model, custom_llm_provider=kind, usage_object=told))
    ours = cost_of(Usage(fresh + cached, output, cached, source="usage"), prices)
    assert ours.usd == pytest.approx(theirs, abs=1e-12)


TIERED = Prices(
    1.0, 10.0, 0.5, 2.0, "registry", cache_write_1h=3.0, reasoning=20.0,
    tiers=(PriceTier(100, input=2.0, output=30.0), PriceTier(200, input=5.0, cached_input=1.0, reasoning=50.0)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(100, 1, source="usage"), 100 * 1 + 10),
        (Usage(101, 1, source="usage"), 101 * 2 + 30),
        (Usage(200, 1, 100, source="usage"), 100 * 2 + 100 * 0.5 + 30),
        (Usage(201, 1, 100, source="usage"), 101 * 5 + 100 * 1 + 30),
        (Usage(100, 10, 0, 0, 4, "usage"), 100 + 6 * 10 + 4 * 20),
        (Usage(201, 10, 0, 0, 4, "usage"), 201 * 5 + 6 * 30 + 4 * 50),
        (Usage(50, 0, 10, 30, None, "usage", 20), 10 * 1 + 10 * 0.5 + 10 * 2 + 20 * 3),
    ],
)
def test_the_length_of_the_prompt_picks_the_prices_of_all_tokens(usage, usd):
    cost = cost_of(usage, TIERED)
    assert cost.usd == pytest.approx(usd)
    assert cost.status == "exact"


def test_reasoning_without_a_price_of_its_own_is_output_and_exact():
    cost = cost_of(Usage(0, 10, 0, 0, 4, "usage"), OWN)
    assert cost.usd == pytest.approx(10 * 4e-6)
    assert cost.status == "exact"


def test_what_is_kept_for_an_hour_without_a_price_of_its_own_is_an_estimate():
    cost = cost_of(Usage(100, 0, 0, 100, None, "usage", 40), OWN)
    assert cost.usd == pytest.approx(100 * 1.25e-6)
    assert cost.status == "estimated"


def test_more_for_an_hour_or_more_reasoning_than_there_is_in_all_is_an_estimate():
    assert cost_of(Usage(100, 0, 0, 10, None, "usage", 40), TIERED).status == "estimated"
    assert cost_of(Usage(100, 3, 0, 0, 4, "usage"), TIERED).status == "estimated"


def test_a_price_that_depends_on_the_hour_is_an_estimate():
    assert cost_of(Usage(100, 3, source="usage"), Prices(1e-6, 1e-6, varies=True)).status == "estimated"


@given(st.integers(0, 400), st.integers(0, 50), st.floats(0, 1), st.floats(0, 1))
def test_no_usage_within_the_bounds_costs_more_than_the_most(prompt_tokens, output, cached, written):
    asked = prompt("x" * prompt_tokens)
    read = int(prompt_tokens * cached)
    kept = int((prompt_tokens - read) * written)
    usage = Usage(prompt_tokens, output, read, kept, output // 2, "usage", kept // 2)
    most = most_it_can_cost(asked, {"max_tokens": max(output, 1)}, TIERED, None)
    told = cost_of(usage, TIERED).usd
    assert most is not None
    assert told is not None
    assert most >= told


def prompt(*contents, tools=()):
    return Prompt(tuple({"role": "user", "content": content} for content in contents), tools)


@given(st.lists(st.text(max_size=50), min_size=1, max_size=3), st.integers(1, 1000))
def test_the_most_is_never_less_than_a_token_a_byte_costs(texts, limit):
    most = most_it_can_cost(prompt(*texts), {"max_tokens": limit}, OWN, None)
    least = cost_of(Usage(sum(len(text.encode()) for text in texts), limit, source="usage"), OWN).usd
    assert most is not None
    assert least is not None
    assert most >= least


def test_the_output_is_bounded_by_the_params_or_else_by_the_model():
    plain = Prices(0.0, 1.0)
    assert most_it_can_cost(prompt("x"), {"max_tokens": 10}, plain, 50) == 10
    assert most_it_can_cost(prompt("x"), {"max_completion_tokens": 20}, plain, 50) == 20
    assert most_it_can_cost(prompt("x"), {"max_tokens": 10, "n": 3}, plain, 50) == 30
    assert most_it_can_cost(prompt("x"), {"max_tokens": "many"}, plain, 50) == 50
    assert most_it_can_cost(prompt("x"), {}, plain, None) is None


def test_the_prompt_is_bounded_by_its_bytes_and_the_overhead_of_tools():
    plain = Prices(1.0, 0.0)
    asked = prompt("ä", tools=TOOLS)
    size = len(json.dumps(asked.as_json(), separators=(",", ":"), ensure_ascii=False).encode())
    assert most_it_can_cost(asked, {"max_tokens": 1}, plain, None) == size + TOOL_OVERHEAD_TOKENS


def test_writing_to_the_cache_is_the_dearest_input():
    dear, cheap, asked = Prices(1.0, 0.0, cache_write=2.0), Prices(1.0, 0.0), prompt("x")
    most = [most_it_can_cost(asked, {"max_tokens": 1}, prices, 1) or 0.0 for prices in (dear, cheap)]
    assert most[0] == 2 * most[1] > 0


def test_what_cannot_be_bounded_is_none():
    image = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}}]
    assert most_it_can_cost(prompt(image), {"max_tokens": 1}, OWN, 1) is None
    assert most_it_can_cost(prompt(image[:1]), {"max_tokens": 1}, OWN, 1) is not None
    assert most_it_can_cost(prompt("x"), {"max_tokens": 1}, None, 1) is None
    assert most_it_can_cost(prompt("x"), {"max_tokens": 1}, Prices(1.0), 1) is None


def test_what_is_kept_for_an_hour_is_counted_on_anthropics_wire_and_through_litellm():
    kept = {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}
    body = json.dumps(message({"type": "text", "text": "x"}, usage={**A_USAGE, "cache_creation": kept})).encode()
    ours = anthropic_messages.WIRE.read_body([(0.0, body)]).usage
    assert (ours.cache_write_tokens, ours.cache_write_1h_tokens) == (3, 2)
    told = {"prompt_tokens": 9, "prompt_tokens_details": {"cache_creation_token_details": kept}}
    assert _usage(told, "usage").cache_write_1h_tokens == 2
