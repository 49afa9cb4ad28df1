"""Options are checked against the dataclass that declares them, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from harness.scorers.opinion import Unfit
from harness.scorers.options import did_you_mean, read_options


@dataclass(frozen=True)
class Options:
    needed: str
    share: float = 0.5
    count: int = 1
    flag: bool = False
    names: tuple[str, ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    schema: Mapping[str, Any] | None = None
    group: int | str | None = None

    def __post_init__(self) -> None:
        if self.count < 0:
            raise Unfit("'count' is 0 or more")


@dataclass(frozen=True)
class Nothing:
    pass


def test_options_are_read_and_lists_become_tuples():
    read = read_options(Options, {"needed": "x", "share": 1, "names": ["a"], "rules": [{"a": 1}], "group": "g"}, "it")
    assert read == Options("x", 1, names=("a",), rules=({"a": 1},), group="g")


def test_null_is_allowed_where_the_type_says_so():
    assert read_options(Options, {"needed": "x", "schema": None}, "it").schema is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "it needs the option 'needed'"),
        ({"needed": "x", "shaer": 1}, "it has no option 'shaer'; did you mean 'share'?"),
        ({"needed": "x", "zzz": 1}, "it has no option 'zzz'; there is count, flag, group, "),
        ({"needed": 1}, "it: 'needed' must be text, not 1"),
        ({"needed": "x", "share": True}, "'share' must be a number, not True"),
        ({"needed": "x", "share": float("nan")}, "'share' must be a number, not nan"),
        ({"needed": "x", "share": "0.5"}, "'share' must be a number, not '0.5'"),
        ({"needed": "x", "count": 1.5}, "'count' must be a whole number, not 1.5"),
        ({"needed": "x", "count": True}, "'count' must be a whole number, not True"),
        ({"needed": "x", "count": -1}, "it: 'count' is 0 or more"),
        ({"needed": "x", "flag": "yes"}, "'flag' must be true or false, not 'yes'"),
        ({"needed": "x", "names": "a"}, "'names' must be a list of texts, not 'a'"),
        ({"needed": "x", "names": [1]}, "'names' must be a list of texts, not [1]"),
        ({"needed": "x", "rules": [1]}, "'rules' must be a list of mappings, not [1]"),
        ({"needed": "x", "schema": []}, "'schema' must be a mapping, not []"),
        ({"needed": "x", "schema": {1: 2}}, "'schema' must be a mapping, not {1: 2}"),
        ({"needed": "x", "group": 1.5}, "'group' must be a whole number or text, not 1.5"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(given, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        read_options(Options, given, "it")
    assert says in str(caught.value)


def test_a_scorer_without_options_says_so():
    with pytest.raises(Unfit, match="it has no option 'x'; it has none"):
        read_options(Nothing, {"x": 1}, "it")


def test_a_close_name_is_proposed_and_otherwise_all_are_listed():
    assert did_you_mean("nubmer", ["number", "exact"]) == "; did you mean 'number'?"
    assert did_you_mean("q", ["number", "exact"]) == "; there is exact, number"
