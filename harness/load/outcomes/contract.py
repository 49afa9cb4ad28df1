"""What a format of outcomes must give: its rows, each with its place, or what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.store import Brought

REQUIRED = ("case_id", "capability", "provider", "score")
OPTIONAL = (
    "suite", "cost_usd", "latency_s", "cluster", "repeat", "started_at", "question", "text", "error",
    "prompt_tokens", "completion_tokens", "model", "reason",
)  # fmt: skip
FIELDS = (*REQUIRED, *OPTIONAL)
"""The columns of the long form, and those that may be there besides."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to read a source. `columns` says which column holds a field, `values` what a field is on every row, `scorer` which of several scores counts."""

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    suite: str | None = None
    scorer: str | None = None


Line = tuple[int, Brought | str]
"""A row's line (from 1) or number, and the row, or what is wrong with it."""


@dataclass(slots=True)
class Source:
    """An opened source. `left` are columns or scores that are not taken; it is complete when `lines` has ended. `what` is its format in words."""

    file: Path
    what: str
    lines: Iterator[Line]
    left: set[str] = field(default_factory=set)


Open = Callable[[Path, Wishes], Source]


class Rows:
    """Makes outcomes of a table's rows, whose cells are texts, or values of JSON and Parquet, in the order of `fields`; empty ones are not told."""

    def __init__(self, fields: Sequence[str], wishes: Wishes, suite: str) -> None:
        self._readers = [("value" if name == "score" else name, _READERS[name], name) for name in fields]
        same = {
            "value" if name == "score" else name: _READERS[name](value, name) for name, value in wishes.values.items()
        }
        self._same = {"suite": suite, "value": None, **same}

    def outcome(self, cells: Iterable[Any]) -> Brought | str:
        """The outcome, or what is wrong with the row."""
        told = self._same.copy()
        try:
            for (place, read, name), cell in zip(self._readers, cells, strict=True):
                if (value := read(cell, name)) is not None:
                    told[place] = value
        except ValueError as error:
            return str(error)
        return Brought(**told)


def _told(value: Any) -> bool:
    return value is not None and value != "" and value == value  # noqa: PLR0124 - NaN is not itself


def _text(value: Any, name: str) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} is not UTF-8") from None
    return text


def _name(value: Any, name: str) -> str:
    text = _text(value, name)
    if text is None or text.isspace():
        raise ValueError(f"{name} is empty")
    return text


def _score(value: Any, name: str) -> float | None:
    if not _told(value):
        return None
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return float(value.lower() == "true")
    number = as_number(value)
    if number is None or not 0 <= number <= 1:
        raise ValueError(f"{name} must be from 0 to 1, not {value!r}")
    return number


def _amount(value: Any, name: str) -> float | None:
    if not _told(value):
        return None
    number = as_number(value)
    if number is None or number < 0:
        raise ValueError(f"{name} must be a number from 0 on, not {value!r}")
    return number


def _count(value: Any, name: str) -> int | None:
    number = _amount(value, name)
    if number is None:
        return None
    if number != int(number):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return int(number)


def as_number(value: Any) -> float | None:
    """The value as a finite number, None if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def moment(value: Any, name: str = "started_at") -> datetime | None:
    """A time in ISO form (without a zone: UTC) or a datetime. Raises ValueError."""
    if not _told(value):
        return None
    try:
        told = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{name} must be a time such as 2026-11-21T16:00:00+00:00, not {value!r}") from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("case_id", "capability", "provider"), _name),
    **dict.fromkeys(("suite", "cluster", "question", "text", "error", "model", "reason"), _text),
    **dict.fromkeys(("cost_usd", "latency_s"), _amount),
    **dict.fromkeys(("repeat", "prompt_tokens", "completion_tokens"), _count),
    "score": _score,
    "started_at": moment,
}


def columns_of(there: Iterable[str], wishes: Wishes) -> tuple[dict[str, str], list[str], set[str]]:
    """Which column holds each field, what is wrong with that, and the columns that are not taken."""
    names = list(there)
    taken = {name: wishes.columns.get(name, name) for name in FIELDS if name not in wishes.values}
    wrong = [
        f"there is no column {column!r} for {name}"
        for name, column in taken.items()
        if name in wishes.columns and column not in names
    ]
    wrong += [
        f"there is no column {name!r}"
        for name in REQUIRED
        if name in taken and name not in wishes.columns and name not in names
    ]
    found = {name: column for name, column in taken.items() if column in names}
    return found, wrong, set(names) - set(found.values())
