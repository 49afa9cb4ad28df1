"""A run goes on: what it has is not asked again, what was edited is, and nothing of it is destroyed before the new is there."""

import json
import shutil

import pytest

import harness
from harness.errors import ExitCode
from tests.cli.conftest import call
from tests.cli.loopback import loopback

SUITE = """\
capability: facts
score: contains
params: {max_tokens: 20}
cases:
  - {id: cow, prompt: What says moo?, expect: cow}
  - {id: cat, prompt: What says meow?, expect: cat}
  - {id: dog, prompt: What says woof?, expect: dog}
"""
REGISTRY = '[[providers]]\nname = "mine"\nmodel = "openai/m"\nbase_url = "{}"\napi_key = "x"\nmax_retries = 0\n'


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "animals.yaml").write_text(SUITE)
    return tmp_path


def registered(place, server):
    (place / "own.toml").write_text(REGISTRY.format(server.url))


def run(*more):
    return call("run", "animals.yaml", "--providers=own.toml", "--metadata=team=blue", "--no-warmup", *more)


def asked(server):
    return [body["messages"][-1]["content"] for body in server.bodies]


def the_run(place):
    (folder,) = (place / "reports" / "runs").iterdir()
    return harness.load_run(folder)


def test_after_an_edit_exactly_that_case_is_asked_again(place):
    with loopback() as server:
        registered(place, server)
        run()
        assert len(server.bodies) == 3
        (place / "animals.yaml").write_text(SUITE.replace("meow?", "miau?"))
        said = run("--resume")
    assert asked(server)[3:] == ["What says miau?"]
    assert "trials     1 left of 3; 2 are done in run " in said.out
    assert "1 were edited since: their old rows are set aside" in said.out
    found = the_run(place)
    assert sorted(found.calls()["case_id"]) == ["cat", "cow", "dog"]
    assert "miau" in found.calls().set_index("case_id").loc["cat", "messages_json"]
    assert len(found.scores()) == 3
    assert any(
        "1 attempts at cases that were edited since are kept aside in superseded.parquet" in one for one in found.notes
    )
    (_aside,) = (found.path / "superseded.parquet").iterdir()
    assert found.calls()["metadata"].tolist() == [[("team", "blue")]] * 3


def test_a_finished_run_asks_nothing_and_reports_again(place):
    with loopback() as server:
        registered(place, server)
        first = run()
        again = call("resume")
    assert len(server.bodies) == 3
    assert again.code == first.code
    assert "trials     0 left of 3; 3 are done in run " in again.out
    assert the_run(place).state == "complete"


def test_other_parameters_of_the_provider_are_another_question(place):
    with loopback() as server:
        registered(place, server)
        run()
        with (place / "own.toml").open("a") as file:
            file.write("temperature = 0.5\n")
        call("resume")
    assert len(server.bodies) == 6
    assert the_run(place).attempts == 3


def test_what_failed_for_good_is_asked_again_only_on_request_and_a_success_then_counts(place):
    with loopback(status=400) as server:
        registered(place, server)
        run()
        said = call("resume")
        assert len(server.bodies) == 3
        assert "3 of them failed (--retry-failed asks them again)" in said.out
        server.status = 200
        call("resume", "--retry-failed")
        assert len(server.bodies) == 6
        server.status = 400
        call("resume", "--retry-failed")
    assert len(server.bodies) == 6
    found = the_run(place)
    assert (
        sorted(zip(found.calls()["attempt"], found.calls()["status"], strict=True))
        == [(1, "failed")] * 3 + [(2, "ok")] * 3
    )
    assert [one.answered for one in found.outcomes()] == [True] * 3


def test_the_words_of_a_resume_take_the_place_of_the_run_s_own(place):
    with loopback() as server:
        registered(place, server)
        run("--concurrency=2", "--limit=2")
        said = call("resume", "--concurrency", "1", "--dry-run", "--json")
    assert json.loads(said.out)["trials"] == 0
    info = the_run(place).info
    assert info.command == (
        "harness", "run", "animals.yaml", "--providers=own.toml", "--no-warmup", "--concurrency=2", "--limit=2",
    )  # fmt: skip


def test_without_a_run_there_is_nothing_to_resume(place):
    for words in (["resume"], ["recover"], ["run", "--resume"]):
        with loopback() as server:
            registered(place, server)
            said = call(*words, *(["animals.yaml", "--providers=own.toml"] if words[0] == "run" else []))
        assert said.code == ExitCode.WRONG_USE
        assert server.bodies == []


def test_a_run_from_python_says_how_to_go_on_with_it(place):
    with loopback() as server:
        registered(place, server)
        harness.run(harness.Places((place / "animals.yaml",), place / "own.toml"), terms=harness.Terms(warm_up=False))
        said = call("resume")
        assert said.code == ExitCode.WRONG_USE
        assert "does not say how it was started" in said.err
        call("run", "animals.yaml", "--providers=own.toml", "--no-warmup", f"--resume={the_run(place).run_id}")
    assert len(server.bodies) == 3


def test_recover_says_what_is_there_and_its_exit_code_tells_damage(place):
    with loopback() as server:
        registered(place, server)
        run()
    said = call("recover")
    assert said.code == ExitCode.FINE
    assert "complete, 3 attempts at 3 of 3 planned trials" in said.out
    manifest = the_run(place).path / "manifest.json"
    told = json.loads(manifest.read_text()) | {"damaged": {"0-1-ab.jsonl": 2}, "state": "interrupted"}
    manifest.write_text(json.dumps(told))
    said = call("recover", "--json")
    assert said.code == ExitCode.BROKEN
    assert json.loads(said.out)["damaged"] == 2
    assert "damaged in 2 places" in said.err
    assert "asks the rest" in said.err
    assert call("report").code == ExitCode.BROKEN


def test_a_run_of_an_older_harness_is_read_but_not_resumed(place):
    with loopback() as server:
        registered(place, server)
        run()
        found = the_run(place)
        told = json.loads((found.path / "manifest.json").read_text())
        (part,) = told["calls"]
        shutil.move(found.path / part["file"], found.path / "one.parquet")
        shutil.rmtree(found.path / "calls.parquet")
        shutil.move(found.path / "one.parquet", found.path / "calls.parquet")
        told |= {
            "calls": part | {"file": "calls.parquet"},
            "journal": {"damaged": 0, "torn": False},
            "schema_version": 2,
        }
        (found.path / "manifest.json").write_text(json.dumps(told))
        assert len(the_run(place).calls()) == 3
        assert call("report").code == ExitCode.FINE
        said = call("resume")
    assert said.code == ExitCode.BROKEN
    assert "was recorded by an older llm-harness: it can be read, but not resumed" in said.err
