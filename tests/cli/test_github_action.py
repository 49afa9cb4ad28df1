"""The Action only calls `harness`: every line of it is one that there is, and its steps do what they say, against simulated providers."""

import argparse
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.cli.app import COMMANDS, Parser
from harness.errors import ExitCode
from tests.cli.conftest import SUMS, call
from tests.cli.github import github

ROOT = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
MARK = "<!-- llm-harness: compare -->"
FLEET = '[[providers]]\nname = "sim"\nsimulated = "{}"\nmodel = "openai/sim-{}"\nmax_concurrency = 16\n'


def lines():
    """Each call of `harness` in the Action, as words."""
    for step in STEPS.values():
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            if words[0] == "harness":
                yield words[1:]


def test_every_command_line_is_one_that_there_is():
    found = list(lines())
    assert [words[0] for words in found] == ["run", "compare", "report", "comment"]
    for name, *words in found:
        assert name in COMMANDS
        command = importlib.import_module(f"harness.cli.commands.{name}")
        parser = Parser(prog=name)
        command.add_arguments(parser)
        filled = [re.sub(r"\$OPTIONS", "", word).replace("$SUITES", "suites") for word in words]
        parser.parse_args([word for word in filled if word], argparse.Namespace(words=()))


def test_nothing_of_the_callers_is_put_into_a_script():
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")  # it comes by the environment: nobody's words become commands


def test_the_example_workflow_gives_inputs_that_there_are():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "regression.yml").read_text())
    (job,) = workflow["jobs"].values()
    given = next(step["with"] for step in job["steps"] if step["uses"] == "./")
    assert set(given) <= set(ACTION["inputs"])
    assert workflow["permissions"]["pull-requests"] == "write"


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A repository whose main branch has a suite, a provider and a baseline."""
    folder = tmp_path_factory.mktemp("origin")
    (folder / "suites").mkdir()
    cases = "\n".join(f'  - {{id: n{number}, prompt: Say {number}., expect: "{number}", distractor: none}}' for number in range(60))  # fmt: skip
    (folder / "suites" / "sums.yaml").write_text(SUMS[: SUMS.index("cases:")] + f"cases:\n{cases}\n")
    (folder / "providers.toml").write_text(FLEET.format("careful", "careful"))
    (folder / ".gitignore").write_text("reports/runs/\nreports/latest/\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("run").code == ExitCode.FINE
        assert call("bless").code == ExitCode.FINE
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "base")
    return folder


class Job:
    """A job on a runner: the Action's steps, one after the other, by the shell, with what GitHub puts into the environment."""

    def __init__(self, origin, folder, api):
        self.work, self.temp = folder / "work", folder / "temp"
        git(folder, "clone", "--quiet", str(origin), str(self.work))
        bin_ = folder / "bin"
        bin_.mkdir()
        (bin_ / "harness").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m harness "$@"\n')
        (bin_ / "harness").chmod(0o755)
        self.temp.mkdir()
        (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
        self.summary = folder / "summary.md"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
            "PATH": f"{bin_}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "GITHUB_ACTIONS": "true", "GITHUB_API_URL": api,
            "GITHUB_BASE_REF": "main", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REPOSITORY": "us/it", "GITHUB_STEP_SUMMARY": str(self.summary),
        }  # fmt: skip

    def step(self, name, **inputs):
        """The step's exit code and log."""
        given = {key: str(one.get("default", "")) for key, one in ACTION["inputs"].items()} | inputs
        known = {f"inputs.{key}": value for key, value in given.items()}
        known |= {"runner.temp": str(self.temp), "github.token": "t0ken", "github.action_path": str(ROOT)}

        def filled(text):
            return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: filled(known[found[1]]), text)

        env = {**self.env, **{key: filled(value) for key, value in STEPS[name].get("env", {}).items()}}
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]], cwd=self.work, env=env, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        return done.returncode, done.stdout + done.stderr


