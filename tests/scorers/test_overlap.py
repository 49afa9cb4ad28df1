"""f1, rouge_l and bleu: the words that are shared, in every language, with and without the libraries."""

import importlib.util

import pytest

from harness.ask import Criterion
from harness.scorers import check
from harness.scorers.overlap import words_of
from tests.scorers.replies import answer, score

with_libraries = pytest.mark.skipif(
    not (importlib.util.find_spec("rouge_score") and importlib.util.find_spec("sacrebleu")),
    reason="the extra 'text' is not installed",
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat's 3.14, 1,000!", ["the", "cat", "s", "3.14", "1,000"]),
        ("東京 Tower", ["東", "京", "tower"]),
        ("snake_case", ["snake", "case"]),
        ("...", []),
    ],
)
def test_words_are_runs_of_letters_and_digits(text, words):
    assert words_of(text) == words


def test_without_a_threshold_the_value_is_the_score():
    one = score(Criterion("f1"), "the cat sat", answer("the cat ran away"))
    assert one.value == pytest.approx(4 / 7)
    assert (one.extracted, one.reason) == ("F1 0.571", "F1 0.571, not 1")


def test_a_score_below_its_threshold_says_both():
    one = score(Criterion("f1", {"threshold": 0.6}), "the cat sat", answer("the cat ran away"))
    assert (one.value, one.reason) == (0, "F1 0.571, below 0.6")


@with_libraries
def test_rouge_l_and_bleu_are_those_of_their_libraries():
    rouge = score(Criterion("rouge_l"), "police killed the gunman", answer("police kill the gunman"))
    assert rouge.value == pytest.approx(0.75)  # the example of Lin 2004
    bleu = score(Criterion("bleu"), "the cat is on the mat", answer("the cat the cat on the mat"))
    assert bleu.value is not None
    assert 0 < bleu.value < 1


@with_libraries
def test_bleu_takes_only_tokenizers_that_need_no_download():
    with pytest.raises(ValueError, match="'tokenize' must be 13a, intl, char or none"):
        check(Criterion("bleu", {"tokenize": "flores200"}), "a")


@with_libraries
def test_a_long_reply_is_compared_as_far_as_it_is_read():
    one = score(Criterion("rouge_l"), "cat", answer("dog " * 50_000))
    assert one.value == 0


@pytest.mark.parametrize(
    ("criterion", "expect", "says"),
    [
        (Criterion("f1"), None, "f1: 'expect' must be a text with words, or a list of these, not None"),
        (Criterion("f1"), [], "'expect' must be a text with words"),
        (Criterion("f1"), ["a", "!"], "'expect' must be a text with words"),
        (Criterion("f1", {"threshold": 0}), "a", "'threshold' must be above 0 and at most 1, not 0"),
    ],
)
def test_unfit_criteria_are_refused(criterion, expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(criterion, expect)
    assert says in str(caught.value)


@pytest.mark.parametrize(("name", "library"), [("rouge_l", "rouge-score"), ("bleu", "sacrebleu")])
def test_a_missing_library_is_told_before_anything_is_asked(monkeypatch, name, library):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ValueError, match=f"the library {library} is not installed; install llm-harness with its extra"):
        check(Criterion(name), "a")
