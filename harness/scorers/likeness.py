"""Where a JSON value differs from the one that is expected: for replies in JSON and for the arguments of tool calls."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_LOOSE = re.compile(r"[ ,./\-_*^]")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two values must be. Numbers may differ by `tolerance`.

    `loose_text`: texts are compared without case, spaces and , . / - _ * ^ as the Berkeley Function Calling Leaderboard does.
    `subset`: mappings may have more keys than expected, and lists more items, in any order.
    """

    tolerance: float = 0.0
    loose_text: bool = False
    subset: bool = False


EQUAL = Likeness()


def difference(got: Any, wanted: Any, like: Likeness = EQUAL, place: str = "$") -> str | None:
    """Where two JSON values first differ, in words; None where they are alike. true is not 1, but 1 is 1.0.

    In `wanted`, a mapping with the key `any_of` stands for each of the values that it lists; with `optional: true` beside it,
    the key that it is the value of may also be missing.
    """
    some = alternatives(wanted)
    if some is not None:
        if any(difference(got, one, like, place) is None for one in some):
            return None
        return f"{place} is {_short(got)}, not one of {_short(list(some))}"
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return _mapping_difference(got, wanted, like, place)
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple):
        return _list_difference(got, wanted, like, place)
    return None if _same(got, wanted, like) else f"{place} is {_short(got)}, not {_short(wanted)}"


def alternatives(wanted: Any) -> Sequence[Any] | None:
    """The values that `{any_of: […]}` allows; None for a value that is meant itself."""
    if isinstance(wanted, Mapping) and "any_of" in wanted and wanted.keys() <= {"any_of", "optional"}:
        some = wanted["any_of"]
        return some if isinstance(some, list | tuple) else None
    return None


def pairs_up(fits: Sequence[Sequence[bool]]) -> bool:
    """Whether each row can have a column of its own where it fits (augmenting paths, Kuhn 1955)."""
    owner: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column, fit in enumerate(fits[row]):
            if fit and column not in tried:
                tried.add(column)
                if column not in owner or place(owner[column], tried):
                    owner[column] = row
                    return True
        return False

    return all(place(row, set()) for row in range(len(fits)))


def _mapping_difference(got: Mapping[str, Any], wanted: Mapping[str, Any], like: Likeness, place: str) -> str | None:
    for key, value in wanted.items():
        if key not in got and not (alternatives(value) is not None and value.get("optional") is True):
            return f"{place} lacks {key!r}"
    for key in got:
        if key not in wanted and not like.subset:
            return f"{place} has {key!r}, which is not expected"
    both = (key for key in wanted if key in got)
    return next((why for key in both if (why := difference(got[key], wanted[key], like, f"{place}.{key}"))), None)


def _list_difference(got: Sequence[Any], wanted: Sequence[Any], like: Likeness, place: str) -> str | None:
    if like.subset:
        fits = [[difference(one, item, like) is None for one in got] for item in wanted]
        lacking = next((item for item, row in zip(wanted, fits, strict=True) if not any(row)), None)
        if pairs_up(fits):
            return None
        return f"{place} lacks {_short(lacking)}" if lacking is not None else f"{place} lacks some of {_short(wanted)}"
    if len(got) != len(wanted):
        return f"{place} has {len(got)} items, not {len(wanted)}"
    pairs = enumerate(zip(got, wanted, strict=True))
    return next((why for i, (a, b) in pairs if (why := difference(a, b, like, f"{place}[{i}]"))), None)


def _same(got: Any, wanted: Any, like: Likeness) -> bool:
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(got, int | float) and isinstance(wanted, int | float):
        if got == wanted:
            return True
        return like.tolerance > 0 and abs(_exact(got) - _exact(wanted)) <= _exact(like.tolerance)
    if isinstance(got, str) and isinstance(wanted, str):
        return _text(got, like) == _text(wanted, like)
    return got is None and wanted is None


def _text(text: str, like: Likeness) -> str:
    text = unicodedata.normalize("NFC", text)
    return _LOOSE.sub("", text).casefold().replace("'", '"') if like.loose_text else text


def _exact(number: float) -> Fraction:
    """What a number says in decimal, not what its bits hold: 0.3 − 0.1 is within 0.2."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"
    return text if len(text) <= 80 else text[:79] + "…"
