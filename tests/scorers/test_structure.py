"""json: strict where JSON is, by value where people are, and never on the network."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Criterion
from harness.scorers import check
from harness.scorers.likeness import difference
from harness.scorers.structure import at_pointer, parse_json
from tests.scorers.replies import answer, score

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_a_value_survives_being_written_and_read_and_equals_itself(value):
    assert difference(parse_json(json.dumps(value)), value) is None


@given(VALUES, VALUES)
def test_equality_is_the_same_both_ways_round(one, other):
    plain = "any_of" not in json.dumps([one, other])
    assert not plain or (difference(one, other) is None) == (difference(other, one) is None)


@pytest.mark.parametrize(
    ("got", "wanted", "says"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "$.a[1].b is 2, not 3"),
        ({"a": 1}, {"a": 1, "b": 2}, "$ lacks 'b'"),
        ({"a": 1, "c": 2}, {"a": 1}, "$ has 'c', which is not expected"),
        ([1], [1, 2], "$ has 1 items, not 2"),
        ({"a": "x"}, {"a": {"any_of": ["y", "z"]}}, '$.a is "x", not one of ["y", "z"]'),
        ({"a": "x" * 200}, {"a": 1}, "…, not 1"),
        ([], {}, "$ is [], not {}"),
        (None, False, "$ is null, not false"),
        (1, True, "$ is 1, not true"),
    ],
)
def test_the_first_difference_is_named_with_its_place(got, wanted, says):
    why = difference(got, wanted)
    assert why is not None
    assert why.endswith(says)


def test_a_deep_difference_is_still_told():
    deep: object = 1
    for _ in range(50_000):
        deep = [deep]
    assert difference(deep, 1) == "$ is …, not 1"


def test_a_reply_nested_beyond_reason_is_wrong_and_no_crash():
    deep = "[" * 990 + "]" * 990
    one = score(Criterion("json", {"schema": {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}}),
                None, answer(deep))  # fmt: skip
    assert one.state == "scored"
    recursive: list[object] = []
    for _ in range(900):
        recursive = [recursive]
    assert score(Criterion("json"), recursive, answer("[" * 901 + "]" * 901)).state == "scored"
    assert score(Criterion("json"), None, answer("[" * 200_000)).reason == "it is nested too deeply"


def test_the_schema_says_where_a_reply_breaks_it():
    schema = {"properties": {"a": {"items": {"type": "integer"}}}}
    one = score(Criterion("json", {"schema": schema}), None, answer('{"a": [1, "x"]}'))
    assert (one.value, one.reason) == (0, "$.a[1]: 'x' is not of type 'integer'")


@pytest.mark.parametrize(
    ("options", "expect", "says"),
    [
        ({"schema": {"type": "objekt"}}, None, "json: 'schema' is no JSON Schema: 'objekt' is not valid"),
        ({"schema": {"type": "object"}}, [1], "'expect' does not fit 'schema': [1] is not of type 'object'"),
        ({"schema": {"$ref": "http://127.0.0.1:9/x.json"}}, {}, "'schema' refers to what it does not hold"),
        ({"schema": {"$ref": "#/$defs/gone"}}, None, "'schema' refers to what it does not hold: #/$defs/gone"),
        ({"tolerance": -1}, {}, "'tolerance' is 0 or more"),
        ({"pointer": "a/b"}, {}, "'pointer' starts with '/'"),
    ],
)
def test_unfit_criteria_are_refused(options, expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("json", options), expect)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1,}', "it is no JSON: "),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice"),
        ("NaN", "NaN is no JSON"),
        ("-Infinity", "-Infinity is no JSON"),
        ("1e999", "1e999 is beyond what JSON readers can hold"),
    ],
)
def test_what_is_no_json_is_told(text, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        parse_json(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("pointer", "part"),
    [
        ("", {"a/b": [1, {"m~n": "x"}], "": 3}),
        ("/a~1b/0", 1),
        ("/a~1b/1/m~0n", "x"),
        ("/", 3),
    ],
)
def test_a_pointer_names_a_part(pointer, part):
    assert at_pointer({"a/b": [1, {"m~n": "x"}], "": 3}, pointer) == part


@pytest.mark.parametrize("pointer", ["/b", "/a/1", "/a/-1", "/a/00", "/a/x", "/a/0/b", "/a/99999999999999999999"])
def test_a_pointer_to_nothing_is_told(pointer):
    with pytest.raises(LookupError):
        at_pointer({"a": [1]}, pointer)
    one = score(Criterion("json", {"pointer": pointer}), 1, answer('{"a": [1]}'))
    assert (one.value, one.reason) == (0, f"there is nothing at {pointer}")


def test_a_schema_that_refers_within_itself_by_its_own_id_is_taken():
    schema = {"$id": "urn:x", "$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "urn:x#/$defs/n"}}}
    assert score(Criterion("json", {"schema": schema}), None, answer('{"a": "b"}')).value == 0


def test_what_a_subset_lacks_is_told():
    like = Criterion("json", {"subset": True})
    assert score(like, [1, 2], answer("[3, 2]")).reason == "$ lacks 1"
    assert score(like, [1, 1], answer("[1, 2]")).reason == "$ lacks some of [1, 1]"
