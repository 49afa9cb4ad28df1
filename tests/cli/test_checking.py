"""`harness providers --check`, over real HTTP against the simulated fleet and against ports where nobody listens."""

import json
from pathlib import Path

from tests.cli.conftest import call

SIM = '[[providers]]\nname = "sim"\nmodel = "anthropic/sim-swift"\nsimulated = "swift"\n'
GONE = '[[providers]]\nname = "gone"\nmodel = "gemini/m"\nbase_url = "http://gone.invalid:9/v1beta"\n'


def registry(folder: Path, text: str) -> Path:
    file = folder / "providers.toml"
    file.write_text(text)
    return file


def test_simulated_providers_are_served_for_the_check(tmp_path: Path):
    said = call("providers", "--check", "--providers", registry(tmp_path, SIM))
    assert said.code == 0
    row = next(line for line in said.out.splitlines() if line.startswith("sim"))
    assert "yes" in row
    assert "in order (simulated)" in row
    assert "1 provider in order; asked for their listings of models, which is free" in said.out


def test_a_provider_that_cannot_be_worked_with_is_exit_code_1_and_named(tmp_path: Path):
    said = call("providers", "--check", "--simulated", "--json", "--providers", registry(tmp_path, SIM + GONE))
    found = {one["provider"]: one for one in json.loads(said.out)}
    assert said.code == 1
    assert (found["sim"]["ok"], found["sim"]["model_available"], found["sim"]["simulated"]) == (True, True, True)
    assert (found["gone"]["ok"], found["gone"]["reachable"]) == (False, False)
    assert found["gone"]["wrong"]
    said = call("providers", "--check", "--only", "gone", "--providers", registry(tmp_path, SIM + GONE))
    assert said.code == 1
    assert "1 of 1 provider cannot be worked with" in said.out


def test_a_question_is_asked_only_when_it_is_wanted_and_its_cost_is_told(tmp_path: Path):
    priced = SIM + "[providers.prices]\ninput = 3\noutput = 15\n"
    said = call("providers", "--check", "--ask", "--providers", registry(tmp_path, priced))
    assert said.code == 0
    assert "each was asked one small question, for $0.00" in said.out


def test_flags_of_the_check_without_it_are_wrong_use(tmp_path: Path):
    for flag in ("--ask", "--simulated"):
        said = call("providers", flag, "--providers", registry(tmp_path, SIM))
        assert said.code == 4
        assert "go with --check" in said.err
    assert call("providers", "--check", "--only", "nobody", "--providers", registry(tmp_path, SIM)).code == 4
