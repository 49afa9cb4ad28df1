"""What several scorers read alike in a reply: fences, boxes, markers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)


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


def _marked_line(text: str) -> str | None:
    lines = (line.strip() for rest in marked(text) for line in rest.splitlines())
    return next((line for line in lines if line.strip(" *_`:")), None)


def _line(text: str, which: int) -> str | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[which] if lines else None


def _last_fence(text: str) -> str | None:
    blocks = fences(text)
    return blocks[-1][1].strip() if blocks else None


EXTRACTORS: Mapping[str, Callable[[str], str | None]] = MappingProxyType(
    {
        "all": lambda text: text,
        "boxed": boxed,
        "fence": _last_fence,
        "first_line": lambda text: _line(text, 0),
        "last_line": lambda text: _line(text, -1),
        "marked": _marked_line,
    }
)
"""The parts of a reply that a criterion can ask for by `extract`; `marked` is the line behind "The answer is", "ANSWER:", "####", …"""


def extract(kinds: Sequence[str], text: str) -> str | None:
    """The first of these parts that a text has and that is not blank; None where it has none of them."""
    parts = (EXTRACTORS[kind](text) for kind in kinds)
    return next((part for part in parts if part and part.strip()), None)
