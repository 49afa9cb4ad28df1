"""Scorers of plain text: `exact`, `contains`, `starts_with`, `ends_with`, `regex`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex

from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.told import Outcome
from harness.wording import plain, said

PATTERN_LIMIT_S = 0.5
"""How long a pattern may search a reply; beyond that the trial is unscored."""


@dataclass(frozen=True, slots=True)
class ExactOptions:
    """`exact`: the reply equals `expect` (text, a whole number, or a list of which one must fit).

    Spaces at the ends and runs of spaces do not count. `ignore_case` compares without case; `strip_punctuation` ignores
    punctuation and Markdown marks around the reply ("**Paris**.", "(3.14)"), but never a sign before a digit.
    """

    ignore_case: bool = False
    strip_punctuation: bool = False


@dataclass(frozen=True, slots=True)
class ContainsOptions:
    """`contains`: the reply has `all` of these texts and one of `any`; without both, `expect` (text or a list) is `all`."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    ignore_case: bool = False

    def __post_init__(self) -> None:
        if "" in self.any or "" in self.all:
            raise Unfit("an empty text is in every reply")


@dataclass(frozen=True, slots=True)
class StartOptions:
    """`starts_with`: the reply starts with `expect` (text or a list of which one must fit), spaces and runs of them apart."""

    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class EndOptions:
    """`ends_with`: the reply ends with `expect` (text or a list of which one must fit), spaces and runs of them apart."""

    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class RegexOptions:
    """`regex`: `pattern` is found in the reply.

    With a `group` (number or name), what it caught in the last match equals `expect` (text or a list of which one must fit).
    """

    pattern: str
    group: int | str | None = None

    def __post_init__(self) -> None:
        try:
            pattern = regex.compile(self.pattern)
        except regex.error as problem:
            raise Unfit(f"the pattern {self.pattern!r} is wrong: {problem}") from None
        known = [*range(pattern.groups + 1), *pattern.groupindex]
        if self.group is not None and self.group not in known:
            raise Unfit(f"the pattern {self.pattern!r} has no group {self.group!r}")


def _texts(expect: Any) -> tuple[str, ...]:
    """What is expected, as texts.

    Raises:
        Unfit: it is not text, a whole number, or a list of these.
    """
    many = expect if isinstance(expect, list | tuple) else [expect]
    for one in many:
        if isinstance(one, bool) or not isinstance(one, str | int):
            hint = " (put quotes around it if the text is meant)" if isinstance(one, bool | float) else ""
            raise Unfit(f"'expect' must be text or a list of texts, not {one!r}{hint}")
    if not many or any(one == "" for one in many):
        raise Unfit("'expect' must not be empty")
    return tuple(str(one) for one in many)


def _exact_fits(_options: ExactOptions, expect: Any) -> None:
    _texts(expect)


def _exact(options: ExactOptions, expect: Any, outcome: Outcome) -> Opinion:
    got = _bare(said(outcome.reply), options)
    if any(got == _bare(one, options) for one in _texts(expect)):
        return right(got)
    return wrong(f"it is not {' or '.join(map(repr, _texts(expect)))}", got)


def _bare(text: str, options: ExactOptions) -> str:
    text = " ".join(plain(text).split())
    if options.strip_punctuation:
        text = _strip(text)
    return text.casefold() if options.ignore_case else text


def _strip(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _strippable(text[start]) and not _opens_number(text, start):
        start += 1
    while end > start and _strippable(text[end - 1]):
        end -= 1
    return text[start:end]


def _strippable(char: str) -> bool:
    return char.isspace() or char == "`" or (unicodedata.category(char)[0] == "P" and char not in "%‰#&@")


def _opens_number(text: str, place: int) -> bool:
    rest = text[place : place + 3]
    return rest[0] in "-." and (rest[1:2].isdigit() or (rest[1:2] == "." and rest[2:3].isdigit()))


def _contains_fits(options: ContainsOptions, expect: Any) -> None:
    if not options.any and not options.all:
        _texts(expect)


def _folded(text: str, *, ignore_case: bool) -> str:
    text = " ".join(plain(text).split())
    return text.casefold() if ignore_case else text


def _edge_fits(_options: StartOptions | EndOptions, expect: Any) -> None:
    _texts(expect)


def _starts_with(options: StartOptions, expect: Any, outcome: Outcome) -> Opinion:
    got = _folded(said(outcome.reply), ignore_case=options.ignore_case)
    for one in _texts(expect):
        if got.startswith(_folded(one, ignore_case=options.ignore_case)):
            return right(one)
    return wrong(f"it does not start with {' or '.join(map(repr, _texts(expect)))}", got[:80])


def _ends_with(options: EndOptions, expect: Any, outcome: Outcome) -> Opinion:
    got = _folded(said(outcome.reply), ignore_case=options.ignore_case)
    for one in _texts(expect):
        if got.endswith(_folded(one, ignore_case=options.ignore_case)):
            return right(one)
    return wrong(f"it does not end with {' or '.join(map(repr, _texts(expect)))}", got[-80:])


def _contains(options: ContainsOptions, expect: Any, outcome: Outcome) -> Opinion:
    def fold(text: str) -> str:
        return _folded(text, ignore_case=options.ignore_case)

    got = fold(said(outcome.reply))
    every = options.all if options.any or options.all else _texts(expect)
    missing = [one for one in every if fold(one) not in got]
    if missing:
        return wrong(f"it does not contain {', '.join(map(repr, missing))}")
    found = [one for one in options.any if fold(one) in got]
    if options.any and not found:
        return wrong(f"it contains none of {', '.join(map(repr, options.any))}")
    return right(", ".join([*every, *found]))


def _regex_fits(options: RegexOptions, expect: Any) -> None:
    if options.group is not None:
        _texts(expect)


def _regex(options: RegexOptions, expect: Any, outcome: Outcome) -> Opinion:
    try:
        caught = list(_caught(options, said(outcome.reply)))
    except TimeoutError:
        return Opinion(None, None, f"the pattern took longer than {PATTERN_LIMIT_S:g} s")
    if not caught:
        return wrong(f"nothing matches {options.pattern!r}")
    got = caught[-1]
    if options.group is None:
        return right(got)
    wanted = [" ".join(plain(one).split()) for one in _texts(expect)]
    if got is not None and " ".join(plain(got).split()) in wanted:
        return right(got)
    return wrong(f"it is not {' or '.join(map(repr, wanted))}", got)


def _caught(options: RegexOptions, text: str) -> Iterator[str | None]:
    if options.group is None:
        match = regex.search(options.pattern, text, timeout=PATTERN_LIMIT_S)
        if match:
            yield match[0]
        return
    for match in regex.finditer(options.pattern, text, timeout=PATTERN_LIMIT_S):
        yield match[options.group]


EXACT = Scorer("1", ExactOptions, _exact_fits, _exact)
CONTAINS = Scorer("1", ContainsOptions, _contains_fits, _contains)
STARTS_WITH = Scorer("1", StartOptions, _edge_fits, _starts_with)
ENDS_WITH = Scorer("1", EndOptions, _edge_fits, _ends_with)
REGEX = Scorer("1", RegexOptions, _regex_fits, _regex)
