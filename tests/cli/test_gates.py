"""Suites held against their gates by `run`, `score` and `report`: what is found is told, and exit code 1 says that it is too little."""

import json
import re

import pytest

import harness
from harness.ask import Gate
from harness.errors import ExitCode
from harness.stats import wilson
from tests.cli.conftest import call

GATED = """\
capability: arithmetic
score: exact
gate: {{min_quality: {quality}, min_reliability: 0.3}}
cases:
  - {{id: two, prompt: What is 2 + 2?, expect: "4"}}
  - {{id: three, prompt: What is 3 + 1?, expect: "4"}}
  - {{id: four, prompt: What is 4 + 0?, expect: "4"}}
  - {{id: five, prompt: What is 5 + 0?, expect: "5"}}
"""
RUN = ("run", "suites/sums.yaml", "--providers=own.toml", "--no-warmup")


@pytest.fixture
def ask_for(project):
    """Writes the suite with what it asks of the share of right answers."""

    def _write(quality):
        (project / "suites" / "sums.yaml").write_text(GATED.format(quality=quality))

    return _write


def test_a_gate_that_is_not_met_is_told_and_exits_with_1_until_the_run_is_judged_by_another(mine, ask_for, project):
    ask_for(0.5)
    low, high = wilson(3, 4)
    sentence = f"sums, mine: quality 0.750 ({low:.3f} to {high:.3f}) over 4 scored cases: its lower bound is below 0.5"
    row = r"sums +mine +quality +50 +30\.0 +4 +no"  # 30.06: what is shown is not more than there is
    said = call(*RUN)
    assert said.code == ExitCode.BELOW, said.err
    assert sentence in said.out
    assert re.search(row, said.out), said.out
    assert re.search(r"sums +mine +reliability +30 +[\d.]+ +4 +yes", said.out)
    assert "| sums | mine | quality | 50 | 30.0 | 4 | no |" in written(project)

    ask_for(0.1)
    again = call("report")
    assert again.code == ExitCode.BELOW, "it is still held against what it was judged by"
    assert sentence in again.out
    scored = call("score", "latest", "suites/sums.yaml", "--json")
    assert scored.code == ExitCode.FINE
    assert [(one["measure"], one["least"], one["passed"]) for one in json.loads(scored.out)["gates"]] == [
        ("quality", 0.1, True), ("reliability", 0.3, True),
    ]  # fmt: skip
    assert call("report").code == ExitCode.FINE

    ask_for(0.5)
    assert call("score", "latest", "suites/sums.yaml").code == ExitCode.BELOW
    run = harness.load_run(project / "reports" / "latest")
    assert len(run.scorings) == 1, "the scores are the same, only the gate is not"
    assert run.gates == {"sums": Gate(0.5, 0.3)}
    assert call("report", "--format=junit").code == ExitCode.BELOW
    assert len(mine.bodies) == 4, "nothing was asked again"


def test_a_part_of_a_suite_is_not_held_against_the_gate_of_the_whole(mine, ask_for, project):
    ask_for(0.5)
    said = call(*RUN, "-k", "two or five")
    assert said.code == ExitCode.FINE, said.err
    assert "Gates" not in said.out + written(project)
    scored = call("score", "latest", "suites/sums.yaml", "--json")
    assert (scored.code, json.loads(scored.out)["gates"]) == (ExitCode.FINE, [])


def written(project):
    return (project / "reports" / "latest" / "report.md").read_text()
