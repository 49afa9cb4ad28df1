r"""The scorer `choice`: one or several of given choices, as a letter or a word.

Where a reply names several, what it says last and most plainly counts, in this order: `\boxed{B}`; after an explicit
marker ("ANSWER: C", "the answer is (B)"); a last or first line that is nothing else ("**B**"); the only line that opens
with one ("B) Paris"); the last choice in brackets or bold; the only choice that is named at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.reading import boxed, marked
from harness.told import Outcome
from harness.wording import plain, said

_OPEN = r"[\s*_`\"'(\[{<$\\]*"
_CLOSE = r"[*_`\"')\]}>$.]*"
_FILLER = r"(?:(?:\\(?:text|textbf|mathbf|mathrm|boxed)|(?:option|choice|letter|answer|antwort)\b)" + _OPEN + ")*"
_AND = r"\s*(?:,\s*(?:and|und|et|y|e|or|oder|ou|o)\b|[,;/&+]|\b(?:and|und|et|y|e|or|oder|ou|o)\b)\s*"


@dataclass(frozen=True, slots=True)
class ChoiceOptions:
    """`choice`: the reply names `expect`, one of `choices`, or exactly the choices that `expect` lists, in any order.

    Words are found without case. A single letter counts in lower case only where nothing but punctuation follows it.
    """

    choices: tuple[str, ...] = ("A", "B", "C", "D")

    def __post_init__(self) -> None:
        if len(self.choices) < 2:
            raise Unfit("'choices' needs at least two")
        if any(not one.strip() for one in self.choices):
            raise Unfit("a choice is empty")
        if len({one.casefold() for one in self.choices}) < len(self.choices):
            raise Unfit("a choice is there twice")


def _fits(options: ChoiceOptions, expect: Any) -> None:
    wanted = expect if isinstance(expect, list | tuple) else [expect]
    known = {plain(one).casefold() for one in options.choices}
    for one in wanted:
        if not isinstance(one, str) or plain(one).casefold() not in known:
            hint = " (put quotes around it if the word is meant)" if isinstance(one, bool) else ""
            raise Unfit(f"'expect' must be of the choices {', '.join(options.choices)}, not {one!r}{hint}")
    if not wanted:
        raise Unfit("'expect' must name at least one choice")


def _judge(options: ChoiceOptions, expect: Any, outcome: Outcome) -> Opinion:
    wanted = {plain(one).casefold() for one in (expect if isinstance(expect, list | tuple) else [expect])}
    named = read_choices(options.choices, said(outcome.reply))
    if not named:
        return wrong(f"it names none of {', '.join(options.choices)}")
    got = ", ".join(named)
    if {one.casefold() for one in named} == wanted:
        return right(got)
    return wrong(f"it is not {', '.join(expect) if isinstance(expect, list | tuple) else expect}", got)


def read_choices(choices: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The choices that a reply settles on, in their given spelling; empty where it names none, several where it wavers."""
    grammar = _grammar(choices)
    text = plain(text)
    for place in _places(text, grammar):
        match = grammar.some.match(place)
        if match:
            return grammar.names(match[0])
    emphasised = grammar.emphasised.findall(text)
    if emphasised:
        return grammar.names(emphasised[-1])
    return grammar.names(text)


@dataclass(frozen=True, slots=True)
class _Grammar:
    """The patterns that find some choices: one, a list of them, a line of nothing else, a line's opening, one emphasised."""

    spelling: dict[str, str]
    one: re.Pattern[str]
    some: re.Pattern[str]
    whole: re.Pattern[str]
    opening: re.Pattern[str]
    emphasised: re.Pattern[str]

    def names(self, text: str) -> tuple[str, ...]:
        """Each choice that stands in `text`, once, in the order of the choices."""
        found = {match[0].casefold() for match in self.one.finditer(text)}
        return tuple(spelling for key, spelling in self.spelling.items() if key in found)


@lru_cache(maxsize=256)
def _grammar(choices: tuple[str, ...]) -> _Grammar:
    one = "(?:" + "|".join(_token(plain(name)) for name in sorted(choices, key=len, reverse=True)) + ")"
    some = f"{_OPEN}{_FILLER}{one}(?:{_CLOSE}{_AND}{_OPEN}{_FILLER}{one})*"
    return _Grammar(
        spelling={plain(name).casefold(): name for name in choices},
        one=re.compile(one),
        some=re.compile(some),
        whole=re.compile(rf"{some}{_CLOSE}[,;!]*\s*\Z"),
        opening=re.compile(rf"{some}(?:\)|\.\s|:|\*\*|,\s)"),
        emphasised=re.compile(rf"\(\s*{one}\s*\)|\[\s*{one}\s*\]|\*\*\s*\(?{one}\)?[.:)]?\s*\*\*"),
    )


def _token(name: str) -> str:
    """A pattern for one choice that stands alone: no part of a word, of a name like C++ or of an apostrophe's word."""
    before, after = r"(?<![\w+#&'-])", r"(?![\w+#&]|['-]\w)"
    if len(name) == 1 and name.isalpha():
        small = rf"{re.escape(name.lower())}(?=\s*(?:[)\]}}*.,;:!$]|\Z|\n))"
        return f"{before}(?:{re.escape(name.upper())}|{small}){after}"
    return f"{before}(?i:{re.escape(name)}){after}"


def _places(text: str, grammar: _Grammar) -> Iterator[str]:
    """The places of a reply where its choice may stand, the plainest first."""
    box = boxed(text)
    if box is not None:
        yield box
    yield from marked(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield from (line for line in (lines[-1:] + lines[:1]) if grammar.whole.match(line))
    opened = [line for line in lines if grammar.opening.match(line)]
    if len(opened) == 1:
        yield opened[0]


CHOICE = Scorer("1", ChoiceOptions, _fits, _judge)
