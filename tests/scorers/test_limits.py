"""latency and cost as assertions: of the call, whatever was said."""

from dataclasses import replace

import pytest

from harness.ask import Criterion
from harness.scorers import check
from tests.scorers.replies import answer, score

CALL = replace(answer("hello"), latency_s=1.5, cost_usd=0.002)
SATURATED = replace(CALL, saturated=True)
OURS = "the harness was saturated: what it measured is not the provider's own latency"


@pytest.mark.parametrize(
    ("criterion", "outcome", "state", "value", "reason"),
    [
        (Criterion("latency", {"max_s": 1.5}), CALL, "scored", 1, "1.500 s"),
        (Criterion("latency", {"max_s": 1.4}), CALL, "scored", 0, "it took 1.500 s, longer than 1.4 s"),
        (Criterion("latency", {"max_s": 2}), answer("hello"), "unscored", None, "no latency was measured"),
        (Criterion("latency", {"max_s": 1.4}), SATURATED, "unscored", None, OURS),
        (Criterion("latency", {"max_s": 2}, negate=True), SATURATED, "unscored", None, OURS),
        (Criterion("cost", {"max_usd": 0.002}), SATURATED, "scored", 1, "$0.002000"),
        (Criterion("cost", {"max_usd": 0.002}), CALL, "scored", 1, "$0.002000"),
        (Criterion("cost", {"max_usd": 0}), CALL, "scored", 0, "it cost $0.002000, more than $0"),
        (Criterion("cost", {"max_usd": 0}), replace(CALL, cost_usd=0.0), "scored", 1, "$0.000000"),
        (Criterion("cost", {"max_usd": 1}), answer("hello"), "unscored", None, "its cost is unknown"),
        (Criterion("cost", {"max_usd": 1}), replace(CALL, failure_kind="overloaded"), "failed", None, "overloaded"),
        (Criterion("latency", {"max_s": 2}, negate=True), CALL, "scored", 0, "it holds, and should not"),
    ],
)
def test_a_call_is_judged_by_what_was_measured(criterion, outcome, state, value, reason):
    one = score(criterion, None, outcome)
    assert (one.state, one.value, one.reason) == (state, value, reason)


@pytest.mark.parametrize("text", ["", "I'm sorry, but I can't help with that."])
@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
def test_what_was_said_does_not_matter(text, finish):
    outcome = replace(answer(text, finish=finish), latency_s=3.0)
    assert score(Criterion("latency", {"max_s": 1}), None, outcome).value == 0


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("latency", {"max_s": 0}, "'max_s' must be above 0"),
        ("cost", {"max_usd": -1}, "'max_usd' is 0 or more"),
        ("cost", {}, "cost needs the option 'max_usd'"),
    ],
)
def test_limits_that_make_no_sense_are_refused(name, options, says):
    with pytest.raises(ValueError, match=says):
        check(Criterion(name, options), None)
