"""The providers.toml at the root: what a person finds after cloning."""

from pathlib import Path

import pytest

from harness import registry

SHIPPED = Path(__file__).parents[2] / "providers.toml"
SIMULATED = ["sim-swift", "sim-careful", "sim-frugal", "sim-scholar", "sim-flaky"]
KEYS = {
    "openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY", "azure": "AZURE_API_KEY",
    "groq": "GROQ_API_KEY", "together": "TOGETHER_API_KEY", "replicate": "REPLICATE_API_TOKEN", "huggingface": "HF_TOKEN",
    "cohere": "COHERE_API_KEY",
}  # fmt: skip


def shipped(**env):
    return registry.load(SHIPPED, env)


def test_all_ten_promised_providers_are_registered():
    real = [entry.provider for entry in shipped().entries if not entry.provider.simulated]
    assert sorted(one.kind for one in real) == sorted(registry.PROMISED)


def test_every_model_is_known_to_litellms_table_with_prices_except_hugging_faces(catalogue):
    for entry in shipped().entries:
        if not entry.provider.simulated:
            facts = catalogue.facts(entry.provider.model)
            assert facts.known is (entry.provider.kind != "huggingface"), entry.provider.model
            assert (facts.prices.input is not None) is facts.known


def test_embedding_models_are_known_too(catalogue):
    entries = [entry.provider for entry in shipped().entries if entry.provider.embedding_model]
    real = [one for one in entries if not one.simulated]
    assert len(real) == 3
    assert all(catalogue.facts(one.embedding_model).known for one in real)
    assert all(one.embedding_prices.input for one in entries)


@pytest.mark.parametrize(("name", "variable"), KEYS.items())
def test_a_provider_without_its_key_names_the_variable_and_is_ready_with_it(name, variable):
    assert variable in registry.readiness(shipped().get(name)).reason
    entry = shipped(**{variable: "k", "AZURE_API_BASE": "https://n.openai.azure.com"}).get(name)
    assert registry.readiness(entry).ready


def test_the_fleet_is_simulated_priced_and_ready():
    fleet = [entry for entry in shipped().entries if entry.provider.simulated and entry.judge != "only"]
    assert [entry.provider.name for entry in fleet] == SIMULATED
    for entry in fleet:
        provider = entry.provider
        assert provider.name == f"sim-{provider.simulated}"
        assert provider.kind == ("anthropic" if provider.simulated in {"careful", "scholar"} else "openai")
        assert (provider.api_key, provider.base_url, provider.tags) == (None, None, {"simulated"})
        assert provider.limits.max_concurrency == 8
        assert provider.prices is not None
        assert provider.prices.id.startswith("registry:")
        assert registry.readiness(entry) == registry.Readiness(ready=True, reason="simulated")


def test_the_fleets_prices_are_exact():
    prices = {entry.provider.name: entry.provider.prices for entry in shipped().entries if entry.provider.simulated}
    each = {name: (one.input, one.output, one.cached_input, one.cache_write) for name, one in prices.items() if one}
    assert each == {
        "sim-swift": (1e-07, 4e-07, None, None),
        "sim-careful": (3e-06, 1.5e-05, 3e-07, 3.75e-06),
        "sim-frugal": (5e-08, 2e-07, None, None),
        "sim-scholar": (1.25e-06, 1e-05, None, None),
        "sim-flaky": (3e-07, 1.2e-06, None, None),
        "sim-judge": (2e-06, 8e-06, None, None),
    }


def test_without_a_key_the_fleet_takes_part_and_with_one_it_does_not(closed, listening):
    def names(**env):
        return [one.name for one in registry.participants(shipped(OLLAMA_API_BASE=closed, **env), [], simulated=False)]

    assert names() == SIMULATED
    assert names(GROQ_API_KEY="k") == ["groq"]
    assert names(OPENAI_API_KEY="k", OPENAI_BASE_URL=listening) == ["openai"]


def test_openais_entry_can_be_pointed_at_any_server(catalogue):
    provider = (
        shipped(OPENAI_API_KEY="k", OPENAI_BASE_URL="http://localhost:4000", OPENAI_MODEL="tiny").get("openai").provider
    )
    assert (provider.model, provider.base_url) == ("openai/tiny", "http://localhost:4000")
    assert shipped().get("openai").provider.base_url == "https://api.openai.com/v1"


def test_the_file_holds_no_key_and_says_what_each_entry_is():
    lines = SHIPPED.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if line.startswith("api_key"):
            assert line.startswith('api_key = "${')
        if line == "[[providers]]":
            assert lines[number - 1].startswith("# ")
    assert max(len(line) for line in lines) <= 120
