"""constraints: rules that make no sense are refused before anything is asked; broken ones are named."""

import pytest

from harness.ask import Criterion
from harness.scorers import check
from tests.scorers.replies import answer, score


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([], "constraints: 'rules' must not be empty"),
        ([{"wrods": 3}], "there is no rule 'wrods'; did you mean 'words'?"),
        ([{"words": 3, "json": True}], "a rule is a mapping of one name to its argument"),
        ([{}], "a rule is a mapping of one name to its argument"),
        ([{"words": "3"}], "rule 'words': must be a whole number from 0, not '3'"),
        ([{"words": True}], "must be a whole number from 0, not True"),
        ([{"words": -1}], "must be a whole number from 0, not -1"),
        ([{"words": {}}], "needs 'min', 'max' or both"),
        ([{"words": {"least": 3}}], "takes 'min' and 'max', not 'least'"),
        ([{"words": {"min": 3, "max": 2}}], "'max' (2) is below 'min' (3)"),
        ([{"starts_with": ""}], "rule 'starts_with': must be a text, not ''"),
        ([{"includes": []}], "must not be an empty list"),
        ([{"includes": [3]}], "must be a text, not 3"),
        ([{"lowercase": False}], "must be true (leave it out otherwise), not False"),
        ([{"count": {"word": "a"}}], "takes {word, times}, not {'word': 'a'}"),
        ([{"count": 3}], "takes {word, times}, not 3"),
        ([{"pattern": "a"}], "takes {pattern, times}, not 'a'"),
        ([{"pattern": {"pattern": "(", "times": 1}}], "the pattern '(' is wrong: missing )"),
        ([{"pattern": {"pattern": "a", "times": -1}}], "must be a whole number from 0, not -1"),
        ([{"max_chars": 1.5}], "must be a whole number from 0, not 1.5"),
        ([{"language": "xx"}], "rule 'language': there is no language 'xx'; known: af, ar, "),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("constraints", {"rules": rules}), None)
    assert says in str(caught.value)


def test_every_broken_rule_is_named():
    rules = [{"words": {"min": 5, "max": 9}}, {"sentences": {"min": 2}}, {"lowercase": True}, {"starts_with": "x"},
             {"ends_with": "y"}, {"includes": ["q"]}, {"excludes": ["two"]}, {"max_chars": 3}, {"uppercase": True},
             {"count": {"word": "One", "times": 2}}, {"bullets": 1}]  # fmt: skip
    assert score(Criterion("constraints", {"rules": rules}), None, answer("One two.")).reason.split("; ") == [
        "words: 2, not 5 to 9",
        "sentences: 1, not at least 2",
        "it has capital letters",
        "it does not start with 'x'",
        "it does not end with 'y'",
        "it lacks 'q'",
        "it has 'two'",
        "8 characters, not at most 3",
        "it has small letters",
        "'One': 1, not 2",
        "bullets: 0, not 1",
    ]


GERMAN = "Der Regen fällt seit heute Morgen auf die Dächer der kleinen Stadt, und niemand geht hinaus."


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        ("de", GERMAN, ""),
        ("en", GERMAN, "it is in 'de', not in 'en'"),
        ("en", "The rain has been falling on the roofs of the small town since this morning.", ""),
        ("hi", "आज सुबह से छोटे शहर की छतों पर बारिश हो रही है और कोई बाहर नहीं जाता।", ""),
        ("ja", "今朝から小さな町の屋根に雨が降っていて、誰も外に出ません。", ""),
        ("zh", "从今天早上起,雨一直落在小镇的屋顶上,没有人出门。", ""),
        ("de", "12 + 30 = 42", "it has no words, so it is not in 'de'"),
    ],
)
def test_the_language_of_a_reply_is_told(code, text, reason):
    one = score(Criterion("constraints", {"rules": [{"language": code}]}), None, answer(text))
    assert (one.value, one.reason) == (0 if reason else 1, reason)


def test_the_language_of_a_short_reply_is_always_the_same():
    criterion = Criterion("constraints", {"rules": [{"language": "no"}]})
    assert len({score(criterion, None, answer("Jeg er her i dag")).value for _ in range(20)}) == 1
