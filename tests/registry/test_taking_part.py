"""Who is ready, and who takes part: real sockets, no mocks."""

import pytest

from harness import registry
from harness.ask import Provider, Secret
from harness.errors import ExitCode, NothingSelected, WrongUse

SIM = '[[providers]]\nname = "sim-a"\nmodel = "openai/sim-a"\nsimulated = "a"\n'
SIM_B = '[[providers]]\nname = "sim-b"\nmodel = "openai/sim-b"\nsimulated = "b"\n'
HOSTED = '[[providers]]\nname = "hosted"\nmodel = "openai/m"\napi_key = "${HOSTED_KEY}"\n'
OTHER = '[[providers]]\nname = "other"\nmodel = "groq/m"\napi_key = "${OTHER_KEY}"\nbase_url = "${OTHER_BASE}"\n'


def local(url, name="local"):
    return f'[[providers]]\nname = "{name}"\nmodel = "openai/m"\nbase_url = "{url}"\n'


def names(providers):
    return [one.name for one in providers]


def state(found, name):
    return registry.readiness(found.get(name))


def test_a_hosted_provider_is_ready_when_its_key_is_set(read):
    assert state(read(HOSTED, HOSTED_KEY="k"), "hosted") == registry.Readiness(ready=True, reason="")


def test_a_provider_is_not_ready_while_variables_are_not_set_and_says_which(read):
    assert state(read(HOSTED), "hosted") == registry.Readiness(ready=False, reason="HOSTED_KEY is not set")
    assert state(read(HOSTED, HOSTED_KEY=""), "hosted").reason == "HOSTED_KEY is not set"
    assert state(read(OTHER), "other").reason == "OTHER_BASE and OTHER_KEY are not set"


def test_a_simulated_provider_is_ready_without_key_and_address(read):
    assert state(read(SIM), "sim-a") == registry.Readiness(ready=True, reason="simulated")


def test_a_local_server_is_ready_when_it_listens(read, listening):
    assert state(read(local(listening)), "local") == registry.Readiness(ready=True, reason="")


def test_a_local_server_that_does_not_listen_is_named(read, closed):
    found = state(read(local(closed)), "local")
    assert found == registry.Readiness(ready=False, reason=f"no server answers at {closed}")


def test_a_simulated_provider_with_an_address_is_looked_for_there(read, listening, closed):
    assert state(read(SIM + f'base_url = "{listening}"'), "sim-a") == registry.Readiness(ready=True, reason="simulated")
    assert not state(read(SIM + f'base_url = "{closed}"'), "sim-a").ready


def test_ollama_is_looked_for_at_its_usual_address(read, monkeypatch):
    looked: list[str] = []
    monkeypatch.setattr("harness.registry.taking_part.answers", looked.append)
    found = read('[[providers]]\nname = "o"\nmodel = "ollama_chat/llama3.1"\n')
    assert not state(found, "o").ready
    assert looked == ["http://localhost:11434"]


def test_a_hosted_provider_is_never_contacted(read, monkeypatch):
    monkeypatch.setattr("harness.registry.taking_part.answers", lambda url: pytest.fail(f"contacted {url}"))
    text = HOSTED + 'base_url = "https://api.openai.com/v1"\n'
    assert state(read(text, HOSTED_KEY="k"), "hosted").ready


def test_real_providers_that_are_ready_take_part_and_simulated_ones_do_not(read):
    found = read(SIM + HOSTED + OTHER, HOSTED_KEY="k")
    assert names(registry.participants(found, [], simulated=False)) == ["hosted"]


def test_simulated_providers_take_part_where_no_real_one_is_ready(read):
    assert names(registry.participants(read(SIM + HOSTED + SIM_B), [], simulated=False)) == ["sim-a", "sim-b"]


def test_simulated_providers_take_part_beside_real_ones_when_asked_for(read):
    found = read(SIM + HOSTED, HOSTED_KEY="k")
    assert names(registry.participants(found, [], simulated=True)) == ["sim-a", "hosted"]


def test_names_choose_exactly_who_takes_part_once_and_in_the_registrys_order(read):
    found = read(SIM + HOSTED + SIM_B, HOSTED_KEY="k")
    assert names(registry.participants(found, ["sim-b", "hosted", "sim-b"], simulated=False)) == ["hosted", "sim-b"]
    assert names(registry.participants(found, ["sim-a"], simulated=False)) == ["sim-a"]


