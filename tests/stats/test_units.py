import pandas as pd
import pytest

from harness import stats
from tests.stats.tables import Table


def scores(*rows):
    return pd.DataFrame(rows, columns=["run_id", "trial_id", "state", "value", "weight"])


def test_criteria_of_a_trial_are_averaged_by_weight():
    one = stats.trial_scores(scores(("r", "t", "scored", 1.0, 3.0), ("r", "t", "scored", 0.0, 1.0))).iloc[0]
    assert (one.state, one.value) == ("scored", 0.75)


def test_without_weights_criteria_count_alike():
    rows = scores(("r", "t", "scored", 1.0, 3.0), ("r", "t", "scored", 0.0, 1.0)).drop(columns="weight")
    assert stats.trial_scores(rows)["value"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("states", "state"),
    [(["scored", "unscored"], "unscored"), (["failed", "scored"], "failed"), (["unscored", "failed"], "failed")],
)
def test_a_criterion_without_a_value_leaves_the_trial_without_one(states, state):
    rows = [("r", "t", one, 1.0 if one == "scored" else None, 1.0) for one in states]
    one = stats.trial_scores(scores(*rows)).iloc[0]
    assert one.state == state
    assert pd.isna(one.value)


def test_the_same_trial_of_two_runs_is_two_trials():
    rows = scores(("r1", "t", "scored", 1.0, 1.0), ("r2", "t", "scored", 0.0, 1.0))
    assert len(stats.trial_scores(rows)) == 2


def test_a_trial_is_answered_if_any_attempt_was():
    table = Table().trial("x", 1.0, fails=[("overloaded", "provider")])
    trials = stats.trials_of(*table.frames())
    assert trials["answered"].tolist() == [True]
    assert trials["kind"].isna().all()
    assert trials["value"].tolist() == [1.0]


def test_an_unanswered_trial_has_the_failure_of_its_last_attempt():
    table = Table().trial("x", state="failed", fails=[("overloaded", "provider"), ("dns", "network")])
    (one,) = stats.trials_of(*table.frames()).itertuples()
    assert (one.answered, one.kind, one.side, one.state) == (False, "dns", "network", "failed")


def test_attempts_may_come_in_any_order():
    calls, scored = Table().trial("x", state="failed", fails=[("overloaded", "provider"), ("dns", "network")]).frames()
    assert stats.trials_of(calls[::-1], scored)["kind"].tolist() == ["dns"]


def test_a_trial_that_nobody_judged_does_not_vanish():
    calls, scored = Table().trial("x", 1.0).trial("y", state="failed", fails=[("tls", "network")]).frames()
    assert stats.trials_of(calls, scored[:0])["state"].tolist() == ["unscored", "failed"]


def test_only_the_measured_phase_counts():
    table = Table().trial("x", 1.0).trial("y", 1.0, phase="warmup").trial("z", 1.0, phase="judge")
    assert stats.trials_of(*table.frames())["case_hash"].tolist() == ["h-x"]


def test_a_cluster_is_of_its_suite_and_a_case_without_one_is_its_own():
    table = Table().trial("x", 1.0, cluster="k").trial("y", 1.0, cluster="k", suite="other").trial("z", 1.0)
    assert stats.trials_of(*table.frames())["cluster"].tolist() == ["cluster:smoke:k", "cluster:other:k", "case:h-z"]


def test_repeats_are_averaged_within_their_case_over_the_scored_ones():
    table = Table().trial("x", 1.0).trial("x", 0.0, repeat=1).trial("x", state="unscored", repeat=2)
    (one,) = stats.cases_of(stats.trials_of(*table.frames()), ["provider"]).itertuples()
    assert (one.value, one.state) == (0.5, "scored")


def test_a_case_without_a_scored_trial_is_unscored_or_failed():
    table = Table().trial("x", state="failed", fails=[("tls", "network")]).trial("x", state="unscored", repeat=1)
    table.trial("y", state="failed", fails=[("tls", "network")])
    assert stats.cases_of(stats.trials_of(*table.frames()), ["provider"])["state"].tolist() == ["unscored", "failed"]


def test_flags_read_missing_values_as_false():
    assert stats.flags(pd.Series([True, None, False], dtype=object)).tolist() == [True, False, False]
