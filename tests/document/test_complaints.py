"""What pydantic finds wrong is told in plain words, at its line, with what would be right."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from harness.document import check, did_you_mean, read_yaml
from harness.errors import BadInput


def _even(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd\nsay {number + 1}")
    return number


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Scorer(Strict):
    tolerance: float
    ignore_case: bool = False


class Case(Strict):
    prompt: str
    repeat: int = Field(1, ge=1, le=9)
    weight: float = Field(1, gt=0, lt=10)
    even: Annotated[int, AfterValidator(_even)] = 2
    kind: Literal["short", "long"] = "short"
    tags: list[str] = Field([], max_length=3)
    letters: str = Field("ab", min_length=2, max_length=4, pattern="^[a-z]+$")
    score: str | Scorer | list[str | Scorer] = "exact"
    params: dict[str, float] = {}
    api_key: str | None = None
    other: Any = None


class Suite(Strict):
    cases: list[Case] = Field(min_length=1)
    named: dict[str, Scorer] = {}


def complaints(tmp_path, text):
    path = tmp_path / "suite.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        check(Suite, read_yaml(path))
    assert all(one.file == path for one in caught.value.problems)
    return [(one.line, one.message, one.hint) for one in caught.value.problems]


def test_what_is_right_is_given_back_as_the_model(tmp_path):
    path = tmp_path / "suite.yaml"
    path.write_text("cases:\n  - prompt: hi\n    score: [exact, {tolerance: 1}]\n")
    suite = check(Suite, read_yaml(path))
    assert suite.cases[0].score == ["exact", Scorer(tolerance=1)]


KNOWN = "known: api_key, even, kind, letters, other, params, prompt, repeat, score, tags, weight"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ("prompt: 3", "prompt: 3 is not text", ""),
        ("prompt: x\n    repeat: many", "repeat: 'many' is not a whole number", ""),
        ("prompt: x\n    repeat: true", "repeat: true is not a whole number", ""),
        ("prompt: x\n    repeat: 1.5", "repeat: 1.5 is not a whole number", ""),
        ("prompt: x\n    repeat: 0", "repeat: 0 is below 1", ""),
        ("prompt: x\n    repeat: 10", "repeat: 10 is above 9", ""),
        ("prompt: x\n    weight: 0", "weight: 0 is not above 0.0", ""),
        ("prompt: x\n    weight: 10", "weight: 10 is not below 10.0", ""),
        ("prompt: x\n    even: 3", "even: 3 is odd", "say 4"),
        ("prompt: x\n    kind: middle", "kind: 'middle' is not one of them", "known: 'short', 'long'"),
        ("prompt: x\n    tags: word", "tags: 'word' is not a list", ""),
        ("prompt: x\n    tags: [a, b, 3]", "tags, item 3: 3 is not text", ""),
        ("prompt: x\n    tags: [a, b, c, d]", "tags has more than 3 items", ""),
        ("prompt: x\n    letters: a", "letters: 'a' has fewer than 2 characters", ""),
        ("prompt: x\n    letters: abcde", "letters: 'abcde' has more than 4 characters", ""),
        ("prompt: x\n    letters: AB", "letters: 'AB' does not fit ^[a-z]+$", ""),
        ("prompt: x\n    params: [1]", "params is not a table of keys and values", ""),
        ("prompt: x\n    params: {a: {}}", "params.a is not a number", ""),
        ("prompt: x\n    score: 3", "score: 3 is neither text nor a table of keys and values nor a list", ""),
        ("prompt: x\n    score: [exact, 3]", "score, item 2: 3 is neither text nor a table of keys and values", ""),
        ("prompt: x\n    score: {tolerance: much}", "score.tolerance: 'much' is not a number", ""),
        ("prompt: x\n    score: {tolerance: 1, ignore_cas: true}", "unknown key 'ignore_cas'", "did you mean 'ignore_case'?"),
        ("prompt: x\n    zzz: 1", "unknown key 'zzz'", KNOWN),
        ("prompt: x\n    promt: y", "unknown key 'promt'", "did you mean 'prompt'?"),
        ("repeat: 1", "'prompt' is missing", ""),
    ],
)  # fmt: skip
def test_each_fault_says_what_is_wrong_and_what_would_be_right(tmp_path, said, message, hint):
    [(line, said_message, said_hint)] = complaints(tmp_path, f"cases:\n  - {said}\n")
    assert (said_message, said_hint) == (message, hint)
    assert line == (2 if "\n" not in said else 3)


def test_a_misspelt_key_is_one_complaint_and_not_also_a_missing_one(tmp_path):
    assert complaints(tmp_path, "cases:\n  - promtp: hi\n") == [(2, "unknown key 'promtp'", "did you mean 'prompt'?")]


def test_a_missing_key_within_a_branch_hides_the_other_branches(tmp_path):
    found = complaints(tmp_path, "cases:\n  - prompt: x\n    score: {ignore_case: true}\n")
    assert found == [(3, "'tolerance' is missing", "")]


def test_keys_below_a_named_table_are_known_too(tmp_path):
    found = complaints(tmp_path, "cases:\n  - prompt: x\nnamed:\n  mine: {tolerance: 1, ignorecase: true}\n")
    assert found == [(4, "unknown key 'ignorecase'", "did you mean 'ignore_case'?")]


def test_every_problem_is_listed_in_the_order_of_lines(tmp_path):
    found = complaints(tmp_path, "zzz: 1\ncases:\n  - prompt: 1\n    repeat: x\n  - prompt: 2\n")
    assert [line for line, _, _ in found] == [1, 3, 4, 5]


def test_a_file_that_is_another_thing_altogether(tmp_path):
    assert complaints(tmp_path, "- a\n- b\n") == [(1, "this is not a table of keys and values", "")]
    assert complaints(tmp_path, "cases: []\n") == [(1, "cases has fewer than 1 items", "")]


@pytest.mark.parametrize("value", ["[sk-secret]", "12345678", "{a: sk-secret}"])
def test_the_value_of_a_key_is_never_quoted(tmp_path, value):
    [(_, message, hint)] = complaints(tmp_path, f"cases:\n  - prompt: x\n    api_key: {value}\n")
    assert "api_key" in message
    assert not {"sk-secret", "12345678"} & set((message + hint).replace("'", " ").split())


@pytest.mark.parametrize("value", ["sk-abcdefghijklmnopqrstuvwx", "two\\nlines", "w " * 30])
def test_what_looks_like_a_credential_or_is_long_is_not_quoted(tmp_path, value):
    [(_, message, _)] = complaints(tmp_path, f'cases:\n  - prompt: x\n    repeat: "{value}"\n')
    assert message == "repeat is not a whole number"


def test_plain_data_is_checked_with_the_lines_that_it_is_given():
    with pytest.raises(BadInput) as caught:
        check(Scorer, {"tolerance": "x"}, Path("suite_x.py"), lambda key: 40 + len(key))
    assert str(caught.value) == "suite_x.py:41: tolerance: 'x' is not a number"


def test_plain_data_without_a_place_is_checked_too():
    with pytest.raises(BadInput, match="'tolerance' is missing"):
        check(Scorer, {})


def test_other_complaints_of_pydantic_are_passed_on():
    class Dated(Strict):
        size: Annotated[int, Field(multiple_of=4)]

    with pytest.raises(BadInput, match="size: 3 is wrong: input should be a multiple of 4"):
        check(Dated, {"size": 3})


def test_the_nearest_known_word_is_suggested():
    assert did_you_mean("promtp", ["prompt", "params"]) == "did you mean 'prompt'?"
    assert did_you_mean("zzz", ["b", "a", "a"]) == "known: a, b"
    assert did_you_mean("zzz", []) == ""
