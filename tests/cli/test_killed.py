"""SIGKILL at any moment of a run, in the middle of a write too: nothing recorded is lost, and nothing of it is asked again."""

import json
import multiprocessing
import random
import signal
from collections import Counter

import orjson
import pytest

import harness
from harness.ask import Case, Criterion, Prompt
from harness.simulate import FleetProcess, write_keys
from tests.cli import killed
from tests.simulate.served import QUICK_TOML

KILLS = 34
SUITE = """\
capability: arithmetic
score: exact
params: {max_tokens: 20}
repeat: 40
cases:
  - {id: two, prompt: What is 2 + 2?, expect: "4"}
  - {id: three, prompt: What is 3 + 3?, expect: "6"}
  - {id: five, prompt: What is 5 + 5?, expect: "10"}
"""
REGISTRY = """\
[[providers]]
name = "mine"
model = "openai/quick"
base_url = "{url}"
api_key = "x"
max_concurrency = 6
prices = {{input = 1.0, output = 2.0}}
"""


@pytest.fixture
def fork():
    """Runs a leg in a fork of a process that has loaded everything; returns its exit code, negative for a signal."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.cli.killed"])

    def run(*arguments):
        child = context.Process(target=killed.leg, args=arguments)
        child.start()
        child.join(60)
        assert child.exitcode is not None
        return child.exitcode

    return run


def moments(seed):
    """34 seeded ways to die: in a write, between two, some time after the first, while Parquet is made."""
    chance = random.Random(seed)
    for number in range(KILLS):
        if number % 6 == 4:
            yield ("after", chance.random() * 0.05)
        elif number % 6 == 5:
            yield ("in_compaction", chance.choice(["compact", "clear", "part_paths"]))
        else:
            yield ("at_write", chance.randint(1, 12), chance.random())


def test_after_34_kills_every_trial_is_there_once_and_none_that_was_recorded_was_asked_again(tmp_path, fork):
    (tmp_path / "fleet.toml").write_text(QUICK_TOML)
    (tmp_path / "sums.yaml").write_text(SUITE)
    case = Case("two", Prompt(({"role": "user", "content": "What is 2 + 2?"},)), "arithmetic", (Criterion("exact"),))
    write_keys(tmp_path / "keys", [case])
    log = tmp_path / "log.jsonl"
    words = ["run", "sums.yaml", "--providers=own.toml", "--no-warmup"]
    dead = 0
    with FleetProcess(keys=tmp_path / "keys", log=log, fleet=tmp_path / "fleet.toml") as fleet:
        (tmp_path / "own.toml").write_text(REGISTRY.format(url=fleet.base_url("right", "openai")))
        for how in moments(7):
            code = fork(tmp_path, words, how)
            said = (tmp_path / "said.txt").read_text()
            assert code == -signal.SIGKILL, said
            assert "Traceback" not in said
            dead += 1
            words = ["resume"]
        assert fork(tmp_path, ["resume"], ()) in (0, 1), (tmp_path / "said.txt").read_text()
    assert dead == KILLS
    said = (tmp_path / "said.txt").read_text()
    run = harness.load_run(tmp_path / "reports" / "latest")
    calls = run.calls()
    assert (run.state, run.trials, len(calls)) == ("complete", 120, 120)
    assert calls["trial_id"].is_unique
    assert set(calls["status"]) == {"ok"}
    assert sum(1 for _ in run.outcomes()) == 120
    served = Counter(orjson.loads(line)["response_id"] for line in log.read_bytes().splitlines())
    assert set(served.values()) == {1}
    recorded = set(calls["response_id"])
    assert recorded <= set(served)
    # whatever the server answered and we have not, was in flight when we were killed, and is named
    assert run.in_flight
    assert len(set(served) - recorded) <= len(run.in_flight)
    began = dict(zip(calls["trial_id"], calls["started_at"], strict=True))
    for one in run.in_flight:
        assert one.started_at < began[one.trial_id].isoformat()
        assert one.most_usd
        assert one.most_usd > 0
    assert (
        f"{len(run.in_flight)} calls were in flight when the run was killed and are possibly paid for (at most $"
        in said
    )
    assert f"sums::{run.in_flight[0].case_id} to mine" in said
    assert json.loads((run.path / "manifest.json").read_bytes())["state"] == "complete"
    assert not (run.path / "journal").exists()
