import json
import shutil
import xml.etree.ElementTree as ET

from harness.errors import ExitCode
from tests.cli.conftest import call


def repeat(reports, times: int) -> None:
    """The recorded run again, a day later each time."""
    (first,) = (reports / "runs").iterdir()
    for day in range(1, times):
        name = f"202612{day:02d}-030000-{day:04x}"
        folder = shutil.copytree(first, first.with_name(name))
        about = json.loads((folder / "manifest.json").read_text())
        about["info"] |= {"run_id": name, "created": f"2026-12-{day:02d}T03:00:00+00:00"}
        (folder / "manifest.json").write_text(json.dumps({**about, "run_id": name}))


def test_runs_that_are_alike_have_no_step_and_are_drawn(copied):
    repeat(copied, 9)
    said = call("history", "--reports", copied)
    assert said.code == ExitCode.FINE
    assert " over 9 runs: no step." in said.out
    assert "Over all cases (simulated)" in said.out
    assert (copied / "latest" / "history.png").read_bytes().startswith(b"\x89PNG")
    drawn = (copied / "latest" / "history.svg").read_text()
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert "Run by run (simulated providers)" in drawn


def test_only_some_providers_and_the_last_runs_as_json(copied):
    repeat(copied, 5)
    told = json.loads(call("history", "--only=sim-swift", "--last=4", "--json", "--reports", copied).out)
    assert {one["provider"] for one in told["trends"]} == {"sim-swift"}
    assert {len(one["points"]) for one in told["trends"]} == {4}
    assert "too few to tell a step from chance" in told["verdict"]


def test_runs_without_scores_are_left_out_and_said_to_be(copied):
    repeat(copied, 3)
    manifest = copied / "runs" / "20261201-030000-0001" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "scores": None}))
    assert "1 runs are not scored yet and left out" in call("history", "--reports", copied).out


def test_nobody_of_that_name_selects_nothing(copied):
    said = call("history", "--only=nobody", "--reports", copied)
    assert said.code == ExitCode.NOTHING
    assert "holds no scored run of nobody" in said.err
