"""Formulas: what is read, what is none, and that equal ones are equal however they are written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Criterion
from harness.scorers import check
from harness.scorers.formulas import Apply, Group, Name, NoFormula, Number, Relation, names_in, parse
from tests.scorers.replies import answer, score

TWO, X = Number(Fraction(2)), Name("x")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("2x", Apply("*", (TWO, X))),
        ("-x^2", Apply("neg", (Apply("^", (X, TWO)),))),
        ("2^-x", Apply("^", (TWO, Apply("neg", (X,))))),
        ("2^x^2", Apply("^", (TWO, Apply("^", (X, TWO))))),
        ("x - -2", Apply("-", (X, Apply("neg", (TWO,))))),
        ("x - +2", Apply("-", (X, TWO))),
        (r"\frac x2", Apply("/", (X, TWO))),
        (r"\frac22", Apply("/", (TWO, TWO))),
        ("x, 2;", Group("", (X, TWO))),
        ("()", Group("()", ())),
        (r"\{\}", Group("{}", ())),
        ("[2]", Group("[]", (TWO,))),
        ("x ≥ 2", Relation("≤", TWO, X)),
        (r"x_{ij}", Name("x_ij")),
        ("Γ", Name("Γ")),
    ],
)
def test_a_formula_is_read_as_a_tree(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    "text",
    ["", " ", "+", "2 +", "(2", "2)", "2 3", "2..3", "x_", "x_{2", r"\sqrt[3", r"\frac{1}", r"\foo", "word", "'", "$$", "|x", "2 # 3",
     "f'(x)", "eval(2)", "x" * 401, "-" * 100 + "1", "{" * 100, "2^" * 100 + "2"],
)  # fmt: skip
def test_what_is_no_formula_is_told(text):
    with pytest.raises(NoFormula):
        parse(text)


def test_the_names_of_a_formula_are_known():
    assert names_in(parse(r"y = \{x, \pi\}^2 + \sin z")) == {"x", "y", "z", "pi"}


@pytest.mark.parametrize("expect", [True, None, [1], "word", "2 3", ""])
def test_what_is_expected_must_be_a_formula(expect):
    with pytest.raises(ValueError, match="math: 'expect'"):
        check(Criterion("math"), expect)


def test_a_tolerance_below_0_is_refused():
    with pytest.raises(ValueError, match="a tolerance is 0 or more"):
        check(Criterion("math", {"relative": -1}), 1)


@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_fractions_are_equal_only_to_themselves(one, other):
    def value(expect, text):
        return score(Criterion("math"), expect, answer(text)).value

    assert value(str(one), rf"\frac{{{one.numerator}}}{{{one.denominator}}}") == 1
    assert value(str(one), f"({other}) + ({one - other})") == 1
    assert value(str(one), str(other)) == (one == other)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=5), st.integers(-9, 9), st.integers(1, 9))
def test_a_polynomial_is_equal_to_its_factors_and_to_nothing_near(roots, factor, off):
    coefficients = [factor or 1]
    for root in roots:
        shifted, times = [*coefficients, 0], [0, *(root * one for one in coefficients)]
        coefficients = [one - other for one, other in zip(shifted, times, strict=True)]
    degree = len(roots)
    spread = " + ".join(f"({one})x^{{{degree - place}}}" for place, one in enumerate(coefficients))
    factored = f"({factor or 1})" + "".join(f"(x - ({root}))" for root in roots)
    assert score(Criterion("math"), spread, answer(factored)).value == 1
    assert score(Criterion("math"), spread, answer(f"{factored} + {off}")).value == 0


@given(st.text(alphabet=r"0123456789xie+-*/^_!(){}[]|,=<>\. fracsqrtpi%$", max_size=60))
def test_no_reply_breaks_the_reader(text):
    assert score(Criterion("math"), "x^2", answer(text)).state in {"scored", "unscored"}


@pytest.mark.parametrize(
    ("expect", "text", "value"),
    [
        ("2", r"\cot(x)\tan(x) + \sec(x)\cos(x)", 1),
        ("2", r"\csc x \sin x + 1", 1),
        (r"\arcsin(1)", r"\frac{\pi}{2}", 1),
        (r"\cosh^2 x - \sinh^2 x", "1", 1),
        ("0", r"\sin \pi", 1),
        ("0", r"0^{0.5}", 1),
        ("4", r"\sqrt[0.5]{2}", 0),
        ("3", "(-3)!", 0),
        ("0", r"\log_1 5", 0),
        ("0", r"\ln 0", 0),
        ("0", r"\sqrt{-1}", 0),
        (r"\sqrt{-1}", "i", 1),
        (r"i\sqrt{2}", r"\sqrt{-2}", 1),
        ("1", r"\{1, 2\} + 1", 0),
        ("1", "(1, 2)", 0),
        ("x = 1", "x = y", 0),
        ("x = y", "0 = 0", 0),
        ("x = y = 1", "x = y = 1", 1),
        ("x = y = 1", "x = y = 2", 0),
        ("2^{0.5}", r"\sqrt2", 1),
        ("8", "2^{3.0}", 1),
        ("1.4142135623730951", r"\sqrt2", 1),
        ("2^{70}", r"\sqrt{2^{140}}", 1),
        ("70!", "70!", 1),
        (r"\frac{300!}{299!}", "300", 1),
        ("|x - 1|", "|1 - x|", 1),
        ("|3|", "3", 1),
        (r"\operatorname{cbrt}(27)", "3", 1),
    ],
)
def test_values_are_those_of_the_real_numbers_unless_i_is_named(expect, text, value):
    assert score(Criterion("math"), expect, answer(rf"\boxed{{{text}}}")).value == value
