"""What we count an answer to cost against what litellm counts, over its own table: models × usages, to 1e-12 USD.

The differences that remain, each with its reason, are in `DIFFERENT`; the last test holds that they are still there.
"""

import pytest

from harness.client import cost_of
from harness.client.door import litellm, quiet
from harness.registry import Catalogue
from harness.told import Usage

CATALOGUE = Catalogue.load()
LENGTHS = (1, 1_000, 100_000, 128_001, 200_000, 200_001, 300_000, 600_000)
USAGES = {
    f"{what} {length}": usage
    for length in LENGTHS
    for what, usage in {
        "plain": Usage(length, 700, source="usage"),
        "cached": Usage(length, 700, length // 2, source="usage"),
        "written": Usage(length, 700, length // 10, length // 4, source="usage"),
        "written for an hour": Usage(length, 700, length // 10, length // 4, None, "usage", length // 8),
        "reasoned": Usage(length, 700, length // 10, 0, 400, "usage"),
    }.items()
}
DIFFERENT = {
    "perplexity": "litellm counts no cached token and no longer prompt there, though its table has the prices of both",
    "empty": "litellm finds no range for a prompt of no token in a list of ranges, and says 0 for the whole answer",
    "hours": "DeepSeek and Tencent ask half at night: litellm reads the clock, we count the day's price as an estimate",
}
EVERY = {
    "anthropic", "azure", "cohere_chat", "dashscope", "deepseek", "fireworks_ai", "gemini", "groq", "minimax", "mistral",
    "ollama", "openai", "openrouter", "replicate", "together_ai", "xai",
}  # fmt: skip
"""Of these all models are held against litellm, of the others each seventh."""


def rows():
    """Each chat model of the table with its provider, and whether its price depends on the hour."""
    chat = [
        (name, row) for name, row in CATALOGUE.table.items() if row.get("mode") in {"chat", "completion", "responses"}
    ]
    for number, (name, row) in enumerate(chat):
        kind = row["litellm_provider"]
        if kind in EVERY or number % 7 == 0:
            yield kind, name.removeprefix(f"{kind}/"), "off_peak_pricing" in row


MODELS = [(kind, model) for kind, model, varies in rows() if not varies and kind != "perplexity"]


def prices(kind, model):
    facts = CATALOGUE.facts(f"{kind}/{model}")
    return (facts if facts.known else CATALOGUE.facts(model)).prices


def in_their_words(usage):
    module = litellm()
    types = module.types.utils
    cached = types.PromptTokensDetailsWrapper(
        cached_tokens=usage.cached_tokens or 0, cache_write_tokens=usage.cache_write_tokens or 0
    )
    hour = usage.cache_write_1h_tokens
    if hour:
        cached.cache_creation_token_details = types.CacheCreationTokenDetails(
            ephemeral_5m_input_tokens=usage.cache_write_tokens - hour, ephemeral_1h_input_tokens=hour
        )
    return module.Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        prompt_tokens_details=cached,
        completion_tokens_details=types.CompletionTokensDetailsWrapper(reasoning_tokens=usage.reasoning_tokens)
        if usage.reasoning_tokens
        else None,
    )


@pytest.fixture(scope="module")
def told():
    with quiet():
        return {name: in_their_words(usage) for name, usage in USAGES.items()}


def theirs(kind, model, usage):
    with quiet():
        return sum(litellm().cost_calculator.cost_per_token(model=model, custom_llm_provider=kind, usage_object=usage))


def differences(kind, model, told):
    priced = prices(kind, model)
    for name, usage in USAGES.items():
        ours = cost_of(usage, priced).usd
        if ours is not None and abs(ours - theirs(kind, model, told[name])) > 1e-12:
            yield f"{kind}/{model}: {name}: {ours} and not {theirs(kind, model, told[name])}"


def priced_by_litellm(kind, model, usage):
    """Vertex's names of other makers' models are in the table, but litellm does not find them by it."""
    try:
        theirs(kind, model, usage)
    except litellm().exceptions.ModelNotMappedError:
        return False
    return True


def test_each_model_costs_what_litellm_says_whatever_was_used(told):
    checked = [one for one in MODELS if prices(*one).input is not None and priced_by_litellm(*one, told["plain 1000"])]
    wrong = [line for one in checked for line in differences(*one, told)]
    assert not wrong, "\n".join(wrong[:20])
    assert len(checked) > 1_000
    assert {"anthropic", "azure", "gemini", "openai", "xai"} <= {kind for kind, _model in checked}


@pytest.mark.parametrize("what", ["tiers", "cache_write_1h", "reasoning", "cached_input", "cache_write"])
def test_the_table_has_models_for_each_kind_of_price(what):
    assert sum(bool(getattr(prices(*one), what)) for one in MODELS) >= 5


@pytest.mark.parametrize(
    ("kind", "model"),
    [("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"), ("gemini", "gemini-2.5-pro"), ("xai", "grok-4.20-0309-reasoning")],
)  # fmt: skip
def test_a_whole_answer_costs_what_completion_cost_says(told, kind, model):
    module = litellm()
    for name in ("plain 1000", "cached 300000", "written 1000", "reasoned 200001"):
        with quiet():
            answer = module.ModelResponse(model=model, usage=told[name])
            cost = module.completion_cost(completion_response=answer, model=f"{kind}/{model}")
        assert cost_of(USAGES[name], prices(kind, model)).usd == pytest.approx(cost, abs=1e-12)


def test_the_differences_that_are_left_are_still_there(told):
    model = ("perplexity", "openai/gpt-5.2")
    lines = list(differences(*model, told))
    assert lines, DIFFERENT["perplexity"]
    assert all("plain" not in line for line in lines), DIFFERENT["perplexity"]
    varying = [(kind, model) for kind, model, varies in rows() if varies]
    assert {"deepseek"} <= {kind for kind, _ in varying}
    for kind, model in varying:
        assert cost_of(USAGES["plain 1000"], prices(kind, model)).status == "estimated", DIFFERENT["hours"]
    nothing = Usage(0, 700, source="usage")
    with quiet():
        assert theirs("dashscope", "qwen-flash", in_their_words(nothing)) == 0, DIFFERENT["empty"]
    assert cost_of(nothing, prices("dashscope", "qwen-flash")).usd
