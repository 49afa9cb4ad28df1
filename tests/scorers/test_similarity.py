"""The scorer `similarity`: what it has embedded, and what a cosine comes to."""

import pytest

from harness.ask import Case, Criterion, Prompt
from harness.scorers import check
from harness.scorers.opinion import Matter
from harness.scorers.similarity import ASKS, SimilarityOptions


def test_the_reply_and_all_that_is_expected_go_out_together():
    prompt = Prompt(({"role": "user", "content": "?"},))
    (question,) = ASKS.questions(
        SimilarityOptions(), Matter(Case("a", prompt, "x", (), ["a cat", "a dog"]), "a kitten")
    )
    assert [one["content"] for one in question.prompt.messages] == ["a kitten", "a cat", "a dog"]


@pytest.mark.parametrize(
    ("threshold", "cosine", "value"), [(None, 0.4, 0.4), (None, -0.2, 0.0), (0.8, 0.8, 1.0), (0.8, 0.79, 0.0)]
)
def test_a_cosine_is_the_value_or_is_held_against_the_threshold(threshold, cosine, value):
    opinion = ASKS.read(SimilarityOptions(threshold), [f'{{"cosine": {cosine}, "dimensions": 3}}'])
    assert opinion.value == value
    assert opinion.extracted == f"{cosine:.3f}"


@pytest.mark.parametrize(
    ("options", "expect"),
    [({}, None), ({}, []), ({}, [" "]), ({}, 3), ({"threshold": 0}, "x"), ({"threshold": 1.5}, "x")],
)
def test_what_cannot_be_compared_is_refused(options, expect):
    with pytest.raises(ValueError, match="similarity"):
        check(Criterion("similarity", options), expect)
