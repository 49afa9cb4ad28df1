"""Each key of a TOML text has its line, whatever stands around it."""

import json
import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from harness.document.toml_lines import toml_lines

TEXT = '''\
# a comment with [brackets] and = signs
title = "x"   # and behind a value = "y"

[server]
address.host = "h"
address."the port" = 3

[server.'deep er']
text = """
[not.a.table]
also = "not a key" \\""" quoted
end"""   # five quotes may close: below
five = """a"""""
raw = \'\'\'
c:\\dir\\
''it'' [x]\'\'\'
after = 1

[[providers]]
name = "a"
tags = [  # a list over lines
  "one",
  "t#w]o" ,

  { inner = 1, list = [
    [1, 2], [] ] },
]
[providers.prices]
input = 1.5

[[providers]]
name = "b"
inline = { x.y = 2, z = "}" }
when = 1979-05-27 07:32:00
[[providers.parts]]
size = 1
[[providers.parts]]
size = 2
'''

LINES = {
    (): 1,
    ("title",): 2,
    ("server",): 4,
    ("server", "address", "host"): 5,
    ("server", "address", "the port"): 6,
    ("server", "deep er"): 8,
    ("server", "deep er", "text"): 9,
    ("server", "deep er", "five"): 13,
    ("server", "deep er", "raw"): 14,
    ("server", "deep er", "after"): 17,
    ("providers", 0): 19,
    ("providers", 0, "name"): 20,
    ("providers", 0, "tags"): 21,
    ("providers", 0, "tags", 0): 22,
    ("providers", 0, "tags", 1): 23,
    ("providers", 0, "tags", 2, "inner"): 25,
    ("providers", 0, "tags", 2, "list", 0, 1): 26,
    ("providers", 0, "tags", 2, "list", 1): 26,
    ("providers", 0, "prices"): 28,
    ("providers", 0, "prices", "input"): 29,
    ("providers", 1): 31,
    ("providers", 1, "inline", "x", "y"): 33,
    ("providers", 1, "inline", "z"): 33,
    ("providers", 1, "when"): 34,
    ("providers", 1, "parts", 0): 35,
    ("providers", 1, "parts", 0, "size"): 36,
    ("providers", 1, "parts", 1, "size"): 38,
}


def paths(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from paths(below, (*at, key))


def test_the_text_below_is_toml():
    assert [one["name"] for one in tomllib.loads(TEXT)["providers"]] == ["a", "b"]


@pytest.mark.parametrize(("path", "line"), LINES.items(), ids=str)
def test_a_key_has_the_line_on_which_it_stands(path, line):
    assert toml_lines(TEXT)[path] == line


def test_no_key_is_found_that_the_data_does_not_have():
    assert set(toml_lines(TEXT)) == set(paths(tomllib.loads(TEXT)))


def test_an_empty_text_has_the_root_alone():
    assert toml_lines("") == {(): 1}
    assert toml_lines("# only a comment") == {(): 1}


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
leaves = st.one_of(words, st.integers(-5, 5), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
tables = st.recursive(
    st.dictionaries(words, leaves, max_size=4),
    lambda inner: st.dictionaries(
        words, st.one_of(leaves, inner, st.lists(st.one_of(leaves, inner), max_size=4)), max_size=4
    ),
    max_leaves=20,
)


@given(tables)
def test_every_key_of_any_data_has_a_line_that_says_it(data):
    text = tomli_w.dumps(data)
    read = tomllib.loads(text)
    lines = toml_lines(text)
    rows = text.split("\n")
    assert set(lines) == set(paths(read))
    for path, line in lines.items():
        if path and isinstance(path[-1], str):
            row = rows[line - 1]
            assert path[-1] in row or json.dumps(path[-1], ensure_ascii=False)[1:-1] in row
