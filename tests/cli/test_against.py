"""Two arms of every case, recorded by one process into two runs, and compared."""

import json
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from harness import store
from harness.cli import fleet
from harness.errors import ExitCode
from harness.simulate import FleetProcess
from tests.cli.conftest import call
from tests.cli.test_regression import SUITE

PROVIDERS = """\
[[providers]]
name = "sim"
simulated = "{0}"
model = "openai/sim-{0}"
prices = {{ input = 1, output = 1 }}
max_concurrency = 4
"""
PROFILE = """\
[{0}]
quality = {{ default = {1} }}
ttft_s = {{ median = {2}, sigma = 0.05 }}
inter_token_s = {{ median = 0.0005, sigma = 0.05 }}
prices = {{ input = 1, output = 1 }}
"""


@pytest.fixture
def arms(tmp_path, monkeypatch):
    """A folder with two suites of 60 cases, providers.toml, better.toml and worse.toml, and a fleet of these."""
    (tmp_path / "suites").mkdir()
    for capability in ("facts", "math"):
        (tmp_path / "suites" / f"suite_{capability}.py").write_text(SUITE.format(capability))
    for name, profile in (("providers", "usual"), ("same", "twin"), ("better", "good")):
        (tmp_path / f"{name}.toml").write_text(PROVIDERS.format(profile))
    profiles = (("usual", 0.5, 0.02), ("twin", 0.5, 0.02), ("good", 1.0, 0.02))
    path = tmp_path / "fleet.toml"
    path.write_text("".join(PROFILE.format(*one) for one in profiles))
    monkeypatch.setattr(fleet, "FleetProcess", partial(FleetProcess, fleet=path))
    monkeypatch.setattr(fleet, "problems", lambda *_: [])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def runs_of(folder: Path) -> tuple[store.Run, store.Run]:
    base, new = sorted((folder / "reports" / "runs").iterdir())
    return store.load_run(base), store.load_run(new)


def measured(run: store.Run) -> pd.DataFrame:
    calls = run.calls()
    return calls[calls["phase"] == "measure"]


def test_both_arms_are_asked_case_by_case_in_random_order_and_compared(arms):
    said = call("run", "--against", "better.toml", "--concurrency=4")
    assert said.code == ExitCode.BELOW
    base, new = runs_of(arms)
    assert re.search(r"sim +facts +quality +100 % → \d+ %", said.out)
    assert "asked in the same minutes, case by case" in said.out
    assert (base.info.interleaved["with"], new.info.interleaved["with"]) == (new.run_id, base.run_id)
    assert (arms / "reports" / "latest" / "run").read_text().strip() == new.run_id
    both = [measured(run).set_index(["suite", "case_id"]) for run in (base, new)]
    assert [len(one) for one in both] == [120, 120]
    assert [set(one["provider"]) for one in both] == [{"sim"}, {"sim"}]
    assert [set(one["model_requested"]) for one in both] == [{"openai/sim-good"}, {"openai/sim-usual"}]
    apart = (both[1]["started_at"] - both[0]["started_at"]).dt.total_seconds()
    whole = (both[0]["started_at"].max() - both[0]["started_at"].min()).total_seconds()
    assert apart.abs().median() < whole / 10  # pairs go out together, not one run after the other
    assert 30 <= (apart > 0).sum() <= 90
    again = call("compare", base.run_id, new.run_id, "--json")
    assert again.code == ExitCode.BELOW
    cells = {(one["capability"], one["measure"]): one for one in json.loads(again.out)["cells"]}
    assert cells["facts", "quality"]["verdict"] == "regressed"


def test_two_arms_that_are_alike_raise_no_alarm(arms):
    said = call("run", "--against", "same.toml", "--json")
    told = json.loads(said.out)
    bad = [
        one
        for one in told["cells"]
        if one["verdict"] in {"regressed", "missing"} and one["measure"] not in {"ttft", "latency"}
    ]
    assert not bad
    assert {one["verdict"] for one in told["cells"] if one["measure"] == "cost"} == {"equal"}


