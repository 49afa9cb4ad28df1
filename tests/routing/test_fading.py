"""Several runs as one body of evidence."""

from datetime import timedelta

import pandas as pd
import pytest

from harness import routing
from harness.routing.evidence import Evidence
from tests.routing.test_choose import answers
from tests.stats.tables import Table


def together(*aged: tuple[Table, float]):
    """The rows of several tables, each so many days old, as those of runs of their own."""
    calls, scores = [], []
    for number, (table, days) in enumerate(aged):
        mine, theirs = table.frames()
        run = f"run-{number}"
        calls.append(mine.assign(run_id=run, started_at=mine["started_at"] - timedelta(days=days)))
        scores.append(theirs.assign(run_id=run))
    return pd.concat(calls, ignore_index=True), pd.concat(scores, ignore_index=True)


def gathered(*aged: tuple[Table, float], half_life_days: float = 30.0) -> Evidence:
    calls, scores = together(*aged)
    return Evidence.gather(calls, scores, half_life_days)


def marks(value, cases, capability="math", **columns):
    return answers({"a": [value] * cases}, capability=capability, **columns)


@pytest.mark.parametrize(("days", "share"), [(0, 1.0), (30, 0.5), (60, 0.25), (300, 2**-10)])
def test_after_each_half_life_half_of_the_cases_still_count(days, share):
    evidence = gathered((marks(1, 2000, "old"), days), (marks(1, 10, "new"), 0))
    counted = evidence.values.notna().groupby(level="capability").sum()["a"]
    assert counted["new"] == 10
    assert counted.get("old", 0) == pytest.approx(2000 * share, abs=70)


def test_a_day_is_no_age_and_one_run_has_none():
    evidence = gathered((marks(1, 200, "old"), 0.9), (marks(1, 10, "new"), 0), half_life_days=0.001)
    assert len(evidence.values) == 210
    assert len(gathered((marks(1, 200), 400)).values) == 200


def test_a_case_that_is_gone_stays_gone_for_everybody():
    left = []
    for days in (30, 60):
        old = answers({"a": [1] * 200, "b": [0] * 200}, capability="old")
        evidence = gathered((old, days), (marks(1, 1), 0))
        rows = evidence.values.loc[["old"]]
        assert rows[["a", "b"]].notna().all(axis=None), "pairs fade together"
        left.append(set(rows.index))
    assert left[1] < left[0]


def test_a_case_asked_again_counts_as_it_was_last():
    calls, scores = together((answers({"a": [1] * 5, "b": [1] * 5}), 1), (answers({"a": [0] * 5}), 0))
    values = Evidence.gather(calls, scores, 30).values
    assert values["a"].tolist() == [0.0] * 5
    assert values["b"].tolist() == [1.0] * 5


def test_a_name_given_to_another_model_begins_anew():
    old = answers({"a": [1] * 5, "b": [1] * 5}, model_requested="m1")
    new = answers({"a": [0] * 3}, model_requested="m2", capability="logic")
    values = gathered((old, 1), (new, 0)).values
    assert values["a"].count() == 3
    assert values["b"].count() == 5


def test_old_evidence_needs_more_to_move_traffic():
    """What was seen long ago decides nothing once it has faded, and does while it is fresh."""
    seen = answers({"a": [0] * 30 + [1] * 10, "b": [1] * 40})
    fresh = answers({"a": [1] * 5, "b": [1] * 5}, capability="logic")
    incumbent = routing.choose(*answers({"a": [1]}).frames(), incumbent=None, objective=routing.Objective())
    shares = []
    for days in (1, 900):
        calls, scores = together((seen, days), (fresh, 0))
        table = routing.choose(calls, scores, incumbent=incumbent, objective=routing.Objective())
        shares.append(next(route.weights for route in table.routes if route.capability == "math"))
    assert shares == [{"b": 0.99, "a": 0.01}, {"a": 1.0}]
