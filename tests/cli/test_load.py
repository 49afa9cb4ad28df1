"""`harness run --rate …`: a load on its own schedule, told from the schedule, and called invalid where it was no measurement."""

import argparse

import pandas as pd
import pytest

from harness import engine
from harness.cli import terms
from harness.errors import ExitCode, WrongUse
from tests.cli.conftest import call

ONE = "--only=sim-swift"


def load(*words):
    parser = argparse.ArgumentParser()
    terms.add_load(parser)
    return terms.load(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ([], engine.Closed()),
        (["--concurrency", "4"], engine.Closed(4)),
        (["--concurrency", "1, 4"], engine.Sweep((engine.Closed(1), engine.Closed(4)))),
        (["--rate", "2.5"], engine.Open(2.5)),
        (["--rate", "1,2", "--duration", "3"], engine.Sweep((engine.Open(1, 3), engine.Open(2, 3)))),
        (
            ["--rate=9", "--duration=3", "--arrivals=gamma", "--burstiness=0.5", "--ramp=0", "--concurrency=4", "--queue=0"],
            engine.Open(9, 3, "gamma", 0.5, 0, 4, 0),
        ),
    ],
)  # fmt: skip
def test_the_flags_make_the_load(words, shape):
    assert load(*words) == shape


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--duration", "3"], "say how many with --rate"),
        (["--adaptive", "--concurrency", "1,2"], "finds the concurrency itself"),
        (["--queue", "0"], "say how many with --rate"),
        (["--rate", "3", "--concurrency", "1,2"], "one of them at a time"),
        (["--rate", "3", "--ramp", "1"], "say with --duration"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(words, complaint):
    with pytest.raises(WrongUse, match=complaint):
        load(*words)


@pytest.mark.parametrize("words", [["--rate", "0"], ["--rate", "fast"], ["--ramp", "-0.5"], ["--concurrency", "1,x"]])
def test_what_is_no_figure_is_wrong_use(words, capsys):
    with pytest.raises(SystemExit):
        load(*words)
    assert "argument --" in capsys.readouterr().err


def rows(project):
    (path,) = (project / "reports" / "runs").glob("*/calls.parquet")
    calls = pd.read_parquet(path)
    return calls[calls["phase"] == "measure"]


def test_a_cap_that_cannot_keep_up_is_told_from_the_schedule_and_called_invalid(project):
    """Two seconds of 30 requests a second into one slot: each waits for those before it, which no single latency shows."""
    said = call("run", ONE, "--rate=30", "--duration=2", "--concurrency=1")
    calls = rows(project).sort_values("scheduled_s")
    assert len(calls) == 60
    gaps = calls["scheduled_s"].diff().dropna()
    assert gaps.tolist() == pytest.approx([1 / 30] * 59)
    done = calls["scheduled_s"].iloc[0]
    for due, latency, response in calls[["scheduled_s", "latency_s", "response_s"]].itertuples(index=False):
        done = max(done, due) + latency
        assert response >= done - due - 0.001, (
            "the queue's arithmetic (Lindley): nobody is faster than those before allow"
        )
    assert said.code == ExitCode.FINE, said.err
    assert "load       30 requests/s to each provider, for 2 s, constant arrivals, at most 1 in flight\n" in said.out
    assert "Invalid as a service measurement: sim-swift, at 30 requests/s: " in said.out
    assert "of the requests waited for the only slot" in said.out
    report = (project / "reports" / "latest" / "report.md").read_text()
    assert "Invalid as a service measurement: sim-swift" in report
    assert "### Under load: 30 requests/s to each provider" in report
    again = call("report")
    assert "Invalid as a service measurement: sim-swift" in again.out, "it is told from the rows"


def test_what_finds_the_queue_full_is_dropped_counted_and_exits_with_1(project):
    said = call("run", ONE, "--rate=50", "--duration=0.4", "--concurrency=1", "--queue=0", "--no-warmup")
    calls = rows(project)
    dropped = int((calls["failure_kind"] == "dropped").sum())
    assert len(calls) == 20
    assert 0 < dropped < 20
    assert f"{dropped} of 20 requests were dropped, since too many waited already (--queue)" in said.out


def test_a_sweep_has_a_row_for_each_level_and_names_a_knee(project):
    said = call("run", ONE, "suites/sums.yaml", "--concurrency=1,2,3")
    calls = rows(project)
    assert calls["load_level"].value_counts().to_dict() == {1.0: 3, 2.0: 3, 3.0: 3}
    assert calls["trial_id"].nunique() == 9
    assert "Under load: 1, 2 and then 3 in flight for each provider" in said.out
    assert "knee: where got/s by mean response time is greatest (Kleinrock 1979)" in said.out
