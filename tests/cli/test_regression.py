"""A provider made worse in one capability, slower in another, dearer in a third, gone in a fourth: real runs over HTTP, then `harness compare`."""

import json
from functools import partial
from pathlib import Path

import pytest

from harness.cli import fleet
from harness.errors import ExitCode
from harness.simulate import FleetProcess
from tests.cli.conftest import call

SUITE = """\
capability = "{0}"
score = "exact"
params = {{"max_tokens": 20}}
count = 60

def cases(rng):
    for number in range(count):
        yield {{"id": f"n{{number}}", "prompt": f"In {0}, say {{number}}.", "expect": str(number), "distractor": "none"}}
"""
PROVIDERS = """\
[[providers]]
name = "sim"
simulated = "swift"
model = "openai/sim"
prices = { input = 1, output = 1 }
max_concurrency = 2

[[providers]]
name = "other"
simulated = "other"
model = "openai/other"
prices = { input = 1, output = 1 }
max_concurrency = 2
"""
PROFILE = """\
quality = {{ default = 0.97, facts = {0} }}
ttft_s = {{ median = 0.04, sigma = 0.05 }}
inter_token_s = {{ median = 0.002, sigma = 0.05 }}
prices = {{ input = 1, output = 1 }}
"""
WORSE = """\
[swift.within.math]
ttft_s = { median = 0.12, sigma = 0.05 }
[swift.within.code]
overhead = 40
[swift.within.tools]
faults = { server_error = 1.0 }
"""
CHANGED = {("sim", "facts"), ("sim", "math"), ("sim", "code"), ("sim", "tools")}


def write_suites(folder: Path) -> None:
    """Four suites of 60 cases and two providers."""
    (folder / "suites").mkdir()
    for capability in ("facts", "math", "code", "tools"):
        (folder / "suites" / f"suite_{capability}.py").write_text(SUITE.format(capability))
    (folder / "providers.toml").write_text(PROVIDERS)


def record(folder: Path, profiles: str, seed: int, patch: pytest.MonkeyPatch) -> None:
    """A run of the four suites against a fleet of these profiles."""
    path = folder / f"fleet-{seed}.toml"
    path.write_text(profiles)
    patch.setattr(fleet, "FleetProcess", partial(FleetProcess, fleet=path))
    patch.setattr(fleet, "problems", lambda *_: [])
    said = call("run", "--seed", seed, "--max-retries=0", "--no-warmup")
    assert said.code in {ExitCode.FINE, ExitCode.BELOW}, said.err


@pytest.fixture(scope="module")
def altered(tmp_path_factory):
    """Two runs of alike services, then one of an altered service beside one that is as it was."""
    folder = tmp_path_factory.mktemp("altered")
    write_suites(folder)
    usual, worse = PROFILE.format(0.97), PROFILE.format(0.45)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        record(folder, f"[swift]\n{usual}[other]\n{usual}", 1, patch)
        record(folder, f"[swift]\n{usual}[other]\n{usual}", 2, patch)
        record(folder, f"[swift]\n{worse}{WORSE}[other]\n{usual}", 3, patch)
    return folder


def test_exactly_what_was_made_worse_slower_dearer_and_gone_is_named(altered, monkeypatch):
    monkeypatch.chdir(altered)
    said = call("compare", "--json")
    assert said.code == ExitCode.BELOW
    cells = [one for one in json.loads(said.out)["cells"] if not one["explained"]]
    bad = {(one["provider"], one["capability"]) for one in cells if one["verdict"] in {"regressed", "missing"}}
    times = [
        one
        for one in cells
        if (one["provider"], one["capability"]) == ("sim", "math") and one["measure"] in {"ttft", "latency"}
    ]
    timed = max(one["n_pairs"] for one in times) >= 20  # a machine that is too busy leaves too few answers that count
    assert bad - {("sim", "all")} == (CHANGED if timed else CHANGED - {("sim", "math")})
    worse = {(one["capability"], one["measure"]) for one in cells if one["verdict"] == "regressed"}
    assert {("facts", "quality"), ("code", "cost"), ("tools", "reliability")} <= worse
    assert not timed or ("math", "latency") in worse or ("math", "ttft") in worse
    assert "Solved in BASE, not in NEW" in said.err
    assert "server_error 60" in said.err


def test_two_equal_runs_raise_no_alarm(altered, monkeypatch):
    monkeypatch.chdir(altered)
    runs = sorted(one.name for one in (altered / "reports" / "runs").iterdir())
    said = call("compare", runs[0], runs[1])
    assert said.code == ExitCode.FINE, said.out
    assert "Regressed" not in said.out
