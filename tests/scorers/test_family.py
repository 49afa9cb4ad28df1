"""The family by name: every scorer has a version, and a criterion is checked before anything is asked."""

import pytest

from harness.ask import Criterion
from harness.scorers import NAMES, check
from harness.scorers.family import SCORERS


def test_the_names_are_those_that_suites_may_use():
    assert NAMES == (
        "bleu", "choice", "code", "constraints", "contains", "cost", "ends_with", "exact", "f1", "json", "judge", "latency",
        "math", "number", "refusal", "regex", "rouge_l", "similarity", "starts_with", "tool_calls",
    )  # fmt: skip


def test_every_scorer_has_a_version_and_options_that_say_what_they_do():
    for name, scorer in SCORERS.items():
        assert scorer.version
        assert scorer.options.__doc__
        assert scorer.options.__doc__.startswith(f"`{name}`: ")


@pytest.mark.parametrize(
    ("criterion", "says"),
    [
        (Criterion("nubmer"), "there is no scorer 'nubmer'; did you mean 'number'?"),
        (Criterion("q"), "there is no scorer 'q'; there is bleu, choice, code, "),
        (Criterion("exact", {"ignorecase": True}), "exact has no option 'ignorecase'; did you mean 'ignore_case'?"),
        (Criterion("exact", weight=0), "exact: the weight must be above 0, not 0"),
        (Criterion("exact", weight=float("nan")), "the weight must be above 0, not nan"),
        (Criterion("exact", weight=float("inf")), "the weight must be above 0, not inf"),
    ],
)
def test_unfit_criteria_are_refused(criterion, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(criterion, "x")
    assert says in str(caught.value)
