"""`harness judge check`: a judge held against people, by verdicts that are told, recorded, or asked for now."""

import json

import pytest

from harness.errors import ExitCode
from tests.cli.conftest import ROOT, call
from tests.cli.loopback import loopback

REAL = '[[providers]]\nname = "{0}"\nmodel = "{1}"\nbase_url = "{2}"\napi_key = "x"\nmax_retries = 0\nmax_output_tokens = 50\nprices = {{input = 1, output = 1}}\n{3}\n'
SUITE = """
capability: support
score: {judge: {rubric: Right., scale: 3}}
cases:
  - {id: a, prompt: What is 2 + 2?}
  - {id: b, prompt: What is 3 + 3?}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(place, text, name="labels.csv"):
    (place / name).write_text(text)
    return name


def check(*words):
    return call("judge", "check", *words)


def figures(said):
    return json.loads(said.out)


def test_verdicts_that_are_told_are_held_against_the_labels(place):
    file = write(place, "label,verdict\nyes,pass\nno,fail\n1,fail\n0,fail\ntrue,correct\n")
    said = check(file, "--json")
    assert said.code == ExitCode.FINE
    found = figures(said)
    assert (found["n"], found["agreement"]["value"]) == (5, 0.8)
    assert found["kappa"]["value"] == pytest.approx(0.6153846)
    assert found["kappa"]["low"] < 0.6 < found["kappa"]["high"]
    assert {"label": "correct", "verdict": "incorrect", "n": 1} in found["table"]
    shown = check(file).out
    assert "The judge against 5 human labels" in shown
    assert "Cohen's kappa" in shown


def test_grades_are_weighed_too(place):
    file = write(place, "label,verdict\n1,1\n2,3\n3,3\n1,2\n3.0,3\n")
    found = figures(check(file, "--json"))
    assert found["weighted_kappa"]["value"] > found["kappa"]["value"]
    assert "quadratic weights" in check(file).out


def test_verdicts_of_a_run_are_found_by_case_and_provider(place):
    with loopback() as server, loopback('{"reasoning": "so", "grade": 3}') as judge:
        registry = REAL.format("mine", "openai/gpt-x", server.url, "")
        write(place, registry + REAL.format("referee", "openai/qwen-x", judge.url, 'judge = "only"'), "own.toml")
        write(place, SUITE, "one.yaml")
        call("run", "one.yaml", "--providers=own.toml", "--no-warmup")
    file = write(place, "case_id,provider,label\na,mine,3\nb,mine,1\nc,mine,2\n")
    found = figures(check(file, "--run=latest", "--json"))
    assert (found["n"], found["unmatched"], found["agreement"]["value"]) == (2, 1, 0.5)
    assert found["kappa"] == {"value": 0.0, "low": None, "high": None}
    shown = check(file, "--run=latest").out
    assert "1 label of which the run has no judged reply" in shown
    assert "one side always says the same" in shown
    said = check(write(place, "provider,label\nmine,3\n", "nameless.csv"), "--run=latest")
    assert (said.code, "line 2 of the labels names no case_id" in said.err) == (ExitCode.WRONG_USE, True)


def test_what_is_asked_now_is_asked_once(place):
    rows = [
        {"prompt": "2 + 2?", "reply": "4", "reference": "4", "label": "yes"},
        {"prompt": "2 + 3?", "reply": "6", "reference": "5", "label": "no"},
    ]
    file = write(place, "".join(json.dumps(one) + "\n" for one in rows), "labels.jsonl")
    with loopback('{"reasoning": "so", "verdict": "correct"}') as judge:
        write(place, REAL.format("referee", "openai/qwen-x", judge.url, "judge = true"), "providers.toml")
        dry = check(file, "--dry-run")
        assert "judging  2 questions to referee, at most $" in dry.out
        assert judge.bodies == []
        found = figures(check(file, "--json"))
        assert (found["n"], found["agreement"]["value"]) == (2, 0.5)
        assert len(judge.bodies) == 2
        check(file)
        assert len(judge.bodies) == 2
        check(file, "--rubric=Kind?", "--scale=3")
        assert len(judge.bodies) == 4, "other words are another question"


def test_a_judge_without_a_verdict_is_counted_and_in_no_figure(place):
    rows = [{"reply": reply, "reference": "4", "label": "yes"} for reply in ("4", "four")]
    file = write(place, "".join(json.dumps(one) + "\n" for one in rows), "labels.jsonl")
    with loopback("Correct, I think.") as judge:
        write(place, REAL.format("referee", "openai/qwen-x", judge.url, "judge = true"), "providers.toml")
        said = check(file)
    assert said.code == ExitCode.NOTHING
    assert "no label has a verdict to be held against: the judge referee answered off its form" in said.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("label\nyes\n", "neither a `verdict` nor a `reply`"),
        ("label,verdict\ngood enough,A\nbad enough,B\n", "they have no word in common"),
    ],
)
def test_what_cannot_be_checked_is_said(place, text, says):
    said = check(write(place, text))
    assert said.code == ExitCode.WRONG_USE
    assert says in said.err


def test_the_simulated_judge_is_as_right_as_it_is_said_to_be(place):
    """It judges with a stated accuracy of 92 %: that is what a check against the truth finds."""
    rows = [
        {"prompt": f"{n} + 1?", "reply": str(n + 1 + n % 2), "reference": str(n + 1), "label": "no" if n % 2 else "yes"}
        for n in range(150)
    ]
    file = write(place, "".join(json.dumps(one) + "\n" for one in rows), "labels.jsonl")
    (place / "providers.toml").write_bytes((ROOT / "providers.toml").read_bytes())
    found = figures(check(file, "--judge=sim-judge", "--json"))
    assert found["n"] == 150
    assert found["agreement"]["low"] < 0.92 < found["agreement"]["high"]
    assert 0.7 < found["kappa"]["value"] < 1


def test_a_run_that_no_model_judged_and_a_label_that_fits_several_are_said(place, recorded):
    said = check(write(place, "case_id,label\na,1\n"), f"--run={recorded.folder}", f"--reports={recorded.reports}")
    assert said.code == ExitCode.WRONG_USE
    assert "was judged by a model" in said.err


def test_several_replies_to_a_case_are_told_apart_by_their_columns(place):
    with loopback() as server, loopback('{"reasoning": "so", "grade": 3}') as judge:
        both = REAL.format("mine", "openai/gpt-x", server.url, "") + REAL.format(
            "yours", "openai/gpt-y", server.url, ""
        )
        write(place, both + REAL.format("referee", "openai/qwen-x", judge.url, 'judge = "only"'), "own.toml")
        write(place, SUITE, "one.yaml")
        call("run", "one.yaml", "--providers=own.toml", "--no-warmup")
    said = check(write(place, "case_id,label\na,3\n"), "--run=latest")
    assert said.code == ExitCode.WRONG_USE
    assert "line 2 of the labels fits 2 replies to a" in said.err
    assert (
        figures(check(write(place, "case_id,provider,repeat,label\na,yours,0,3\n"), "--run=latest", "--json"))["n"] == 1
    )


def test_replies_without_what_the_rubric_needs_are_said(place):
    file = write(place, "reply,label\n4,yes\n")
    (place / "providers.toml").write_bytes((ROOT / "providers.toml").read_bytes())
    said = check(file, "--judge=sim-judge")
    assert said.code == ExitCode.WRONG_USE
    assert "line 2 of the labels: judge: without a 'rubric', `expect` says what is right" in said.err
