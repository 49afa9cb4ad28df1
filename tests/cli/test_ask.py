import io
import json

import pytest

from harness.errors import ExitCode
from harness.routing import save
from tests.cli.conftest import call
from tests.cli.loopback import loopback
from tests.routing.switchable import table


def test_a_simulated_provider_answers_from_the_suites_keys_and_says_that_it_is_simulated(project):
    said = call("ask", "What is 2 + 2?", "--model=sim-careful")
    assert (said.code, said.out) == (ExitCode.FINE, "4\n")
    assert said.err.startswith("(sim-careful, simulated: first token ")
    assert said.err.rstrip().endswith(")")
    assert " tokens, $0.0" in said.err


def test_the_question_may_come_from_standard_input(mine, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("How many?\n"))
    said = call(
        "ask", "-", "--model=mine", "--providers=own.toml", "--system=Be brief.", "--max-tokens=7", "--no-stream"
    )
    assert (said.code, said.out) == (ExitCode.FINE, "4\n")
    (body,) = mine.bodies
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How many?\n"},
    ]
    assert body["max_tokens"] == 7
    assert not body.get("stream")
    assert said.err.startswith("(mine: first token ")
    assert "11 + 3 tokens, cost unknown)" in said.err


def test_an_empty_question_is_not_asked(mine):
    said = call("ask", " ", "--model=mine", "--providers=own.toml")
    assert (said.code, said.err) == (ExitCode.WRONG_USE, "harness: the question is empty\n")
    assert mine.bodies == []


def test_json_tells_everything_about_the_call(mine):
    said = call("ask", "How many?", "--model=mine", "--providers=own.toml", "--json")
    attempt = json.loads(said.out)
    assert attempt["reply"]["text"] == "4"
    assert attempt["usage"]["prompt_tokens"] == 11
    assert attempt["simulated"] is False
    assert said.err == ""


def test_why_there_is_no_answer(mine):
    mine.status = 400
    said, as_json = (call("ask", "How?", "--model=mine", "--providers=own.toml", *more) for more in ([], ["--json"]))
    assert said.code == as_json.code == ExitCode.BELOW
    assert said.out == ""
    assert said.err.startswith("harness: mine did not answer: bad_request: ")
    assert "no such luck" in said.err
    assert json.loads(as_json.out)["failure"]["kind"] == "bad_request"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("sim-swfit", "did you mean 'sim-swift'?"),
        ("openai", "openai is not ready: OPENAI_API_KEY is not set"),
        ("gpt-4o-mini", "openai/gpt-4o-mini is not ready: OPENAI_API_KEY is not set"),
        ("nobody-knows-this", "no provider of providers.toml is called 'nobody-knows-this'"),
    ],
)
def test_a_model_that_cannot_be_asked(project, model, words):
    said = call("ask", "hello", f"--model={model}")
    assert said.code == ExitCode.WRONG_USE
    assert said.out == ""
    assert words in said.err


def test_a_model_of_no_registry_is_asked_with_its_usual_key_and_address(project, monkeypatch):
    (project / "providers.toml").unlink()
    with loopback(text="Four.") as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-usual")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        said = call("ask", "How many?", "--model=gpt-4o-mini")
    assert (said.code, said.out) == (ExitCode.FINE, "Four.\n")
    assert "11 + 3 tokens, $0.00000" in said.err


def test_with_route_whoever_the_weights_say_answers(project):
    (project / "reports").mkdir(exist_ok=True)
    routes = table({"arithmetic": {"sim-careful": 1.0}}, simulated=True)
    save(routes, project / "reports" / "routing.toml")
    said = call("ask", "What is 2 + 2?", "--route", "--capability=arithmetic")
    assert (said.code, said.out) == (ExitCode.FINE, "4\n")
    assert said.err.startswith("(sim-careful, simulated: first token ")
    assert (
        "(sim-careful by the measured weights for 'arithmetic' (100 % of the traffic), of 5 who can answer)" in said.err
    )
    told = json.loads(
        call("ask", "What is 2 + 2?", "--route", "--strategy=cost", "--only=sim-swift,sim-careful", "--json").out
    )
    assert told["provider"] == told["choice"]["provider"] == "sim-swift"
    assert told["choice"]["left_out"]["sim-frugal"] == "is not among those that were named"
    assert [one["reply"]["finish_reason"] for one in told["attempts"]] == ["stop"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--model=sim-swift", "--capability=x"], "they go with --route"),
        (["--route", "--base-url=http://127.0.0.1:9"], "--base-url is for one --model"),
        (["--route", "--profile=brief"], "there is no [profiles.brief] in the registry"),
        (["--route", "--strategy=costs"], "did you mean 'cost'?"),
        (["--route", "--model=sim-swift"], "not allowed with argument"),
        ([], "one of the arguments --model --route is required"),
    ],
)
def test_what_does_not_go_together_is_said(project, words, why):
    said = call("ask", "?", *words)
    assert said.code == ExitCode.WRONG_USE
    assert why in said.err


def test_when_nobody_answers_each_attempt_is_listed(mine):
    mine.status = 400
    said = call("ask", "How?", "--route", "--only=mine", "--providers=own.toml")
    assert said.code == ExitCode.BELOW
    assert "no provider answered within 120 s:\n" in said.err
    assert " mine: bad_request: HTTP 400: no such luck" in said.err
