"""What a reply says, in plain characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.told import Reply
from harness.wording import plain, said


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
