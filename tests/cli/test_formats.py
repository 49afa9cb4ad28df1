"""Reports of a recorded run and comparisons in files, by the command line."""

import csv
import json

import pytest

from harness.errors import ExitCode
from tests.cli.conftest import call


def test_a_run_is_given_in_several_formats_at_once_and_the_last_report_stays(copied, tmp_path):
    before = (copied / "latest" / "report.md").stat().st_mtime_ns
    out = tmp_path / "new" / "run.html"
    said = call(
        "report", "latest", "--format=html", f"--output={out}", f"--write=csv={tmp_path}/run.csv", "--reports", copied
    )
    assert said.code == ExitCode.FINE, said.err
    assert (said.out, out.exists()) == ("", True)
    with (tmp_path / "run.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert all(row["prompt"] and row["expected"] for row in rows)
    assert (copied / "latest" / "report.md").stat().st_mtime_ns == before


def test_without_the_suites_it_says_that_expectations_are_not_shown(copied, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = json.loads(call("report", "latest", "--format=json", "--reports", copied).out)
    assert "What was expected is not shown, as the suites cannot be read" in told["notes"][-1]
    assert {one["expected"] for one in told["results"]} == {None}


def test_what_a_case_without_an_expected_value_expects_are_its_criteria(copied):
    told = json.loads(call("report", "latest", "--format=json", "--reports", copied).out)
    expected = {one["suite"]: one["expected"] for one in told["results"]}
    assert None not in expected.values()
    assert any("{" in text for text in expected.values())


@pytest.mark.parametrize("words", [["--format=none"], ["--write=html"], ["--write=none=x"], ["--json", "--format=csv"]])
def test_what_cannot_be_given_is_wrong_use(copied, words):
    assert call("report", "latest", *words, "--reports", copied).code == ExitCode.WRONG_USE


def test_a_file_that_cannot_be_written_is_said_in_plain_words(copied, tmp_path):
    (tmp_path / "file").write_text("")
    said = call("report", "latest", "--format=csv", f"--output={tmp_path}/file/x.csv", "--reports", copied)
    assert said.code == ExitCode.BROKEN
    assert "x.csv cannot be written: " in said.err
