import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from harness import store
from harness.comparing import span
from harness.errors import ExitCode
from tests.cli.conftest import call

FLEET = """\
[[providers]]
name = "sim"
simulated = "{0}"
model = "openai/sim-{0}"
prices = {{input = {1}, output = {1}}}
max_concurrency = 4
"""
SUITE = """\
import random

capability = "reasoning"
score = "exact"
params = {"max_tokens": 20}
count = 40

def cases(rng: random.Random):
    for number in range(count):
        yield {"id": f"n{number}", "prompt": f"Say {number}.", "expect": str(number), "distractor": "none"}
"""


def run(folder: Path, profile: str, *words: object) -> str:
    """Records a run in `folder` by the profile and returns its id."""
    (folder / "providers.toml").write_text(FLEET.format(profile, 3 if profile == "careful" else 1))
    assert call("run", "--reports", folder / "reports", *words).code == ExitCode.FINE
    pointer: Path = folder / "reports" / "latest" / "run"
    return pointer.read_text().strip()


@pytest.fixture(scope="session")
def compared(tmp_path_factory):
    """Two equal runs, then one of a model behind the same name that is another; returns (folder, their ids)."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "suites").mkdir()
    (folder / "suites" / "suite_say.py").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ids = [run(folder, profile) for profile in ("careful", "careful", "frugal")]
    return folder, ids


@pytest.fixture
def runs(compared, monkeypatch):
    monkeypatch.chdir(compared[0])
    return compared[1]


LENIENT = ("--tolerance=latency=9", "--fail-on=regressed")  # a busy machine is slow, or too busy to time anything


def test_two_equal_runs_are_fine(runs):
    said = call("compare", runs[0], runs[1], *LENIENT)
    assert said.code == ExitCode.FINE
    assert "Cells by verdict (simulated)" in said.out
    assert "Regressed" not in said.out
    assert "Improved" not in said.out


def test_the_last_run_is_held_against_the_one_before_it(runs):
    said = call("compare")
    assert said.code == ExitCode.BELOW
    assert said.out.startswith(f"{runs[2]} is worse: ")
    assert f"BASE {runs[1]} and NEW {runs[2]} were taken" in said.out
    assert "providers drift by the hour" in said.out
    assert f"BASE {runs[0]} and NEW {runs[1]} were taken" in call("compare", "previous", runs[1]).out


def test_what_regressed_and_what_improved_are_named_with_their_figures(runs):
    out = call("compare", runs[1]).out
    named = r"sim +say: reasoning +quality +\d+ % → \d+ % +"
    assert re.search(rf"Regressed \(simulated\)\n.*\n{named}-\d+ \(-\d+…-\d+\)", out)
    back = call("compare", runs[2], runs[1]).out
    assert re.search(rf"Improved \(simulated\)\n.*\n{named}\+?\d+ \(\+?\d+…\+?\d+\)", back)


def test_costs_by_prices_that_were_changed_in_the_registry_do_not_compare(runs):
    said = call("compare", runs[1], "--json")
    [cost] = [one for one in json.loads(said.out)["cells"] if one["measure"] == "cost"]
    assert (cost["verdict"], cost["n_barred"]) == ("invalid", 40)
    assert cost["why"].startswith("its cost is counted by other prices")
    assert re.search(r"prices +sim +registry:\w+ +registry:\w+ +40", said.err)


def test_json_has_every_cell_and_the_story_goes_to_standard_error(runs):
    said = call("compare", "--json")
    told = json.loads(said.out)
    assert (told["base"], told["new"], told["failed"]) == (runs[1], runs[2], True)
    assert told["verdict"] == said.err.splitlines()[0]
    assert [one["measure"] for one in told["cells"]] == ["quality", "reliability", "ttft", "latency", "cost", "tokens"]
    assert told["cells"][0]["verdict"] == "regressed"
    assert told["cells"][0]["simulated"]


def test_which_verdicts_fail_and_what_is_tolerated_can_be_said(runs):
    assert call("compare", "--fail-on", "missing").code == ExitCode.FINE
    assert call("compare", "--fail-on", "equal,invalid").code == ExitCode.BELOW
    assert call("compare", "--fail-on=improved", "--tolerance=cost=1000,latency=1000").code == ExitCode.FINE


def test_a_capability_that_is_gone_is_missing_and_fails(runs, tmp_path, monkeypatch):
    folder = shutil.copytree(".", tmp_path / "here")
    monkeypatch.chdir(folder)
    shutil.move("suites/suite_say.py", "suites/suite_other.py")
    text = SUITE.replace('"reasoning"', '"manners"').replace("Say {number}", "Please say {number}")
    (folder / "suites" / "suite_other.py").write_text(text)
    run(folder, "careful", "--limit", 3)
    said = call("compare", runs[1])
    assert said.code == ExitCode.BELOW
    assert " is worse: 6 cells of BASE are missing; of 12 cells 6 not comparable." in said.out
    assert re.search(r"sim +say: reasoning +everything +NEW did not ask for it", said.out)
    assert "not comparable: sim on other: manners (everything): BASE did not ask for it" in said.out


def test_an_interrupted_run_is_said_to_be_one(runs, tmp_path):
    reports = shutil.copytree("reports", tmp_path / "reports")
    manifest = reports / "runs" / runs[2] / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"complete"', '"interrupted"'))
    out = call("compare", "--reports", reports).out
    assert f"{runs[2]} was interrupted: what it did not ask is missing." in out
    assert f"{runs[1]} was" not in out


def test_how_far_the_runs_lie_apart_is_said_in_the_unit_that_fits():
    assert [span(seconds) for seconds in (25, 119, 120, 7200, 90_000, 259_200)] == [
        "25 seconds", "119 seconds", "2 minutes", "2 hours", "25 hours", "3 days",
    ]  # fmt: skip


def test_runs_that_measured_nothing_select_nothing(runs, tmp_path):
    reports = shutil.copytree("reports", tmp_path / "reports")
    for name in runs[1:]:
        run = store.load_run(reports / "runs" / name)
        calls = run.calls().assign(phase="warmup")
        (file,) = (run.path / "calls.parquet").iterdir()
        calls.to_parquet(file)
        manifest = run.path / "manifest.json"
        told = json.loads(manifest.read_text())
        told["calls"][0] |= {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        manifest.write_text(json.dumps(told))
    said = call("compare", "--reports", reports)
    assert said.code == ExitCode.NOTHING
    assert said.err == f"harness: neither {runs[1]} nor {runs[2]} has a measured trial\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["latest"], "it equals itself; name another as BASE"),
        (["nowhere"], "nowhere is no run"),
        (["--tolerance", "speed=0.1"], "'speed=0.1' is not one of quality, reliability, latency, cost with a share"),
        (["--tolerance", "cost=-1"], "'cost=-1' is not one of"),
        (["--tolerance", "cost"], "'cost' is not one of"),
        (
            ["--fail-on", "worse"],
            "'worse' is no verdict; they are improved, regressed, equal, undecided, missing, invalid",
        ),
    ],
)
def test_wrong_use_says_what_would_be_right(runs, words, complaint):
    said = call("compare", *words)
    assert said.code == ExitCode.WRONG_USE
    assert complaint in said.err


def test_the_first_run_has_none_before_it(runs):
    said = call("compare", "previous", runs[0])
    assert said.code == ExitCode.WRONG_USE
    assert f"holds no scored run from before {runs[0]}: name the run to compare with" in said.err


def test_what_changed_is_drawn_for_slides(runs, tmp_path):
    said = call("compare", "--plots", tmp_path / "plots")
    assert said.code == ExitCode.BELOW
    assert "changes.png" in said.err
    assert (tmp_path / "plots" / "changes.png").read_bytes().startswith(b"\x89PNG")
    assert "What changed (simulated providers)" in (tmp_path / "plots" / "changes.svg").read_text()