def test_one_provider_is_held_against_another_under_its_own_name(arms):
    text = (arms / "providers.toml").read_text() + PROVIDERS.format("good").replace('"sim"', '"other"')
    (arms / "providers.toml").write_text(text)
    said = call("run", "--only=sim", "--against=other", "--limit=3", "--fail-on=missing")
    assert said.code == ExitCode.FINE, said.err
    base, new = runs_of(arms)
    assert set(measured(base)["provider"]) == set(measured(new)["provider"]) == {"sim"}
    assert set(measured(base)["model_requested"]) == {"openai/sim-good"}
    assert re.search(r"model +sim +openai/sim-good +openai/sim-usual", said.out)


def test_until_decided_asks_no_more_than_it_takes(arms):
    said = call("run", "--against=better.toml", "--until=decided", "--max-cost=5")
    assert said.code == ExitCode.BELOW, said.err
    base, new = runs_of(arms)
    counts = [len(measured(run)) for run in (base, new)]
    assert counts[0] == counts[1] < 120
    assert new.info.interleaved["spent"] < 0.5
    assert not measured(new)["trial_id"].duplicated().any()
    assert "look 1 " in said.out
    assert call("compare", base.run_id, new.run_id).code == ExitCode.BELOW


def test_a_budget_is_for_both_arms_and_resume_goes_on_with_both(arms):
    said = call("run", "--against=same.toml", "--budget=0.0008", "--no-warmup")
    assert said.code == ExitCode.INTERRUPTED
    first = [len(measured(run)) for run in runs_of(arms)]
    assert 0 < sum(first) < 240
    assert sum(float(measured(run)["cost_usd"].sum()) for run in runs_of(arms)) <= 0.0008
    assert call("resume", "--budget=10", "--json").code in {ExitCode.FINE, ExitCode.BELOW}
    base, new = runs_of(arms)
    for run in (base, new):
        rows = measured(run)
        assert len(rows[rows["status"] == "ok"]["trial_id"].unique()) == 120
        assert not rows[rows["status"] == "ok"]["trial_id"].duplicated().any()
        assert run.state == "complete"


def test_ctrl_c_closes_both_runs(project):
    for name in ("sums", "animals"):
        (project / "suites" / f"{name}.yaml").unlink()
    (project / "suites" / "suite_facts.py").write_text(SUITE.format("facts").replace("count = 60", "count = 400"))
    words = ["run", "--only=sim-careful", "--against=sim-scholar", "--concurrency=2", "--no-warmup"]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    runs = project / "reports" / "runs"
    while process.poll() is None and sum(one.stat().st_size for one in runs.glob("*/journal/*")) < 40_000:
        time.sleep(0.05)  # until a few dozen answers are recorded
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, err.decode()
    base, new = runs_of(project)
    assert (base.state, new.state) == ("interrupted", "interrupted")
    assert 0 < len(measured(base)) < 400


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--against=sim"], "would hold sim against itself"),
        (["--against=none.toml"], "none.toml"),
        (["--against=nobody"], "no provider is called 'nobody'"),
        (["--against=better.toml", "--cache"], "leave one of them out"),
        (["--against=better.toml", "--workers=2"], "leave --workers out"),
        (["--against=better.toml", "--route"], "leave --route out"),
        (["--until=decided"], "--until is about two arms"),
        (["--fail-on=missing"], "--fail-on is about two arms"),
    ],
)
def test_wrong_use_says_what_would_be_right(arms, words, complaint):
    said = call("run", *words)
    assert said.code == ExitCode.WRONG_USE, said.out
    assert complaint in said.err
    assert not (arms / "reports" / "runs").exists()


def test_a_dry_run_says_what_each_arm_would_cost_and_sends_nothing(arms):
    said = call("run", "--against=better.toml", "--dry-run", "--json")
    assert said.code == ExitCode.FINE
    told = json.loads(said.out)
    assert told["trials"] == 240
    assert [told["forecast"][name]["about"]["calls"] for name in ("sim (base)", "sim (new)")] == [121, 121]
    assert not (arms / "reports" / "runs").exists()
