"""number: every spelling of a number reads as that number, and nothing a reply says makes it fail or take for ever."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Criterion
from harness.scorers import check
from harness.scorers.number import read_answer, read_numbers
from tests.scorers.replies import answer, score

WAYS = ["{}", "({})", "**{}**", "{}.", "The answer is {}.", "#### {}", r"\boxed{{{}}}", r"\${}", "12 of 7 = {}"]


@given(st.integers(-(10**30), 10**30), st.sampled_from(WAYS), st.sampled_from(["", ",", "_"]))
def test_every_spelling_of_a_whole_number_is_read(number, way, group):
    text = way.format(f"{number:{group}}")
    got = read_answer(text)
    assert got is not None
    assert got.readings == (number,), text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4))
def test_a_number_scores_right_against_itself_and_wrong_against_its_neighbour(number):
    assert score(Criterion("number"), str(number), answer(f"It is {number:,}.")).value == 1
    assert score(Criterion("number"), str(number), answer(f"It is {number + 1:,}.")).value == 0


@given(st.fractions(max_denominator=10**6))
def test_fractions_are_read_exactly(number):
    assert read_numbers(f"{number.numerator}/{number.denominator}")[-1].readings == (number,)


@given(st.text(st.sampled_from("0123456789.,/-−+^*e%$ {}\\()½٣")), st.booleans())
def test_any_text_is_read_without_error(text, comma):
    for number in read_numbers(text, decimal_comma=comma):
        assert all(isinstance(reading, Fraction | int) for reading in number.readings)


@pytest.mark.parametrize(
    ("options", "expect", "says"),
    [
        ({}, None, "number: 'expect' must be a number, not None"),
        ({}, True, "must be a number, not True"),
        ({}, "many", "must be one number, not 'many'"),
        ({}, "1 or 2", "must be one number"),
        ({}, "about 2", "must be one number"),
        ({}, float("nan"), "must be one number, not nan"),
        ({}, float("inf"), "must be one number, not inf"),
        ({}, [1], "must be a number, not [1]"),
        ({"tolerance": -1}, 1, "a tolerance is 0 or more"),
        ({"relative": -1}, 1, "a tolerance is 0 or more"),
    ],
)
def test_unfit_criteria_are_refused(options, expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("number", options), expect)
    assert says in str(caught.value)


def test_a_wrong_number_is_told_with_what_was_read():
    one = score(Criterion("number"), 4, answer("It is 1,000.50 in all"))
    assert (one.extracted, one.reason) == ("1,000.50", "it is not 4")
