"""`-k` and `-m`: which cases are meant, by expressions of words, `and`, `or`, `not` and parentheses, as in pytest."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.ask import Case, Suite
from harness.errors import NothingSelected, WrongUse

WORD = re.compile(r"[^\s()&|!,]+")
"""A word of an expression; ids and tags are such words, so that an expression can name them."""

Holds = Callable[[str], bool]
"""Whether a word holds for a case."""

Expression = Callable[[Holds], bool]
"""A parsed expression: whether it holds, given which words do."""


def select(suites: Sequence[Suite], keyword: str | None = None, marker: str | None = None) -> tuple[Suite, ...]:
    """The suites with only the cases for which both expressions hold; suites left empty are dropped, and so is the gate of one that is not whole.

    A word of `keyword` holds where it is part of "suite::case", in capitals or not; a word of `marker` where it is one of
    the case's tags. None or "" selects everything. Raises WrongUse for an expression that cannot be read and
    NothingSelected when no case is left.
    """
    by_name = parse(keyword, "-k") if keyword and keyword.strip() else _everything
    by_tag = parse(marker, "-m") if marker and marker.strip() else _everything
    kept = []
    for suite in suites:
        cases = tuple(case for case in suite.cases if by_name(_names(suite, case)) and by_tag(_tags(case)))
        if cases:
            kept.append(suite if len(cases) == len(suite.cases) else replace(suite, cases=cases, gate=None))
    if not kept:
        raise NothingSelected(_nothing_left(suites, keyword, marker))
    return tuple(kept)


def parse(text: str, option: str) -> Expression:
    """Reads an expression. `not` binds closer than `and`, `and` closer than `or`. Raises WrongUse naming `option`."""
    parser = _Parser(text, option)
    expression = parser.either()
    parser.expect_end()
    return expression


def _everything(_holds: Holds) -> bool:
    return True


def _names(suite: Suite, case: Case) -> Holds:
    name = f"{suite.name}::{case.id}".lower()
    return lambda word: word.lower() in name


def _tags(case: Case) -> Holds:
    return lambda word: word in case.tags


def _nothing_left(suites: Sequence[Suite], keyword: str | None, marker: str | None) -> str:
    cases = [case for suite in suites for case in suite.cases]
    asked = " and ".join(f"{option} '{text}'" for option, text in [("-k", keyword), ("-m", marker)] if text)
    tags = sorted({tag for case in cases for tag in case.tags})
    known = f"; tags there are: {', '.join(tags)}" if marker and tags else ""
    return f"{asked or 'nothing'} leaves none of {len(cases)} cases{known}"


class _Parser:
    """Recursive descent over the tokens of one expression, each with the column where it starts."""

    def __init__(self, text: str, option: str) -> None:
        self.text = text
        self.option = option
        self.tokens = [(found[0], found.start()) for found in re.finditer(rf"{WORD.pattern}|\S", text)]
        self.next = 0

    def either(self) -> Expression:
        left = self.both()
        while self.take("or"):
            left = _or(left, self.both())
        return left

    def both(self) -> Expression:
        left = self.one()
        while self.take("and"):
            left = _and(left, self.one())
        return left

    def one(self) -> Expression:
        if self.take("not"):
            inner = self.one()
            return lambda holds: not inner(holds)
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                self.fail("')' or another word with 'and' or 'or' is missing")
            return inner
        token, _ = self.peek()
        if token in {"", "and", "or", ")"} or not WORD.fullmatch(token):
            self.fail("a word, 'not' or '(' is missing")
        self.next += 1
        return lambda holds: holds(token)

    def expect_end(self) -> None:
        after, _ = self.peek()
        if after:
            self.fail("')' closes nothing" if after == ")" else "'and' or 'or' is missing")

    def peek(self) -> tuple[str, int]:
        return self.tokens[self.next] if self.next < len(self.tokens) else ("", len(self.text))

    def take(self, token: str) -> bool:
        taken = self.peek()[0] == token
        self.next += taken
        return taken

    def fail(self, missing: str) -> None:
        token, column = self.peek()
        found = f"before '{token}'" if token else "at the end"
        start = f"{self.option} "
        raise WrongUse(f"{start}{self.text}\n{' ' * (len(start) + column)}^ {missing} {found}")


def _or(left: Expression, right: Expression) -> Expression:
    return lambda holds: left(holds) or right(holds)


def _and(left: Expression, right: Expression) -> Expression:
    return lambda holds: left(holds) and right(holds)
