"""The scorer `constraints`: rules on a reply's form that a program can check; all must hold."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import regex

from harness.ask import JsonObject
from harness.scorers.language import check_language, why_not_in
from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.options import did_you_mean
from harness.scorers.structure import json_text, parse_json
from harness.scorers.text import PATTERN_LIMIT_S
from harness.told import Outcome
from harness.wording import plain, said

Holds = Callable[[str], "str | None"]
"""A rule ready to use: from a reply's text to why the rule does not hold, None where it does."""


@dataclass(frozen=True, slots=True)
class ConstraintsOptions:
    """`constraints`: the reply keeps each of `rules`, each a mapping of one rule to its argument.

    A quantity is a whole number (exactly) or `{min, max}`: `words`, `unique_words`, `sentences`, `bullets`, `numbered` (list items),
    `paragraphs` (set apart by blank lines); `max_chars: N`. Texts: `starts_with`, `ends_with` (to the letter);
    `includes`, `excludes` (lists; whole words, without case); `count: {word, times}`; `pattern: {pattern, times}`, how often a
    regular expression matches, where letters count with their case. Form: `lowercase: true`,
    `uppercase: true`, `json: true`; `language: de`, with the extra `text`. A word is what stands between spaces and has a letter or digit, so languages that
    write without spaces cannot be counted. A sentence ends in . ! ? … or their like before a space; a line break that
    ends a list item ends one too.
    """

    rules: tuple[JsonObject, ...]

    def __post_init__(self) -> None:
        if not self.rules:
            raise Unfit("'rules' must not be empty")
        for rule in self.rules:
            _check(rule)


@dataclass(frozen=True, slots=True)
class _Span:
    """How many of something are wanted."""

    least: int
    most: int | None

    def misses(self, count: int, what: str) -> str | None:
        if count < self.least or (self.most is not None and count > self.most):
            return f"{what}: {count}, not {self}"
        return None

    def __str__(self) -> str:
        if self.least == self.most:
            return str(self.least)
        return f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"


def _check(rule: JsonObject) -> Holds:
    if len(rule) != 1:
        raise Unfit(f"a rule is a mapping of one name to its argument, not {dict(rule)!r}")
    ((name, argument),) = rule.items()
    if name not in _RULES:
        raise Unfit(f"there is no rule {name!r}{did_you_mean(str(name), _RULES)}")
    try:
        return _RULES[name](argument)
    except Unfit as problem:
        raise Unfit(f"rule {name!r}: {problem}") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unfit(f"must be a whole number from 0, not {value!r}")
    return value


def _span(argument: Any) -> _Span:
    if not isinstance(argument, Mapping):
        number = _whole(argument)
        return _Span(number, number)
    for key in argument:
        if key not in {"min", "max"}:
            raise Unfit(f"takes 'min' and 'max', not {key!r}")
    if not argument:
        raise Unfit("needs 'min', 'max' or both")
    least = _whole(argument.get("min", 0))
    most = _whole(argument["max"]) if "max" in argument else None
    if most is not None and most < least:
        raise Unfit(f"'max' ({most}) is below 'min' ({least})")
    return _Span(least, most)


def _one_text(argument: Any) -> str:
    if not isinstance(argument, str) or not argument.strip():
        raise Unfit(f"must be a text, not {argument!r}")
    return argument


def _texts(argument: Any) -> tuple[str, ...]:
    many = argument if isinstance(argument, list | tuple) else [argument]
    if not many:
        raise Unfit("must not be an empty list")
    return tuple(_one_text(one) for one in many)


def _quantity(what: str, count: Callable[[str], int]) -> Callable[[Any], Holds]:
    def rule(argument: Any) -> Holds:
        span = _span(argument)
        return lambda text: span.misses(count(text), what)

    return rule


def _words(text: str) -> int:
    return sum(any(char.isalnum() for char in piece) for piece in re.split(r"\s+|[—–]", text))


def _unique_words(text: str) -> int:
    pieces = (plain(piece).casefold().strip(_AROUND_WORDS) for piece in re.split(r"\s+|[—–]", text))
    return len({piece for piece in pieces if any(char.isalnum() for char in piece)})


_AROUND_WORDS = string.punctuation + "“”‘’«»…¿¡"
_ABBREVIATION = re.compile(
    r"\b(?:(?:Mr|Mrs|Ms|Dr|Prof|St|vs|etc|approx|Fig|No|Nr|bzw|ca|Sr|Sra|Jr)\.|(?:[A-Za-z]\.){2,}|[A-Z]\.(?= [A-Z]))(?=\s+\S)"
)
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s|$)|[。！？]+")
_ITEM = r"[ \t]*(?:[-*•+‣–]|\d+[.)])[ \t]+"
_BULLET = re.compile(r"^[ \t]*[-*•+‣–][ \t]+\S", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(?:\*\*)?\d+[.)](?:\*\*)?[ \t]+\S", re.MULTILINE)


