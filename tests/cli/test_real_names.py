"""`harness ask` with the models' real names, at the simulated fleet, by `--base-url`."""

from collections.abc import Callable, Iterator

import pytest

from harness.errors import ExitCode
from harness.load import suites
from harness.simulate import FleetProcess, write_keys
from tests.cli.conftest import call

NAMES = {
    "gpt-4o-mini": "openai",
    "claude-sonnet-4-5": "anthropic",
    "gemini-2.5-flash": "gemini",
    "llama3.2": "ollama_chat",
    "command-r7b-12-2024": "cohere",
    "azure/gpt-4o": "azure",
    "groq/llama-3.3-70b-versatile": "openai",
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo": "openai",
    "huggingface/meta-llama/Llama-3.3-70B-Instruct": "openai",
    "replicate/meta/meta-llama-3-70b-instruct": "replicate",
    "mistral/mistral-small-latest": "openai",
}
"""Each name and the kind whose base URL of the fleet serves it."""


@pytest.fixture(scope="module")
def base_url(tmp_path_factory) -> Iterator[Callable[[str], str]]:
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "sums.yaml").write_text(
        "capability: arithmetic\nscore: exact\ncases:\n  - {id: two, prompt: What is 2 + 2?, expect: '4'}\n"
    )
    keys = folder / "keys.json"
    write_keys(keys, [case for suite in suites([folder / "sums.yaml"]) for case in suite.cases])
    with FleetProcess(keys) as fleet:
        azure = fleet.base_url("careful", "openai").removesuffix("/v1")
        yield lambda kind: azure if kind == "azure" else fleet.base_url("careful", kind)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_that_name_answers(name, stream, base_url, project):
    flags = [] if stream else ["--no-stream"]
    said = call("ask", "What is 2 + 2?", f"--model={name}", f"--base-url={base_url(NAMES[name])}", *flags)
    assert said.code == ExitCode.FINE, said.err
    assert said.out == "4\n"
    assert "simulated: " in said.err


def test_elsewhere_than_on_this_machine_a_key_is_needed(project, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said = call("ask", "2+2?", "--model=gpt-4o-mini", "--base-url=https://api.example.com/v1")
    assert said.code == ExitCode.WRONG_USE
    assert "OPENAI_API_KEY is not set" in said.err


def test_a_base_url_that_is_no_address_is_refused(project):
    said = call("ask", "2+2?", "--model=gpt-4o-mini", "--base-url=example")
    assert (said.code, said.err) == (
        ExitCode.WRONG_USE,
        "harness: the base URL is not an http:// or https:// address\n",
    )


def test_a_registered_provider_is_asked_there_as_well(project, base_url):
    said = call("ask", "What is 2 + 2?", "--model=sim-swift", f"--base-url={base_url('openai')}")
    assert (said.code, said.out) == (ExitCode.FINE, "4\n")
