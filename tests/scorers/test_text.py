"""exact, contains and regex: what they refuse to compare with, and what they say."""

import pytest

from harness.ask import Criterion
from harness.scorers import check
from tests.scorers.replies import answer, score


@pytest.mark.parametrize(
    ("criterion", "expect", "says"),
    [
        (Criterion("exact"), None, "exact: 'expect' must be text or a list of texts, not None"),
        (Criterion("exact"), True, "not True (put quotes around it"),
        (Criterion("exact"), 1.1, "not 1.1 (put quotes around it"),
        (Criterion("exact"), "", "'expect' must not be empty"),
        (Criterion("exact"), [], "'expect' must not be empty"),
        (Criterion("exact"), ["a", None], "not None"),
        (Criterion("contains"), {"a": 1}, "'expect' must be text or a list of texts"),
        (Criterion("contains", {"any": ["a", ""]}), None, "contains: an empty text is in every reply"),
        (Criterion("regex"), "x", "regex needs the option 'pattern'"),
        (Criterion("regex", {"pattern": "("}), None, "regex: the pattern '(' is wrong"),
        (Criterion("regex", {"pattern": "(a)", "group": 2}), "a", "has no group 2"),
        (Criterion("regex", {"pattern": "(a)", "group": "x"}), "a", "has no group 'x'"),
        (Criterion("regex", {"pattern": "(a)", "group": 1}), None, "'expect' must be text"),
    ],
)
def test_unfit_criteria_are_refused(criterion, expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(criterion, expect)
    assert says in str(caught.value)


def test_a_wrong_text_is_told_with_what_was_read():
    one = score(Criterion("exact"), ["a", "b"], answer("c"))
    assert (one.extracted, one.reason) == ("c", "it is not 'a' or 'b'")


def test_what_is_missing_is_named():
    assert score(Criterion("contains"), ["a", "b", "c"], answer("b")).reason == "it does not contain 'a', 'c'"
    assert score(Criterion("contains", {"any": ["x", "y"]}), None, answer("b")).reason == "it contains none of 'x', 'y'"


def test_a_pattern_that_takes_for_ever_is_stopped_and_leaves_the_trial_unscored(monkeypatch):
    monkeypatch.setattr("harness.scorers.text.PATTERN_LIMIT_S", 0.02)
    for options in ({"pattern": "^(a|aa)+$"}, {"pattern": "^(a|aa)+$", "group": 1}):
        one = score(Criterion("regex", options), "a", answer("a" * 60 + "!"))
        assert (one.state, one.reason) == ("unscored", "the pattern took longer than 0.02 s")
