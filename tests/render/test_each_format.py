"""What each format says of a run and of a comparison, read as its own readers read it."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from harness.render import formats
from harness.render.formats import github, markdown
from harness.render.formats.pytest_benchmark import summary
from harness.shown import RunResults
from tests.render.words import CELLS, COMPARED, FLIPS, RUN, SOLVED


def told(name, model):
    out = io.StringIO(newline="")
    formats.write(name, model, out)
    return out.getvalue()


def test_junit_tells_wrong_failed_and_unscored_apart_and_has_a_test_for_each_gate():
    top = ET.fromstring(told("junit", RUN))
    assert [top.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["7", "3", "1", "1"]
    found = {(one.get("classname"), one.get("name")): [part.tag for part in one] for one in top.iter("testcase")}
    assert found == {
        ("facts.careful", "moo"): [],
        ("facts.frugal", "moo"): ["failure"],
        ("tools.frugal", "weather"): ["error"],
        ("tools.careful", "weather (repeat 1)"): ["skipped"],
        ("facts.careful", "gate: quality"): [],
        ("facts.frugal", "gate: quality"): ["failure"],
        ("facts.frugal", "gate: reliability"): ["failure"],
    }
    failure, gate, _ = top.iter("failure")
    assert (gate.get("type"), gate.get("message")) == ("gate not met", "its lower bound is below 0.8")
    assert failure.get("message") == "it is not cow"
    assert failure.text == "prompt: What says moo?\n\nexpected: cow\n\nreply: A goat.\n\nreason: it is not cow"


def test_junit_of_a_comparison_fails_by_the_verdicts_that_fail():
    failures = {one.get("type"): one for one in ET.fromstring(told("junit", COMPARED)).iter("failure")}
    assert set(failures) == {"regressed", "missing"}
    assert "no longer solved: math::sum-1" in (failures["regressed"].text or "")
    lenient = ET.fromstring(told("junit", replace(COMPARED, fail_on=("missing",))))
    assert [one.get("type") for one in lenient.iter("failure")] == ["missing"]


def test_csv_has_numbers_as_numbers():
    first, *_ = csv.DictReader(io.StringIO(told("csv", COMPARED)))
    assert (first["measure"], first["verdict"]) == ("quality", "regressed")
    assert [float(first[name]) for name in ("base", "new", "change", "low", "high", "p")] == [0.9, 0.5, -0.4, -0.55, -0.25, 0.001]  # fmt: skip
    assert {row["outcome"] for row in csv.DictReader(io.StringIO(told("csv", RUN)))} == {"solved", "not solved", "failed", "unscored"}  # fmt: skip


def test_json_of_a_run_has_its_report_and_its_trials():
    read = json.loads(told("json", RUN))
    assert read["run_id"] == RUN.report.run_id
    assert [one["outcome"] for one in read["results"]] == ["solved", "not solved", "failed", "unscored"]


def test_pytest_benchmark_compares_two_runs_by_provider(tmp_path):
    slower = replace(
        RUN, results=tuple(replace(one, latency_s=one.latency_s and 2 * one.latency_s) for one in RUN.results)
    )
    for name, model in (("one", RUN), ("two", slower)):
        (tmp_path / f"{name}.json").write_text(told("pytest-benchmark", model))
    words = [
        sys.executable,
        "-m",
        "pytest_benchmark",
        "compare",
        "one.json",
        "two.json",
        "--columns=median,rounds",
        "--sort=name",
        "--csv=out",
    ]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "latency[careful-all] (two)" in done.stdout
    with (tmp_path / "out.csv").open() as file:
        medians = [
            float(row["median"])
            for row in csv.DictReader(file)
            if row["name"].startswith("harness::latency[careful-all]")
        ]
    assert sorted(medians) == [0.4, 0.8]


def test_pytest_benchmark_of_a_comparison_has_both_sides_in_a_group():
    read = json.loads(told("pytest-benchmark", COMPARED))
    assert [(one["group"], one["name"], one["stats"]["median"]) for one in read["benchmarks"]] == [
        ("latency of frugal, math", "latency[frugal-math-BASE]", 1.25), ("latency of frugal, math", "latency[frugal-math-NEW]", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0], [5.0, 1.0, 2.0], [1, 2, 3, 4, 100], [1, 2, 2, 3, 4, 90, 95, 99]])
def test_its_statistics_are_those_of_pytest_benchmark(values):
    from pytest_benchmark.stats import Stats  # noqa: PLC0415 - its import takes a while

    theirs = Stats()
    theirs.data = [float(value) for value in values]
    ours = summary(values)
    for name in ("min", "max", "mean", "stddev", "rounds", "median", "stddev_outliers", "ops", "total"):
        assert ours[name] == pytest.approx(getattr(theirs, name)), name


def test_a_comment_that_would_be_too_long_says_what_it_leaves_out():
    flips = tuple(replace(FLIPS[0], case_id=f"c{number}", new_reply="word " * 900) for number in range(100))
    whole = replace(COMPARED, flips=flips)
    short = told("github-comment", whole)
    assert short.startswith(f"{github.MARK}\n\n# ❌ run-2 is worse")
    assert len(short.encode()) <= 65_000
    assert short.count("<details>") == short.count("</details>")
    assert "parts left out, as there is no room here" in short
    assert len(markdown.text(whole)) > 300_000


def test_annotations_are_errors_for_what_fails_and_no_more_than_are_shown():
    log = told("github", COMPARED).splitlines()
    assert log[0] == "::error title=regressed%3A frugal on math::quality 90 %25 → 50 %25, -40 (-55…-25), p 0.012, n 40"
    assert [line.partition(" ")[0] for line in log[:3]] == ["::error", "::notice", "::error"]
    many = replace(COMPARED, fail_on=(), cells=tuple(replace(CELLS[0], provider=f"p{number}") for number in range(30)))
    lines = told("github", many).splitlines()
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert "20 more places regressed" in lines


def test_a_format_of_comparisons_alone_is_none_of_runs():
    assert set(formats.of_comparisons()) - set(formats.of_runs()) == {
        "text-all",
        "github",
        "github-summary",
        "github-comment",
    }
    with pytest.raises(KeyError):
        formats.write("github", RUN, io.StringIO())


def test_a_run_of_nothing_timed_can_be_given_in_every_format():
    for name in formats.of_runs():
        assert told(name, RunResults(RUN.report, ()))
        assert told(name, RunResults(RUN.report, (replace(SOLVED, timed=False),)))
