"""`runs`: what lies in the folder of runs, the newest first, at 80 columns, and what to do with what is no run."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from harness.cli.commands.runs import _row
from harness.errors import ExitCode
from harness.store import Recorder
from tests.cli.conftest import call
from tests.store import made

FIRST, SECOND = "20261121-014500-ab12", "20261122-014500-0001"
NAMES = {
    "providers": {"alpha": {"simulated": None}, "beta": {"simulated": None}},
    "suites": {"sums-of-long-columns": "5a"},
}


def record(reports, run_id=FIRST, state="complete", **said):
    with Recorder(reports, replace(made.info(run_id), **{**NAMES, **said})) as recorder:
        recorder.record(made.attempt())
        recorder.record(made.attempt(made.trial(1)))
        recorder.close(state)


def listed(*words):
    said = call("runs", "--reports", "reports", *words)
    assert said.code == ExitCode.FINE
    return said.out


def test_runs_are_listed_the_newest_first_within_80_columns(project):
    record(project / "reports")
    record(project / "reports", SECOND, "interrupted", created=made.NOW + timedelta(1))
    lines = listed().splitlines()
    assert lines[0] == "2 runs in reports/runs"
    assert [line.split()[:2] for line in lines[2:4]] == [[SECOND, "interrupted"], [FIRST, "complete"]]
    assert lines[3].split()[2:] == ["sums-of…", "alpha", "+1", "2", "<$0.01", "0.5", "s"]
    assert max(map(len, lines)) <= 80


def test_simulated_spend_says_so(project):
    record(project / "reports", providers={"alpha": {"simulated": "swift"}})
    said = listed()
    assert "~<$0.01" in said
    assert "~ simulated: nothing was spent" in said


def test_what_is_no_run_is_named_with_what_to_do(project):
    record(project / "reports")
    (project / "reports" / "runs" / "holiday").mkdir()
    (project / "reports" / "runs" / "notes.txt").write_text("x")
    said = listed()
    assert "holiday (no run): it has no manifest.json: move it elsewhere, or remove it" in said
    assert "notes.txt (no run)" in said
    assert said.startswith("1 run in")


def test_a_part_that_cannot_be_read_makes_a_damaged_run_not_a_traceback(project):
    record(project / "reports")
    (part,) = (project / "reports" / "runs" / FIRST / "calls.parquet").iterdir()
    part.write_bytes(b"PAR1 and nothing else")
    said = listed()
    assert f"{FIRST}  damaged" in said
    assert "cannot be read" in said


def test_a_run_that_goes_on_has_no_figures_yet(project):
    with Recorder(project / "reports", made.info()) as recorder:
        recorder.record(made.attempt())
        assert f"{FIRST} (being written): wait until it has ended" in listed()


def test_as_json(project):
    record(project / "reports")
    (one,) = json.loads(listed("--json"))
    assert {name: one[name] for name in ("run", "state", "trials", "planned", "spend_usd", "took_s", "scored")} == {
        "run": FIRST, "state": "complete", "trials": 2, "planned": 3, "spend_usd": 0.0005, "took_s": 0.5, "scored": False,
    }  # fmt: skip
    assert one["providers"] == ["alpha", "beta"]


def test_more_than_40_are_counted_and_listed_on_request(project):
    for number in range(41):
        record(project / "reports", f"20261121-0145{number:02d}-0001", created=made.NOW + timedelta(seconds=number))
    said = listed()
    assert said.splitlines()[0] == "41 runs in reports/runs"
    assert "and 1 more; --all lists them" in said
    assert listed("--all").count("complete") == 41


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"trials": 1_000_000, "spend_usd": 99.0, "took_s": 1004.0}, ("1 M", "$99.00", "17 min")),
        ({"trials": 12_345, "spend_usd": 12_345.6, "took_s": 40_000.0}, ("12,345", "$12,346", "11.1 h")),
        ({"trials": None, "spend_usd": None, "took_s": None}, ("–", "–", "–")),
        ({"trials": 0, "spend_usd": 0.0, "took_s": 0.0}, ("0", "$0.00", "–")),
    ],
)
def test_figures_are_short(told, shown):
    row = _row(
        {
            "run": FIRST,
            "state": "interrupted",
            "suites": ["s" * 20, "t"],
            "providers": ["p" * 20],
            "simulated": True,
            **told,
        }
    )
    assert tuple(cell.removeprefix("~") for cell in row[4:]) == shown
    assert sum(map(len, row)) + 2 * 6 <= 80


def test_without_runs_it_says_how_to_make_one(project):
    assert listed() == "reports/runs holds no run yet: `harness run` records one\n"