def test_a_worse_provider_fails_the_job_and_says_so_in_summary_comment_and_files(origin, tmp_path):
    with github() as comments:
        job = Job(origin, tmp_path, comments.url)
        (job.work / "providers.toml").write_text(FLEET.format("frugal", "frugal"))
        shutil.rmtree(job.work / "reports" / "baseline")  # the branch's own baseline does not count
        assert job.step("Take the base branch's baseline")[0] == 0
        code, log = job.step("Run")
        assert code == 0, log
        code, log = job.step("Compare")
        assert code == ExitCode.BELOW, log
        assert re.search(r"(?m)^::error title=regressed%3A sim on sums%3A arithmetic::quality ", log)
        assert job.summary.read_text().startswith("# ❌ ")
        assert job.step("Report")[0] == 0
        assert sorted(file.name for file in (job.temp / "llm-harness").iterdir()) == [
            "comment.md", "compare.html", "compare.json", "compare.xml", "report.csv", "report.html", "report.xml",
        ]  # fmt: skip
        code, log = job.step("Comment")
        assert code == 0, log
        assert "#issuecomment-1" in log
        assert job.step("Comment")[0] == 0
        (body,) = comments.bodies.values()  # the second time it took the first one's place
        assert body.startswith(MARK)
        assert set(comments.tokens) == {"Bearer t0ken"}


def test_an_unchanged_provider_passes(origin, tmp_path):
    job = Job(origin, tmp_path, "http://127.0.0.1:9")
    assert job.step("Take the base branch's baseline")[0] == 0
    assert job.step("Run", **{"run-options": "--limit 60"})[0] == 0
    code, log = job.step("Compare", **{"compare-options": "--tolerance=latency=9 --fail-on=regressed"})
    assert code == 0, log
    assert job.summary.read_text().startswith("# ✅ ")


@pytest.fixture
def job_env(tmp_path, monkeypatch):
    with github() as comments:
        (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
        (tmp_path / "comment.md").write_text(f"{MARK}\n\nnew\n")
        for name, value in {"API_URL": comments.url, "REPOSITORY": "us/it", "TOKEN": "t0ken", "EVENT_PATH": str(tmp_path / "event.json")}.items():  # fmt: skip
            monkeypatch.setenv(f"GITHUB_{name}", value)
        monkeypatch.chdir(tmp_path)
        yield comments


def test_the_comment_is_found_behind_hundreds_of_others(job_env):
    job_env.bodies = dict.fromkeys(range(1, 251), "people talk") | {251: f"{MARK}\n\nold\n"}
    said = call("comment", "comment.md")
    assert said.code == ExitCode.FINE
    assert said.out.strip().endswith("#issuecomment-251")
    assert job_env.bodies[251] == f"{MARK}\n\nnew\n"
    assert len(job_env.bodies) == 251


@pytest.mark.parametrize(
    ("status", "words"), [(403, "permissions: pull-requests: write"), (422, "does not take the comment: 422")]
)
def test_what_github_refuses_is_said_in_plain_words(job_env, status, words):
    job_env.status = status
    said = call("comment", "comment.md")
    assert said.code == ExitCode.BROKEN
    assert words in said.err
    assert "t0ken" not in said.err


def test_without_a_mark_a_job_or_a_server_nothing_is_written(job_env, tmp_path, monkeypatch):
    (tmp_path / "other.md").write_text("no mark")
    assert "no mark in its first line" in call("comment", "other.md").err
    assert "cannot be read" in call("comment", "none.md").err
    (tmp_path / "event.json").write_text(json.dumps({"after": "abc"}))
    assert "of no pull request" in call("comment", "comment.md").err
    (tmp_path / "event.json").write_text(json.dumps({"issue": {"number": 7}}))
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    assert "cannot be reached" in call("comment", "comment.md").err
    monkeypatch.setenv("GITHUB_API_URL", "file:///etc")
    assert "is no address" in call("comment", "comment.md").err
    monkeypatch.delenv("GITHUB_TOKEN")
    assert call("comment", "comment.md").code == ExitCode.WRONG_USE
    assert job_env.bodies == {}
