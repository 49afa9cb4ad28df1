"""The catalogue says what litellm's table says, unless the registry says otherwise."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness import registry
from harness.ask import Prices, Provider
from harness.errors import HarnessError
from harness.registry import Entry


@pytest.fixture(scope="session")
def table():
    spec = importlib.util.find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "model_prices_and_context_window_backup.json").read_text(encoding="utf-8")
    return json.loads(text)


@pytest.mark.parametrize(
    ("model", "row"),
    [
        ("openai/gpt-5.4-mini", "gpt-5.4-mini"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("anthropic/claude-haiku-5-5", "claude-haiku-5-5"),
        ("gemini/gemini-3.8-flash", "gemini/gemini-3.8-flash"),
        ("azure/gpt-5.4-mini", "azure/gpt-5.4-mini"),
        ("groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        ("together_ai/zai-org/GLM-5.3-Flash", "together_ai/zai-org/GLM-5.3-Flash"),
        ("cohere/command-a-03-2025", "command-a-03-2025"),
        ("cohere_chat/command-a-03-2025", "command-a-03-2025"),
        ("ollama/llama3.1", "ollama/llama3.1"),
        ("ollama_chat/llama3.1", "ollama/llama3.1"),
    ],
)
def test_the_facts_of_a_model_are_those_of_litellms_table(catalogue, table, model, row):
    facts, said = catalogue.facts(model), table[row]
    assert facts.known
    assert facts.context_tokens == said["max_input_tokens"]
    assert facts.max_output_tokens == said["max_output_tokens"]
    assert facts.prices.input == said["input_cost_per_token"]
    assert facts.prices.output == said["output_cost_per_token"]
    assert facts.prices.cached_input == said.get("cache_read_input_token_cost")
    assert facts.prices.cache_write == said.get("cache_creation_input_token_cost")
    assert facts.prices.id == catalogue.id
    assert ("tools" in facts.capabilities) is said.get("supports_function_calling", False)
    assert ("json_schema" in facts.capabilities) is said.get("supports_response_schema", False)
    assert ("vision" in facts.capabilities) is said.get("supports_vision", False)
    assert facts.capabilities <= registry.CAPABILITIES


def test_every_row_of_the_table_gives_facts_without_a_fault(catalogue, table):
    for name in table:
        facts = catalogue.facts(name)
        assert facts.known is (name != "sample_spec")


@pytest.mark.parametrize(
    "model", ["openai/no-such-model", "huggingface/openai/gpt-oss-120b", "zzz", "anthropic/gpt-5.4-mini", ""]
)
def test_a_model_that_the_table_does_not_know_has_no_facts_and_no_price(catalogue, model):
    assert catalogue.facts(model) == registry.ModelFacts()
    assert catalogue.facts(model).prices == Prices()


def test_a_price_of_zero_is_a_price_on_ones_own_machine_only(catalogue, table):
    assert table["command-a-plus-05-2026"]["input_cost_per_token"] == 0
    assert catalogue.facts("cohere/command-a-plus-05-2026").prices == Prices()
    assert catalogue.facts("ollama/llama3.1").prices.input == 0


def test_own_prices_win(catalogue):
    own = Prices(1e-6, 2e-6, id="registry")
    facts = catalogue.facts(Provider("x", "openai/gpt-5.4-mini", prices=own))
    assert facts.prices == own
    assert facts.context_tokens == catalogue.facts("openai/gpt-5.4-mini").context_tokens
    assert catalogue.facts(Provider("x", "openai/gpt-5.4-mini")) == catalogue.facts("openai/gpt-5.4-mini")


def test_own_facts_of_an_entry_win(catalogue):
    provider = Provider("x", "openai/gpt-5.4-mini")
    assert catalogue.facts(Entry(provider)) == catalogue.facts(provider)
    facts = catalogue.facts(Entry(provider, context_tokens=7, max_output_tokens=3, capabilities=frozenset()))
    assert (facts.context_tokens, facts.max_output_tokens, facts.capabilities) == (7, 3, frozenset())
    assert facts.known


def test_the_id_is_short_and_the_same_for_the_same_table(catalogue):
    assert catalogue.id == registry.Catalogue.load().id
    assert len(catalogue.id) == 12


def test_the_catalogue_never_imports_litellm():
    code = "import sys; from harness import registry; registry.Catalogue.load().facts('gpt-4o'); print('litellm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_missing_table_says_what_to_do(monkeypatch):
    monkeypatch.setattr("harness.registry.catalogue.find_spec", lambda _name: None)
    with pytest.raises(HarnessError, match="run `make setup`"):
        registry.Catalogue.load()


def test_what_a_model_lacks_is_what_the_table_denies_or_an_own_list_leaves_out(catalogue, table):
    name = next(
        name for name, row in table.items() if row.get("supports_vision") is False and row.get("mode") == "chat"
    )
    assert "vision" in catalogue.facts(name).lacks
    silent = next(name for name, row in table.items() if "supports_vision" not in row and row.get("mode") == "chat")
    facts = catalogue.facts(silent)
    assert "vision" not in facts.lacks | facts.capabilities
    own = catalogue.facts(Entry(Provider("x", "openai/no-such-model"), capabilities=frozenset({"tools"})))
    assert own.lacks == registry.CAPABILITIES - {"tools"}
    assert catalogue.facts(Entry(Provider("x", "openai/no-such-model"))).lacks == frozenset()
