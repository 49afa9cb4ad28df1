from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Case, Criterion, Prompt, Suite
from harness.errors import NothingSelected, WrongUse
from harness.load import select
from harness.load.selection import WORD, parse


def a_case(name, *tags):
    prompt = Prompt(messages=({"role": "user", "content": name},))
    return Case(name, prompt, "c", (Criterion("exact"),), expect="x", tags=frozenset(tags))


SUITES = (
    Suite("arithmetic", (a_case("sum-1", "smoke", "easy"), a_case("Product-2", "hard")), Path("a.yaml")),
    Suite("reasoning", (a_case("sum-3", "smoke"), a_case("race", "hard")), Path("b.yaml")),
)


def names(suites):
    return [f"{suite.name}::{case.id}" for suite in suites for case in suite.cases]


def test_no_expression_selects_everything_and_changes_nothing():
    assert select(SUITES) == SUITES
    assert select(SUITES, "", " ") == SUITES


@pytest.mark.parametrize(
    ("keyword", "kept"),
    [
        ("sum", ["arithmetic::sum-1", "reasoning::sum-3"]),
        ("product", ["arithmetic::Product-2"]),
        ("PRODUCT or race", ["arithmetic::Product-2", "reasoning::race"]),
        ("sum and reasoning", ["reasoning::sum-3"]),
        ("not sum and not race", ["arithmetic::Product-2"]),
        ("arithmetic::sum", ["arithmetic::sum-1"]),
        ("arith and (sum or race)", ["arithmetic::sum-1"]),
        ("race or arith and sum", ["arithmetic::sum-1", "reasoning::race"]),
        ("not (sum or race)", ["arithmetic::Product-2"]),
    ],
)
def test_a_keyword_matches_part_of_suite_and_case_in_capitals_or_not(keyword, kept):
    assert names(select(SUITES, keyword)) == kept


@pytest.mark.parametrize(
    ("marker", "kept"),
    [
        ("smoke", ["arithmetic::sum-1", "reasoning::sum-3"]),
        ("smoke and not easy", ["reasoning::sum-3"]),
        ("hard or easy", ["arithmetic::sum-1", "arithmetic::Product-2", "reasoning::race"]),
    ],
)
def test_a_marker_matches_whole_tags(marker, kept):
    assert names(select(SUITES, None, marker)) == kept


def test_a_marker_does_not_match_part_of_a_tag():
    with pytest.raises(NothingSelected) as caught:
        select(SUITES, None, "smok")
    assert str(caught.value) == "-m 'smok' leaves none of 4 cases; tags there are: easy, hard, smoke"


def test_both_expressions_have_to_hold():
    assert names(select(SUITES, "sum", "easy")) == ["arithmetic::sum-1"]
    with pytest.raises(NothingSelected, match="-k 'race' and -m 'easy' leaves none of 4 cases"):
        select(SUITES, "race", "easy")


def test_a_suite_left_empty_is_dropped_and_one_left_whole_is_the_same():
    (kept,) = select(SUITES, "reasoning")
    assert kept is SUITES[1]


def test_no_suites_at_all_is_nothing_selected():
    with pytest.raises(NothingSelected, match="nothing leaves none of 0 cases"):
        select((), None, None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a and", "-k a and\n        ^ a word, 'not' or '(' is missing at the end"),
        ("and a", "-k and a\n   ^ a word, 'not' or '(' is missing before 'and'"),
        ("a b", "-k a b\n     ^ 'and' or 'or' is missing before 'b'"),
        ("(a or b", "-k (a or b\n          ^ ')' or another word with 'and' or 'or' is missing at the end"),
        ("a)", "-k a)\n    ^ ')' closes nothing before ')'"),
        ("not", "-k not\n      ^ a word, 'not' or '(' is missing at the end"),
        ("()", "-k ()\n    ^ a word, 'not' or '(' is missing before ')'"),
        ("a or | b", "-k a or | b\n        ^ a word, 'not' or '(' is missing before '|'"),
        ("a & b", "-k a & b\n     ^ 'and' or 'or' is missing before '&'"),
        ("(a b)", "-k (a b)\n      ^ ')' or another word with 'and' or 'or' is missing before 'b'"),
    ],
)
def test_an_expression_that_cannot_be_read_is_shown_with_the_place(text, complaint):
    with pytest.raises(WrongUse) as caught:
        select(SUITES, text)
    assert str(caught.value) == complaint


def test_the_complaint_names_the_option():
    with pytest.raises(WrongUse, match=r"^-m a b\n"):
        select(SUITES, None, "a b")


WORDS = ("a", "b", "c", "d")
EXPRESSIONS = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join)
        | inner.map("not {}".format)
        | inner.map("({})".format)
    ),
    max_leaves=12,
)
TRUE_WORDS = st.frozensets(st.sampled_from(WORDS))


@given(EXPRESSIONS, TRUE_WORDS)
def test_an_expression_means_what_it_means_in_python(text, true):
    wanted = eval(text, {}, {word: word in true for word in WORDS})
    assert parse(text, "-k")(true.__contains__) == wanted


@given(EXPRESSIONS, EXPRESSIONS, TRUE_WORDS)
def test_de_morgan_holds(one, other, true):
    left = parse(f"not (({one}) or ({other}))", "-k")
    right = parse(f"not ({one}) and not ({other})", "-k")
    assert left(true.__contains__) == right(true.__contains__)


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_wrong_use(text):
    with suppress(WrongUse):
        parse(text, "-k")(lambda _word: True)


@given(st.from_regex(WORD, fullmatch=True).filter(lambda word: word not in {"and", "or", "not"}))
def test_a_word_alone_is_an_expression_of_itself(word):
    expression = parse(word, "-k")
    assert expression(word.__eq__)
    assert not expression(word.__ne__)