def _sentences(text: str) -> int:
    count = 0
    for block in re.split(rf"\n\s*\n|\n(?={_ITEM})", text):
        bare = _ABBREVIATION.sub(lambda match: match[0].replace(".", ""), re.sub(rf"\A{_ITEM}", "", block))
        pieces = _SENTENCE_END.split(bare)
        count += sum(any(char.isalnum() for char in piece) for piece in pieces)
    return count


def _paragraphs(text: str) -> int:
    return sum(bool(block.strip()) for block in re.split(r"\n[ \t]*\n", text))


def _times(word: str, text: str) -> int:
    start, end = (r"(?<!\w)" if word[0].isalnum() else ""), (r"(?!\w)" if word[-1].isalnum() else "")
    return len(re.findall(start + re.escape(plain(word).casefold()) + end, plain(text).casefold()))


def _starts_with(argument: Any) -> Holds:
    wanted = plain(_one_text(argument))
    return lambda text: None if plain(text).startswith(wanted) else f"it does not start with {wanted!r}"


def _ends_with(argument: Any) -> Holds:
    wanted = plain(_one_text(argument))
    return lambda text: None if plain(text).endswith(wanted) else f"it does not end with {wanted!r}"


def _includes(argument: Any) -> Holds:
    wanted = _texts(argument)

    def holds(text: str) -> str | None:
        missing = [word for word in wanted if not _times(word, text)]
        return f"it lacks {', '.join(map(repr, missing))}" if missing else None

    return holds


def _excludes(argument: Any) -> Holds:
    unwanted = _texts(argument)

    def holds(text: str) -> str | None:
        there = [word for word in unwanted if _times(word, text)]
        return f"it has {', '.join(map(repr, there))}" if there else None

    return holds


def _max_chars(argument: Any) -> Holds:
    most = _whole(argument)
    return lambda text: None if len(text) <= most else f"{len(text)} characters, not at most {most}"


def _count(argument: Any) -> Holds:
    if not isinstance(argument, Mapping) or set(argument) != {"word", "times"}:
        raise Unfit(f"takes {{word, times}}, not {argument!r}")
    word, span = _one_text(argument["word"]), _span(argument["times"])
    return lambda text: span.misses(_times(word, text), repr(word))


def _pattern(argument: Any) -> Holds:
    if not isinstance(argument, Mapping) or set(argument) != {"pattern", "times"}:
        raise Unfit(f"takes {{pattern, times}}, not {argument!r}")
    wanted, span = _one_text(argument["pattern"]), _span(argument["times"])
    try:
        pattern = regex.compile(wanted)
    except regex.error as problem:
        raise Unfit(f"the pattern {wanted!r} is wrong: {problem}") from None
    return lambda text: span.misses(
        sum(1 for _ in pattern.finditer(text, timeout=PATTERN_LIMIT_S)), f"matches of {wanted!r}"
    )


def _language(argument: Any) -> Holds:
    code = check_language(_one_text(argument))
    return lambda text: why_not_in(code, text)


def _form(holds: Holds) -> Callable[[Any], Holds]:
    def rule(argument: Any) -> Holds:
        if argument is not True:
            raise Unfit(f"must be true (leave it out otherwise), not {argument!r}")
        return holds

    return rule


def _is_lower(text: str) -> str | None:
    return None if not any(char.isupper() or char.istitle() for char in text) else "it has capital letters"


def _is_upper(text: str) -> str | None:
    return None if not any(char.islower() for char in text) else "it has small letters"


def _is_json(text: str) -> str | None:
    try:
        parse_json(json_text(text))
    except ValueError as problem:
        return str(problem)
    return None


_RULES: Mapping[str, Callable[[Any], Holds]] = MappingProxyType(
    {
        "words": _quantity("words", _words),
        "unique_words": _quantity("different words", _unique_words),
        "sentences": _quantity("sentences", _sentences),
        "bullets": _quantity("bullets", lambda text: len(_BULLET.findall(text))),
        "numbered": _quantity("numbered items", lambda text: len(_NUMBERED.findall(text))),
        "paragraphs": _quantity("paragraphs", _paragraphs),
        "starts_with": _starts_with,
        "ends_with": _ends_with,
        "includes": _includes,
        "excludes": _excludes,
        "max_chars": _max_chars,
        "count": _count,
        "pattern": _pattern,
        "lowercase": _form(_is_lower),
        "uppercase": _form(_is_upper),
        "json": _form(_is_json),
        "language": _language,
    }
)


def _fits(_options: ConstraintsOptions, _expect: Any) -> None:
    """Any expectation fits: the rules say what is wanted."""


def _judge(options: ConstraintsOptions, _expect: Any, outcome: Outcome) -> Opinion:
    text = said(outcome.reply)
    try:
        broken = [why for rule in options.rules if (why := _check(rule)(text))]
    except TimeoutError:
        return Opinion(None, None, f"a pattern took longer than {PATTERN_LIMIT_S:g} s")
    return wrong("; ".join(broken)) if broken else right()


CONSTRAINTS = Scorer("1", ConstraintsOptions, _fits, _judge)
