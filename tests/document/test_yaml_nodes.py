"""YAML with lines, by YAML 1.2's plain words, and nothing in it that JSON could not say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.document.yaml_nodes import YamlFault, parse_yaml


def fault(text):
    with pytest.raises(YamlFault) as caught:
        parse_yaml(text)
    return caught.value.found


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("12:30", "12:30"), ("010", "010"), ("0x1f", "0x1f"), ("1_000", "1_000"), ("2024-01-31", "2024-01-31"),
        ("7", 7), ("-7", -7), ("0", 0), ("1e3", 1000.0), ("-2.5E-1", -0.25), (".5", 0.5), ("1.", 1.0), (".inf", ".inf"),
        ("1.2.3", "1.2.3"), ("'7'", "7"), ("!!str 7", "7"),
    ],
)  # fmt: skip
def test_a_plain_word_is_what_yaml_1_2_says(word, value):
    data, _ = parse_yaml(f"key: {word}")
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


def test_keys_and_items_have_their_lines():
    _, find = parse_yaml(
        "top:\n  - id: a\n    text: |\n      id: not a key\n    more: {x: 1,\n      y: 2}\n  -\n    id: b\n"
    )
    assert find(()) == 1
    assert find(("top", 0)) == 2
    assert find(("top", 0, "text")) == 3
    assert find(("top", 0, "more", "y")) == 6
    assert find(("top", 1, "id")) == 8
    assert find(("top", 2)) is None
    assert find(("top", "id")) is None
    assert find(("top", 0, "id", "x")) is None


def test_merged_keys_have_the_line_where_they_are_written_and_own_keys_win():
    data, find = parse_yaml("base: &base\n  a: 1\n  b: 1\nother:\n  <<: *base\n  b: 2\n")
    assert data["other"] == {"a": 1, "b": 2}
    assert find(("other", "a")) == 2
    assert find(("other", "b")) == 6


def test_a_key_written_twice_names_both_lines():
    assert fault("a: 1\nb:\n  c: 1\n  c: 2\na: 3") == (
        (4, "the key 'c' is written twice, first on line 3", "keep one"),
        (5, "the key 'a' is written twice, first on line 1", "keep one"),
    )


@pytest.mark.parametrize("text", ["1: x", "true: x", "null: x", "2.5: x"])
def test_a_key_that_is_no_text_is_refused(text):
    [(line, message, hint)] = fault(text)
    assert (line, hint) == (1, "write it in quotes")
    assert message == f"the key {text.partition(':')[0]} is not text"


def test_a_list_as_a_key_is_refused():
    assert fault("? [a, b]\n: x") == ((1, "the key is not text", "write it in quotes"),)


@pytest.mark.parametrize(
    "tagged",
    [
        "!!python/name:os.system x",
        "!!python/object/apply:os.system [id]",
        "!!int three",
        "!!set {a}",
        "!own x",
        "!!binary eA==",
    ],
)
def test_a_tag_is_refused_and_nothing_is_run(tagged):
    [(line, message, hint)] = fault(f"ok: 1\nkey: {tagged}")
    assert (line, hint) == (2, "leave it out")
    assert message.startswith("the tag !")


def test_an_anchor_within_itself_is_refused():
    [(line, message, _)] = fault("ok: 1\nkey: &x\n  - *x")
    assert (line, message) == (2, "an anchor holds itself")


def test_one_anchor_used_twice_is_fine():
    data, find = parse_yaml("a: &x [1]\nb: *x\nc: *x")
    assert data == {"a": [1], "b": [1], "c": [1]}
    assert find(("c",)) == 3


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_is_said_to_be_empty_or_null(text):
    if text == "---\n":
        assert parse_yaml(text)[0] is None
    else:
        assert fault(text) == ((1, "the file is empty", ""),)


@pytest.mark.parametrize(
    ("text", "line", "hinted"),
    [
        ("ok: 1\na: b: c", 2, True),
        ("ok: 1\n\tx: 1", 2, True),
        ("ok: 1\na: @b", 2, True),
        ("a: [1,\nb: 2", 3, False),
        ("ok: 1\na: *nobody", 2, False),
        ("a: 1\n---\nb: 2", 2, False),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text, line, hinted):
    [(found, message, hint)] = fault(text)
    assert message.startswith("is not YAML: ")
    assert abs(found - line) <= 1  # libyaml and PyYAML's own reader differ at the end of a file
    assert bool(hint) is hinted


def test_a_character_that_no_text_has_is_told_with_its_line():
    [(line, message, _)] = fault("a: 1\nb: \x00")
    assert line == 2
    assert message.startswith("holds a character that no text file has")


def test_a_number_longer_than_python_reads_is_no_crash():
    [(line, message, _)] = fault("a: " + "9" * 5000)
    assert line == 1
    assert message.startswith("is not YAML")


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=8)
values = st.recursive(
    st.one_of(words, st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=15,
)


def paths(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from paths(below, (*at, key))


@given(values)
def test_any_json_reads_as_itself_and_each_place_in_it_has_a_line(value):
    data, find = parse_yaml(json.dumps(value, ensure_ascii=False, indent=1))
    assert data == value
    lines = [find(path) for path in paths(value)]
    assert all(isinstance(line, int) for line in lines)
    assert lines == sorted(lines, key=lambda line: line or 0)
