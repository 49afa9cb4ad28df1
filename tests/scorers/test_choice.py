"""choice: what it refuses, and that every way to name a choice reads the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Criterion
from harness.scorers import check
from harness.scorers.choice import read_choices
from tests.scorers.replies import answer, score

LETTERS = ("A", "B", "C", "D", "E")
WAYS = ["{}", "({})", "**{}**", "{}.", "{}) because", "Answer: {}", "ANSWER: ({}).", "The answer is {}", r"\boxed{{{}}}",
        "A and C look right.\n\nFinal answer: **{}**", "`{}`", "I go for ({}) here"]  # fmt: skip


@given(st.sampled_from(LETTERS), st.sampled_from(WAYS))
def test_every_way_to_name_a_letter_is_read(letter, way):
    assert read_choices(LETTERS, way.format(letter)) == (letter,)


@given(st.text(max_size=200))
def test_any_text_is_read_without_error_as_given_choices(text):
    assert set(read_choices(LETTERS, text)) <= set(LETTERS)


@pytest.mark.parametrize(
    ("options", "expect", "says"),
    [
        ({"choices": ["A"]}, "A", "'choices' needs at least two"),
        ({"choices": ["A", "a"]}, "A", "a choice is there twice"),
        ({"choices": ["A", " "]}, "A", "a choice is empty"),
        ({}, "E", "'expect' must be of the choices A, B, C, D, not 'E'"),
        ({}, None, "not None"),
        ({}, [], "'expect' must name at least one choice"),
        ({"choices": ["yes", "no"]}, True, "(put quotes around it if the word is meant)"),
    ],
)
def test_unfit_criteria_are_refused(options, expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("choice", options), expect)
    assert says in str(caught.value)


def test_a_wavering_reply_is_wrong_and_says_what_it_names():
    one = score(Criterion("choice"), "B", answer("Either A or B."))
    assert (one.value, one.extracted, one.reason) == (0, "A, B", "it is not B")