def test_naming_one_that_is_not_ready_is_wrong_use_that_says_why(read):
    with pytest.raises(WrongUse, match=r"^hosted is not ready: HOSTED_KEY is not set$") as caught:
        registry.participants(read(SIM + HOSTED), ["hosted"], simulated=False)
    assert caught.value.exit_code is ExitCode.WRONG_USE


def test_naming_one_that_is_not_registered_suggests_the_nearest(read):
    with pytest.raises(WrongUse, match="did you mean 'hosted'"):
        registry.participants(read(HOSTED), ["hostet"], simulated=False)


def test_nobody_ready_is_nothing_selected_with_each_reason(read):
    with pytest.raises(NothingSelected, match="hosted: HOSTED_KEY is not set") as caught:
        registry.participants(read(HOSTED + OTHER), [], simulated=False)
    assert "other: OTHER_BASE and OTHER_KEY are not set" in str(caught.value)
    assert caught.value.exit_code is ExitCode.NOTHING


def test_a_registered_name_or_model_resolves_to_its_provider(read, catalogue):
    found = read(SIM + HOSTED, HOSTED_KEY="k")
    assert registry.resolve("hosted", found, catalogue, {}).name == "hosted"
    assert registry.resolve("openai/m", found, catalogue, {}).name == "hosted"
    assert registry.resolve("sim-a", found, catalogue, {}).simulated == "a"


def test_a_registered_name_that_is_not_ready_does_not_resolve(read, catalogue):
    with pytest.raises(WrongUse, match="hosted is not ready"):
        registry.resolve("hosted", read(HOSTED), catalogue, {})


@pytest.mark.parametrize(
    ("name", "env", "provider"),
    [
        ("gpt-5.4-mini", {"OPENAI_API_KEY": "k"}, Provider("openai/gpt-5.4-mini", "openai/gpt-5.4-mini", Secret("k"))),
        ("groq/x", {"GROQ_API_KEY": "k"}, Provider("groq/x", "groq/x", Secret("k"))),
        ("mistral/x", {"MISTRAL_API_KEY": "k"}, Provider("mistral/x", "mistral/x", Secret("k"))),
        ("gemini/x", {"GOOGLE_API_KEY": "k"}, Provider("gemini/x", "gemini/x", Secret("k"))),
        (
            "azure/x",
            {"AZURE_API_KEY": "k", "AZURE_API_BASE": "https://n.openai.azure.com"},
            Provider("azure/x", "azure/x", Secret("k"), "https://n.openai.azure.com"),
        ),
    ],
)
def test_a_model_that_is_not_registered_gets_its_usual_key(catalogue, name, env, provider):
    assert registry.resolve(name, registry.empty(), catalogue, env) == provider


@pytest.mark.parametrize(
    ("name", "env", "why"),
    [
        ("gpt-5.4-mini", {}, "OPENAI_API_KEY is not set"),
        ("together_ai/x", {"OPENAI_API_KEY": "k"}, "TOGETHER_API_KEY is not set"),
        ("azure/x", {"AZURE_API_KEY": "k"}, "AZURE_API_BASE is not set"),
        (
            "openai/x",
            {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://u:hunter2@h"},
            "OPENAI_BASE_URL has a user or password",
        ),
        ("gpt-oss-120b", {}, "several providers serve"),
        ("zzz", {}, "cannot be told from its name"),
    ],
)
def test_a_model_that_cannot_be_asked_says_why(catalogue, name, env, why):
    with pytest.raises(WrongUse, match=why) as caught:
        registry.resolve(name, registry.empty(), catalogue, env)
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_name_is_suggested_before_a_model(read, catalogue):
    with pytest.raises(WrongUse, match="did you mean 'sim-a'"):
        registry.resolve("simm-a", read(SIM), catalogue, {})


def test_ollama_resolves_without_a_key_when_its_server_listens(catalogue, listening, closed):
    assert registry.resolve("llama3.2", registry.empty(), catalogue, {"OLLAMA_API_BASE": listening}).api_key is None
    with pytest.raises(WrongUse, match="no server answers at"):
        registry.resolve("llama3.2", registry.empty(), catalogue, {"OLLAMA_API_BASE": closed})
