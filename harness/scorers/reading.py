"""What several scorers read alike in a reply: its words without reasoning, plain characters, fences, boxes, markers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
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
_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)


def said(reply: Reply) -> str:
    """The visible text of a reply, stripped: without thoughts that a model left at its beginning (`<think>…</think>`).

    A thought that never closes takes the rest of the text with it: nothing was said yet. One whose opening tag was lost
    ends where it closes. A reply that is blank but for invisible characters is empty.
    """
    text = _UNOPENED.sub("", _THOUGHTS.sub("", reply.text)) if "<" in reply.text else reply.text
    return text.translate(_INVISIBLE).strip()


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


def fences(text: str) -> list[tuple[str, str]]:
    """The fenced blocks of a Markdown text: (language in lower case, content); one that never closes runs to the end."""
    return [(match[2].lower(), match[3]) for match in _FENCE.finditer(text)]


_BRACE = re.compile(r"(\\(?:boxed|fbox)\s*\{)|\\[{}]|([{}])")


def boxed(text: str) -> str | None:
    r"""The content of the last `\boxed{…}` (or `\fbox{…}`) that closes, braces matched; None where there is none."""
    opened: list[int] = []  # where the content of each box starts; -1 for another brace
    last = (-1, -1)
    for match in _BRACE.finditer(text):
        if match[1]:
            opened.append(match.end())
        elif match[2] == "{":
            opened.append(-1)
        elif match[2] and opened:
            last = max(last, (opened.pop(), match.start()))
    return text[slice(*last)] if last[0] >= 0 else None


_MARKER = re.compile(
    r"""(?ix)
    (?: \b(?: answers? | (?:correct|right|best)\s+(?:option|choice|one) | result
            | antwort | ergebnis | lösung | réponse | résultat | respuesta | resultado | resposta | risposta )
        (?:\s*\([^()\n]{0,20}\))?  ["'*_`]*
        (?: \s*(?:[:=：]|->|→) | \s+(?:is|are|was|equals|(?:would|should|must|will)\s+be|ist|lautet|est|es|sind|é|è)\b )
      | ^\s*\#{4}(?!\#) | (?:答案|回答|答え|正解) \s* (?:是|为|為|は|:|：) )
    (?: [\s*_`"':=]* (?:is|ist|est|es|therefore|thus|simply|indeed)\b )?
    (?! [\s*_`"':]* (?:not|never|nicht|pas|no)\b )
    """,
    re.MULTILINE,
)


AFTER_CHARS = 400
"""How far behind a marker an answer is looked for."""


def marked(text: str) -> Iterator[str]:
    """What follows each explicit marker of an answer ("The answer is", "ANSWER:", "####", "Antwort:", …), last first."""
    for end in reversed([match.end() for match in _MARKER.finditer(text)]):
        yield text[end : end + AFTER_CHARS]
