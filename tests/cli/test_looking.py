"""`providers`, `models`, `list`, `validate`: what is there, without asking anybody."""

import json

import pytest

from harness.errors import ExitCode
from tests.cli.conftest import ROOT, call

PROMISED = [
    "openai",
    "anthropic",
    "gemini",
    "azure",
    "groq",
    "together",
    "replicate",
    "huggingface",
    "cohere",
    "ollama",
]
FLEET = ["sim-swift", "sim-careful", "sim-frugal", "sim-scholar", "sim-flaky"]


def test_providers_says_who_is_ready_and_why_not(project, monkeypatch):
    said = call("providers")
    assert said.code == ExitCode.FINE
    words = " ".join(said.out.split())
    assert "openai openai/gpt-5.4-mini not ready OPENAI_API_KEY is not set" in words
    assert "AZURE_API_BASE and AZURE_API_KEY are not set" in words
    assert "no server answers at http://127.0.0.1:9" in words
    assert "sim-swift openai/sim-swift ready simulated" in words
    assert "no real provider is ready: `harness run` asks the simulated ones" in words
    monkeypatch.setenv("GROQ_API_KEY", "gsk-one")
    assert "1 of 10 real providers ready" in call("providers").out


def test_providers_as_json(project):
    found = json.loads(call("providers", "--json").out)
    assert [one["name"] for one in found] == [*PROMISED, *FLEET, "sim-judge"]
    assert [one["simulated"] for one in found] == [False] * 10 + [True] * 6
    assert found[0] == {
        "name": "openai",
        "model": "openai/gpt-5.4-mini",
        "simulated": False,
        "ready": False,
        "reason": "OPENAI_API_KEY is not set",
    }


def test_models_before_any_run_shows_the_facts_alone(project):
    said = call("models")
    assert said.code == ExitCode.FINE
    assert "Facts of the catalogue" in said.out
    assert "What the models can do" in said.out
    assert "Measured" not in said.out
    assert "Routes" not in said.out
    words = " ".join(said.out.split())
    assert "sim-careful anthropic/sim-careful 128,000 16,384 $3.00 $15.00" in words
    assert "sim-careful json_schema, tools" in words
    (card,) = [one for one in json.loads(call("models", "--json").out) if one["provider"] == "ollama"]
    assert (card["measured"], card["routes"]) == ({}, {})


def test_models_after_a_run_takes_the_evidence_back(recorded, monkeypatch):
    monkeypatch.chdir(ROOT)
    said = call("models", "--reports", recorded.reports)
    order = [
        "Facts of",
        "Measured in the last report (simulated)",
        "Quality, % of scored cases (simulated)",
        "Routes in",
    ]
    places = [said.out.index(words) for words in order]
    assert places == sorted(places)
    measured = said.out[places[1] :]
    assert "sim-swift" in measured
    assert "sim-frugal" not in measured, "it took no part"
    assert measured.count("\narithmetic") == 2, "its quality and its route"
    cards = {one["provider"]: one for one in json.loads(call("models", "--json", "--reports", recorded.reports).out)}
    swift = cards["sim-swift"]
    assert swift["facts"]["context_tokens"] == 128000
    assert swift["measured"]["all"]["n_cases"] == 20
    assert swift["measured"]["all"]["reliability"]["value"] == 1.0
    shares = [card["routes"].get("facts", 0) for card in cards.values()]
    assert sum(shares) == pytest.approx(1)


def test_list_counts_cases_and_shows_each_with_v(project):
    said = call("list")
    assert said.out.startswith("2 suites, 5 cases\n")
    assert "sums         3  arithmetic  Sums  suites/sums.yaml" in said.out
    assert call("list", "-k", "cow").out.startswith("1 suite, 1 case\n")
    each = call("list", "-v", "-m", "smoke")
    assert each.out.splitlines()[:3] == [
        "1 suite, 1 case",
        "case       capability  scorer  tags ",
        "sums::two  arithmetic  exact   smoke",
    ]
    assert [one["cases"] for one in json.loads(call("list", "--json", "--limit=1").out)] == [["cow"], ["two"]]


def test_validate_says_that_all_is_fine(project):
    said = call("validate")
    assert (said.code, said.out) == (ExitCode.FINE, "16 providers, 2 suites, 5 cases: all fine\n")
    assert json.loads(call("validate", "--json").out) == {"providers": 16, "suites": 2, "cases": 5, "problems": []}


def test_validate_shows_the_prompts_as_they_would_be_sent(project):
    said = call("validate", "-v", "-k", "cow")
    assert said.out.startswith("── animals::cow (facts)\n{\n")
    assert '"content": "What says moo?"' in said.out
    assert 'expect: "cow"' in said.out
    (prompt,) = json.loads(call("validate", "-v", "-k", "cow", "--json").out)["prompts"]
    assert prompt["suite"] == "animals"
    assert prompt["case"]["prompt"]["messages"] == [{"role": "user", "content": "What says moo?"}]


def test_validate_shows_every_problem_of_every_file_at_once(project):
    (project / "suites" / "sums.yaml").write_text("cases:\n  - {id: a, promtp: Hi, score: exactly}\n")
    (project / "suites" / "more.yaml").write_text("cases: [\n")
    (project / "providers.toml").write_text('[[providers]]\nname = "mine"\nmodle = "openai/m-1"\n')
    said = call("validate", "--json")
    assert said.code == ExitCode.WRONG_USE
    for place in ("providers.toml:3: ", "suites/more.yaml:2: ", "suites/sums.yaml:2: "):
        assert place in said.err
    assert said.err.splitlines()[-1].endswith(" in 3 files")
    problems = json.loads(said.out)["problems"]
    assert {one["file"] for one in problems} == {"providers.toml", "suites/more.yaml", "suites/sums.yaml"}
    assert {"file", "line", "message", "hint"} == set(problems[0])


@pytest.mark.parametrize(("kind", "word"), [("suite", "cases"), ("providers", "providers"), ("routing", "routes")])
def test_validate_prints_the_schema_of_each_kind_of_file(kind, word):
    schema = json.loads(call("validate", "--schema", kind).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert word in json.dumps(schema)


def test_the_shipped_suites_and_registry_are_fine(monkeypatch):
    monkeypatch.chdir(ROOT)
    said = call("validate")
    assert said.code == ExitCode.FINE
    assert said.out.startswith("16 providers, 10 suites, ")
