"""What asking again shows: pass@k, pass^k and the majority, over cases with enough scored repeats."""

import pandas as pd
import pytest

from harness.judged import ALL
from harness.standing import repeated, repeats


def tables(*trials):
    """Calls and scores of trials (case, value, extracted); a value of None is an answer that could not be judged."""
    calls, scores = [], []
    for number, (case, value, extracted) in enumerate(trials):
        trial = {"run_id": "r", "trial_id": f"t{number}"}
        about = {"provider": "fast", "suite": "s", "capability": "sums", "case_hash": case, "cluster": None}
        calls.append({**trial, **about, "attempt": 1, "phase": "measure", "status": "ok", "replayed": False,
                      "failure_kind": None, "failure_side": None})  # fmt: skip
        state = "unscored" if value is None else "scored"
        scores.append(
            {**trial, "scorer": "number", "state": state, "value": value, "weight": 1.0, "extracted": extracted}
        )
    return pd.DataFrame(calls), pd.DataFrame(scores)


def test_each_case_counts_once_and_the_majority_outvotes_the_odd_answer():
    calls, scores = tables(
        ("a", 1, "42"), ("a", 1, "42"), ("a", 0, "41"),
        ("b", 1, "7"), ("b", 0, "8"), ("b", 0, "8"),
        ("c", 1, "1"), ("c", 1, "1"), ("c", 1, "1"),
        ("d", 0, "1"), ("d", 0, "2"), ("d", 1, "3"),
    )  # fmt: skip
    one, over_all = repeats(calls, scores)
    assert (one.provider, one.capability, one.k, one.n_cases) == ("fast", "sums", 3, 4)
    assert over_all.capability == ALL
    values = [estimate.value for estimate in (one.pass_1, one.pass_at_k, one.pass_hat_k, one.majority) if estimate]
    assert values == [pytest.approx(7 / 12), 1.0, 0.25, pytest.approx((1 + 0 + 1 + 1 / 3) / 4)]
    assert one.pass_hat_k is not None
    assert one.pass_hat_k.low is not None
    assert one.pass_hat_k.low < 0.25 < (one.pass_hat_k.high or 0)


def test_what_could_not_be_judged_is_no_repeat_and_a_case_with_too_few_is_left_out():
    calls, scores = tables(
        ("a", 1, "1"), ("a", 0, "2"), ("b", 1, "1"), ("b", None, None), ("c", 1, "1"), ("c", 1, None)
    )
    one = repeats(calls, scores)[0]
    assert (one.k, one.n_cases) == (2, 2)
    assert one.pass_1 is not None
    assert one.pass_1.value == 0.75


def test_a_partly_right_repeat_is_not_right():
    one = repeats(*tables(("a", 0.9, "1"), ("a", 1, "2")))[0]
    assert one.pass_at_k is not None
    assert (one.pass_at_k.value, one.pass_hat_k and one.pass_hat_k.value) == (1.0, 0.0)


def test_without_a_second_repeat_there_is_nothing_to_tell():
    calls, scores = tables(("a", 1, "1"), ("b", 1, "1"))
    assert not repeated(calls)
    assert repeats(calls, scores) == []
    assert repeated(tables(("a", 1, "1"), ("a", 1, "1"))[0])


def test_answers_are_alike_if_all_scorers_read_the_same_in_them():
    calls, scores = tables(("a", 1, "9"), ("a", 1, "9"), ("a", 0, "9"), ("a", 0, "9"), ("a", 0, None))
    also = scores.assign(scorer="word", extracted=["x", "x", "y", "z", ""], weight=0.0)
    both = pd.concat([also, scores], ignore_index=True)
    one = repeats(calls, both)[0]
    assert one.majority is not None
    assert one.majority.value == 1.0


def test_a_reading_that_is_missing_is_as_an_empty_one():
    one = repeats(*tables(("a", 1, "9"), ("a", 0, None), ("a", 0, "")))[0]
    assert one.majority is not None
    assert one.majority.value == 0.0
