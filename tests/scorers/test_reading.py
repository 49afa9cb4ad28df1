"""What several scorers read alike in a reply."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scorers.reading import boxed, fences, marked, plain, said
from harness.told import Reply


@given(st.text(st.characters(codec="ascii")))
def test_plain_leaves_ascii_alone(text):
    assert plain(text) == text


@given(st.text())
def test_plain_twice_is_plain_once(text):
    assert plain(plain(text)) == plain(text)


@given(st.integers(), st.sampled_from("٠०௦０𝟎"))
def test_digits_of_every_script_are_read(number, zero):
    foreign = "".join(chr(ord(zero) + int(char)) if char.isdigit() else "−" for char in str(number))
    assert plain(foreign) == str(number)


def test_superscripts_and_accents_keep_their_meaning():
    assert plain("5² é") == "5² é"
    assert plain(unicodedata.normalize("NFD", "é")) == "é"


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("<think>a</think> b", "b"),
        ("<THINK>a</THINK>b", "b"),
        ("<think>a</think>\n<think>b</think>c", "c"),
        ("The tag <think> opens, </think> closes.", "The tag <think> opens, </think> closes."),
        ("a</think>b", "b"),
        ("<think>a", ""),
        ("a < b and c > d", "a < b and c > d"),
        ("<thinker>a", "<thinker>a"),
        (" \u200b\n", ""),
    ],
)
def test_thoughts_and_blanks_are_not_said(text, visible):
    assert said(Reply(text=text)) == visible


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("```python\na\n```", [("python", "a\n")]),
        ("x\n```\na\n```\ny\n~~~JSON title\nb\n~~~\n", [("", "a\n"), ("json", "b\n")]),
        ("````md\n```\na\n```\n````", [("md", "```\na\n```\n")]),
        ("  ```py\n  a\n  ```", [("py", "  a\n")]),
        ("```py\na", [("py", "a")]),
        ("`inline` and ```x```", []),
        ("```c++\na\n```", [("c++", "a\n")]),
    ],
)
def test_fenced_blocks_are_found(text, blocks):
    assert fences(text) == blocks


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"\boxed{42}", "42"),
        (r"\boxed {42}", "42"),
        (r"\fbox{42}", "42"),
        (r"\boxed{\frac{3}{4}}", r"\frac{3}{4}"),
        (r"\boxed{1} \boxed{2}", "2"),
        (r"\boxed{1} \boxed{2", "1"),
        (r"\boxed{\{1\}}", r"\{1\}"),
        (r"a } \boxed{1}", "1"),
        (r"boxed{1}", None),
        (r"\boxed{", None),
    ],
)
def test_the_last_box_that_closes_is_read(text, content):
    assert boxed(text) == content


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("The answer is 4", [" 4"]),
        ("ANSWER: 4", [" 4"]),
        ("Answer = 4", [" 4"]),
        ("**Answer**: 4", [" 4"]),
        ("answer -> 4", [" 4"]),
        ("Answer (in cm): 4", [" 4"]),
        ("#### 4", [" 4"]),
        ("##### heading", []),
        ("Answer: 4. The result is 5", [" 5", " 4. The result is 5"]),
        ("the answer is not 4", []),
        ("Lösung: 4", [" 4"]),
        ("le résultat est 4", [" 4"]),
        ("答案：4", ["4"]),
        ("The answer sheet", []),
        ("unanswered: 4", []),
    ],
)
def test_explicit_markers_are_found_last_first(text, following):
    assert list(marked(text)) == following
