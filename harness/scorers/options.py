"""Reads a criterion's options into the scorer's dataclass, whose fields and types are the only statement of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.ask import JsonObject
from harness.scorers.opinion import Unfit

T = TypeVar("T")


def read_options(kind: type[T], given: JsonObject, whose: str) -> T:
    """An instance of the dataclass `kind` from `given`; lists become tuples.

    Raises:
        Unfit: an unknown, missing or ill-typed option; the message names `whose` it is and what would be right.
    """
    hints = _hints(kind)  # type: ignore[arg-type]  # a class can be hashed
    for name in given:
        if name not in hints:
            raise Unfit(f"{whose} has no option {name!r}{did_you_mean(str(name), hints)}")
    for one in fields(kind):  # type: ignore[arg-type]  # every options class is a dataclass
        if one.default is MISSING and one.default_factory is MISSING and one.name not in given:
            raise Unfit(f"{whose} needs the option {one.name!r}")
    values = {}
    for name, value in given.items():
        if not _is(value, hints[name]):
            raise Unfit(f"{whose}: {name!r} must be {_words(hints[name])}, not {value!r}")
        values[name] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**values)
    except Unfit as problem:
        raise Unfit(f"{whose}: {problem}") from None


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a class's fields, which are compiled from text: that takes longer than most judging."""
    return get_type_hints(kind)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a known name is close to `name`, otherwise all known names."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there is {', '.join(names)}" if names else "; it has none"


def _is(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_is(value, one) for one in get_args(hint))
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_is(one, get_args(hint)[0]) for one in value)
    if origin is Mapping or origin is dict:
        return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _words(hint: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in get_args(hint) if one is not type(None))
    if origin is tuple:
        return "a list of " + {str: "texts", Mapping: "mappings"}.get(get_origin(get_args(hint)[0]) or str, "values")
    if origin is Mapping or origin is dict:
        return "a mapping"
    return {float: "a number", int: "a whole number", bool: "true or false", str: "text"}[hint]
