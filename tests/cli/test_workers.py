"""Worker processes: each asks its own providers; one that is killed is replaced, and each trial has one outcome all the same."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest

import harness
from harness.errors import ExitCode
from harness.simulate import FleetProcess
from tests.cli.conftest import call, clean_environment

FLEET = "\n".join(
    f"[{name}]\nquality = {{ default = 1.0 }}\nttft_s = {{ median = 0.03, sigma = 0.1 }}\n"
    "inter_token_s = { median = 0.002, sigma = 0.1 }\nprices = { input = 1.0, output = 2.0 }\n"
    for name in ("one", "two")
)
SUITE = """\
capability: arithmetic
score: exact
params: {{max_tokens: 20}}
repeat: {repeat}
cases:
  - {{id: two, prompt: What is 2 + 2?, expect: "4"}}
  - {{id: three, prompt: What is 3 + 3?, expect: "6"}}
"""
PROVIDER = """\
[[providers]]
name = "{name}"
model = "openai/{name}"
base_url = "{url}"
api_key = "x"
max_concurrency = 4
prices = {{input = 1.0, output = 2.0}}
"""


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A fleet of two providers in a process of its own, a suite and a registry in the working directory; gives the fleet's log."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet.toml").write_text(FLEET)
    (tmp_path / "keys").write_text("")
    write(repeat=60)
    with FleetProcess(keys=tmp_path / "keys", log=tmp_path / "log.jsonl", fleet=tmp_path / "fleet.toml") as fleet:
        entries = (PROVIDER.format(name=name, url=fleet.base_url(name, "openai")) for name in ("one", "two"))
        (tmp_path / "own.toml").write_text("\n".join(entries))
        yield tmp_path / "log.jsonl"


def write(repeat):
    Path("sums.yaml").write_text(SUITE.format(repeat=repeat))


WORDS = ("run", "sums.yaml", "--providers=own.toml", "--workers=2")


def start(*more):
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *WORDS, *more],
        stdout=pipe, stderr=pipe, text=True, env=clean_environment(), process_group=0,
    )  # fmt: skip


def process_of(worker, lines=20):
    """The process of a worker, as soon as so many attempts are in its journal."""
    for _ in range(1500):
        for journal in Path().glob(f"reports/runs/*/journal/{worker}-*.jsonl"):
            if journal.read_bytes().count(b'"attempt_finished"') >= lines:
                return int(journal.name.split("-")[1])
        time.sleep(0.02)
    pytest.fail(f"worker {worker} recorded nothing")


def gone(pid):
    """Whether a process ends within half a minute."""
    for _ in range(1500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_after_a_worker_is_killed_all_trials_are_done_once_and_the_report_says_what_happened(served):
    with start() as child:
        os.kill(process_of("1"), signal.SIGKILL)
        out, err = child.communicate(timeout=120)
    assert child.returncode in (ExitCode.FINE, ExitCode.BELOW), out + err
    run = harness.load_run("reports/latest")
    assert (run.state, run.trials) == ("complete", 240)
    calls = run.calls()
    measured = calls[calls["phase"] == "measure"]
    assert measured["trial_id"].is_unique
    assert len(measured) == 240
    assert set(measured["status"]) == {"ok"}
    assert sum(1 for _ in run.outcomes()) == len(run.scores()) == 240
    assert measured.groupby("worker")["provider"].unique().map(list).to_dict() == {
        "1": ["one"],
        "2": ["two"],
        "3": ["one"],
    }
    # the server has answered what was in flight then, and nobody has heard it: these were asked again
    served_ids = Counter(orjson.loads(line)["response_id"] for line in served.read_bytes().splitlines())
    assert set(served_ids.values()) == {1}
    assert set(calls["response_id"]) <= set(served_ids)
    assert 1 <= len(run.in_flight) <= 4
    assert len(set(served_ids) - set(calls["response_id"])) <= len(run.in_flight)
    again = {one.trial_id for one in run.in_flight}
    assert set(measured.loc[measured["trial_id"].isin(again), "worker"]) == {"3"}
    said = (
        "worker 1 was killed (SIGKILL) while it asked one: worker 3 went on; "
        f"{len(again)} trials in flight were asked again (possibly paid for)"
    )
    assert said in run.notes
    assert said in " ".join(out.split())
    assert said in Path("reports/latest/report.md").read_text()


def test_ctrl_c_stops_all_workers_in_order(served):
    with start() as child:
        pids = [process_of("1", 5), process_of("2", 5)]
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == ExitCode.INTERRUPTED, out + err
    assert "Traceback" not in out + err
    assert all(map(gone, pids))
    run = harness.load_run("reports/latest")
    assert run.state == "interrupted"
    assert not run.in_flight
    assert set(run.calls()["worker"]) == {"1", "2"}


def test_workers_end_with_the_process_that_they_belong_to_and_resume_asks_the_rest(served):
    write(repeat=20)
    with start() as child:
        pids = [process_of("1", 5), process_of("2", 5)]
        child.kill()
    assert all(map(gone, pids))
    said = call("resume", "--json")
    assert said.code == ExitCode.FINE, said.err
    run = harness.load_run("reports/latest")
    calls = run.calls()
    measured = calls[calls["phase"] == "measure"]
    assert (run.state, len(measured)) == ("complete", 80)
    assert measured["trial_id"].is_unique


def test_the_plan_says_who_is_asked_by_which_worker(served):
    out = call(*WORDS, "--dry-run").out
    assert re.search(r"^workers +2 processes: one \| two$", out, re.MULTILINE)
    out = call("run", "sums.yaml", "--providers=own.toml", "--dry-run", "--workers=5").out
    assert "2 processes, not 5: a provider, or account, is asked by one process only: one | two" in out
    out = call("run", "sums.yaml", "--providers=own.toml", "--dry-run", "--workers=5", "--only=one").out
    assert "1 process, not 5: a provider, or account, is asked by one process only" in out
    assert "workers " not in call("run", "sums.yaml", "--providers=own.toml", "--dry-run").out


def test_a_suite_that_reads_otherwise_in_a_worker_is_told(served):
    Path("suite_drawn.py").write_text(
        "import random\n\ncapability = 'sums'\n\n\ndef cases(rng):\n"
        "    yield {'id': 'a', 'prompt': f'What is {random.random()}?', 'expect': '1', 'score': 'exact'}\n"
    )
    said = call("run", "suite_drawn.py", "--providers=own.toml", "--workers=2", "--json")
    assert said.code == ExitCode.WRONG_USE, said.out + said.err
    assert "suite drawn read otherwise in a worker than when the run began" in said.err
    assert "--workers 1" in said.err
