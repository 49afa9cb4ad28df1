"""What a reply says, in plain characters: without thoughts, and with characters that mean the same made the same."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from harness.told import Reply

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_ALIKE = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},  # full-width forms of ASCII
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "‘’‚′"), "'"),
    **dict.fromkeys(map(ord, "“”„″"), '"'),
    ord("−"): "-",
    ord("‑"): "-",
    ord("⁄"): "/",
    ord("∕"): "/",
}
_TAGS = "think|thinking|reasoning"
_THOUGHTS = re.compile(rf"\A(?:\s*<({_TAGS})>.*?(?:</\1>|\Z))+", re.DOTALL | re.IGNORECASE)
_UNOPENED = re.compile(rf"\A(?:(?!<(?:{_TAGS})>).)*?</(?:{_TAGS})>", re.DOTALL | re.IGNORECASE)


def said(reply: Reply) -> str:
    """The visible text of a reply, stripped: without thoughts that a model left at its beginning (`<think>…</think>`).

    A thought that never closes takes the rest of the text with it: nothing was said yet. One whose opening tag was lost
    ends where it closes. A reply that is blank but for invisible characters is empty.
    """
    text = _UNOPENED.sub("", _THOUGHTS.sub("", reply.text)) if "<" in reply.text else reply.text
    return (text if text.isascii() else text.translate(_INVISIBLE)).strip()


def plain(text: str) -> str:
    """The text with characters that mean the same made the same.

    Full-width forms, decimal digits of any script, spaces, quotes and minus signs become ASCII; accents are composed.
    Superscripts stay: 5² is not 52.
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).translate(_ALIKE)
    return "".join(_digit(char) for char in text)


@cache
def _digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
