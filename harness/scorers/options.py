"""Reads a criterion's options into the scorer's dataclass, whose fields and types are the only statement of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.ask import JsonObject
from harness.scorers.opinion import Unfit

T = TypeVar("T")
_Check = Callable[[object], bool]


def read_options(kind: type[T], given: JsonObject, whose: str) -> T:
    """An instance of the dataclass `kind` from `given`; lists become tuples.

    Raises:
        Unfit: an unknown, missing or ill-typed option; the message names `whose` it is and what would be right.
    """
    form = _form(kind)  # type: ignore[arg-type]  # a class can be hashed
    for name in given:
        if name not in form.hints:
            raise Unfit(f"{whose} has no option {name!r}{did_you_mean(str(name), form.hints)}")
    for name in form.needed:
        if name not in given:
            raise Unfit(f"{whose} needs the option {name!r}")
    values = {}
    for name, value in given.items():
        if not form.checks[name](value):
            raise Unfit(f"{whose}: {name!r} must be {_words(form.hints[name])}, not {value!r}")
        values[name] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**values)
    except Unfit as problem:
        raise Unfit(f"{whose}: {problem}") from None


@dataclass(frozen=True, slots=True)
class _Form:
    """What an options class takes: the type of each option, what tells whether a value is of it, and which must be there."""

    hints: Mapping[str, Any]
    checks: Mapping[str, _Check]
    needed: tuple[str, ...]


@functools.cache
def _form(kind: Any) -> _Form:
    """A class's form, which is compiled from text: that takes longer than most judging."""
    hints = get_type_hints(kind)
    needed = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
    return _Form(hints, {name: _check(hint) for name, hint in hints.items()}, tuple(needed))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a known name is close to `name`, otherwise all known names."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there is {', '.join(names)}" if names else "; it has none"


def _check(hint: Any) -> _Check:
    """What tells whether a value is of the type."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        several = [_check(one) for one in get_args(hint)]
        return lambda value: any(check(value) for check in several)
    if origin is tuple:
        each = _check(get_args(hint)[0])
        return lambda value: isinstance(value, list | tuple) and all(map(each, value))
    if origin is Mapping or origin is dict:
        return lambda value: isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if hint is float:
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    return lambda value: isinstance(value, hint)


def _words(hint: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in get_args(hint) if one is not type(None))
    if origin is tuple:
        return "a list of " + {str: "texts", Mapping: "mappings"}.get(get_origin(get_args(hint)[0]) or str, "values")
    if origin is Mapping or origin is dict:
        return "a mapping"
    return {float: "a number", int: "a whole number", bool: "true or false", str: "text"}[hint]
