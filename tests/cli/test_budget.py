"""A budget, a number of failures and a time end a run early: softly, so that it can be reported and gone on with."""

import json
from contextlib import contextmanager

import pytest

import harness
from harness.errors import ExitCode
from harness.load import suites
from harness.simulate import FleetProcess, write_keys
from tests.cli.conftest import call
from tests.cli.loopback import loopback

SHAKY = """\
[flaky]
quality = {{ default = 0.9 }}
ttft_s = {{ median = 0.010, sigma = 0.1 }}
inter_token_s = {{ median = 0.001, sigma = 0.1 }}
prices = {prices}
faults = {{ rate_limited = 0.04, server_error = 0.04, stream_truncated = 0.08 }}
"""
REGISTERED = """\
[[providers]]
name = "shaky"
simulated = "flaky"
model = "openai/sim-flaky"
base_url = "{url}"
api_key = "none"
prices = {prices}
max_retries = 4
"""
PRICES = "{ input = 450, output = 1800 }"
MINE = """\
[[providers]]
name = "mine"
model = "openai/m-1"
base_url = "{}"
api_key = "none"
max_retries = {}
[providers.prices]
input = 1
output = 1000
"""
"""A question can cost at most $0.02 and a little; it does cost about $0.003."""


def the_run(place):
    (folder,) = (place / "reports" / "runs").iterdir()
    return harness.load_run(folder)


def own(place, server, retries=0):
    (place / "own.toml").write_text(MINE.format(server.url, retries))
    return ("--providers=own.toml", "--no-warmup", "--concurrency=1")


@contextmanager
def shaky_fleet(place):
    """A fleet of one that fails in every way, also in the middle of a stream; gives how to ask it, and what it says that its answers have cost."""
    (place / "fleet.toml").write_text(SHAKY.format(prices=PRICES))
    write_keys(place / "keys.jsonl", (case for suite in suites([place / "suites"]) for case in suite.cases))
    log = place / "truth.jsonl"
    with FleetProcess(place / "keys.jsonl", log, fleet=place / "fleet.toml") as fleet:
        (place / "own.toml").write_text(REGISTERED.format(url=fleet.base_url("flaky", "openai"), prices=PRICES))
        words = ("--providers=own.toml", "--simulated", "--repeat=12", "--concurrency=64")
        yield words, lambda: sum(json.loads(line)["cost_usd"] for line in log.read_text().splitlines())


def test_the_fleet_bills_no_more_than_the_budget_and_a_higher_one_completes_the_run(project):
    with shaky_fleet(project) as (words, billed):
        said = call("run", *words, "--budget=0.50")
        first = the_run(project)
        assert said.code == ExitCode.INTERRUPTED
        assert (
            "The run ended early: its budget of $0.5 is spent; `harness resume --budget USD` asks the rest." in said.out
        )
        assert first.state == "interrupted"
        assert 0 < first.trials < 60
        assert 0.1 < billed() <= 0.50
        assert len(first.scores()) > 0

        said = call("resume", "--budget=1.00")
        assert billed() <= 1.00
    whole = the_run(project)
    assert said.code == ExitCode.FINE, said.out
    assert "The run ended early" not in said.out
    assert (whole.state, whole.trials) == ("complete", 60)
    calls = whole.calls()
    answered = calls[(calls["status"] == "ok") & (calls["phase"] == "measure")]
    assert sorted(answered["trial_id"]) == sorted(set(answered["trial_id"]))
    assert len(answered) == 60
    broken = calls[calls["failure_kind"] == "stream_truncated"]
    assert len(broken) > 0
    assert broken["cost_usd"].isna().all()
    assert calls["attempt"].max() > 1


def test_without_a_higher_budget_a_resume_asks_nothing_more(project):
    with loopback() as server:
        first = call("run", *own(project, server), "--budget=0.03")
        asked = len(server.bodies)
        again = call("resume")
        assert first.code == again.code == ExitCode.INTERRUPTED
        assert 1 <= asked == len(server.bodies) < 5
        assert call("resume", "--budget=1").code == ExitCode.FINE
    assert len(server.bodies) == 5
    assert the_run(project).notes == ()


def test_what_nobody_can_price_counts_at_its_worst_also_after_a_resume(project):
    with loopback() as server:
        server.text = None  # it hangs up after it was asked
        call("run", *own(project, server), "--budget=0.05")
        assert len(server.bodies) == 2
        call("resume", "--budget=0.05")
        assert len(server.bodies) == 2
        call("resume", "--budget=0.09")
    assert len(server.bodies) == 4


def test_what_a_case_cost_before_it_was_edited_counts(project):
    with loopback() as server:
        call("run", *own(project, server), "--budget=0.03")
        asked = len(server.bodies)
        for suite in (project / "suites").iterdir():
            suite.write_text(suite.read_text().replace("What", "Now what"))
        call("resume")
        assert len(server.bodies) == asked
        call("resume", "--budget=0.036")
        assert len(server.bodies) > asked


def test_a_replay_takes_no_budget(project):
    with loopback() as server:
        words = ("run", *own(project, server), "--cache")
        call(*words, "-k", "sums")
        asked = len(server.bodies)
        said = call(*words, "-k", "sums", "--budget=0")
        assert said.code == ExitCode.FINE, said.out
        assert len(server.bodies) == asked == 3
        said = call(*words, "--budget=0", "--json")
    assert said.code == ExitCode.INTERRUPTED
    assert json.loads(said.out)["replayed"] == 3
    assert len(server.bodies) == 3


@pytest.mark.parametrize(("allowed", "asked"), [("2", 2), ("50%", 3), ("0.2", 2), ("0%", 1), ("9", 5)])
def test_so_many_failures_end_the_run_and_a_resume_asks_the_rest(project, allowed, asked):
    with loopback(status=400) as server:
        said = call("run", *own(project, server), f"--max-failures={allowed}")
        assert said.code == ExitCode.BELOW
        assert len(server.bodies) == asked
        ended = f"The run ended early: {asked} of 5 trials had no answer (--max-failures), the last with bad_request from mine"
        assert (ended in said.out) == (asked < 5)
        assert (ended in call("report").out) == (asked < 5)
        server.status = 200
        call("resume")
    assert len(server.bodies) == 5
    assert the_run(project).trials == 5
    assert "The run ended early" not in call("report").out


def test_when_the_time_is_up_the_run_ends_and_a_resume_asks_the_rest(project):
    words = ("--simulated", "--only=sim-careful", "--concurrency=1", "--no-warmup")
    said = call("run", *words, "--max-time=0.5s")
    first = the_run(project)
    assert said.code == ExitCode.INTERRUPTED
    assert (
        "The run ended early: it has taken the 0.5 s that it may (--max-time); `harness resume` asks the rest."
        in said.out
    )
    assert first.state == "interrupted"
    assert 1 <= first.trials < 5
    assert set(first.calls()["status"]) == {"ok"}, "what was in flight has ended"
    assert call("resume", "--max-time=10m").code == ExitCode.FINE
    assert (the_run(project).state, the_run(project).trials) == ("complete", 5)


@pytest.mark.parametrize(
    "flag", ["--max-failures=-1", "--max-failures=0", "--max-failures=120%", "--max-failures=few", "--max-time=soon"]
)
def test_what_is_no_limit_is_wrong_use(project, flag):
    assert call("run", flag, "--dry-run").code == ExitCode.WRONG_USE
