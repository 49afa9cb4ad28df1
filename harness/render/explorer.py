"""What a page needs to sort, filter and open single cases: rows, and their texts as far as there is room."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.render.plain import plain

MOST_ROWS = 20_000
MOST_TEXT = 9_000_000
"""Bytes of all texts together, as they stand in the page."""

CAPS = (20_000, 4_000, 1_000, 250)
"""Characters of a text: the first of these with which the texts that matter fit."""

Cell = str | tuple[float | None, str]
"""A text, or a number to sort by and how it is shown."""


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is text, number, or choice (with a list to choose from); a `minor` one is left out on a phone."""

    name: str
    kind: str = "text"
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row and what opens below it: a text for each of the parts, None where there is none. `matters`: its texts come before those of others."""

    cells: tuple[Cell, ...]
    said: tuple[str | None, ...] = ()
    matters: bool = True


@dataclass(frozen=True)
class Explorer:
    """A table of lines. `data` is JSON that stands in a script element and cannot end it; `note` says what there was no room for."""

    id: str
    title: str
    columns: tuple[Column, ...]
    parts: tuple[str, ...]
    lines: Sequence[Line]
    moods: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    @cached_property
    def shown(self) -> list[Line]:
        """Those that there is room for, those that matter first."""
        return sorted(self.lines, key=lambda one: not one.matters)[:MOST_ROWS]

    @cached_property
    def cap(self) -> int:
        """How much of a text is kept."""
        texts = {text for one in self.shown if one.matters for text in one.said if text}
        fitting = (cap for cap in CAPS if sum(_size(text[:cap]) for text in texts) <= MOST_TEXT)
        return next(fitting, CAPS[-1])

    @property
    def note(self) -> str:
        """What the table shows, and what it does not."""
        parts = [self.about] if self.about else []
        if len(self.lines) > MOST_ROWS:
            parts.append(f"The first {MOST_ROWS:,} of {len(self.lines):,} are here; CSV and JSON have all.")
        if any(text and len(text) > self.cap for one in self.shown for text in one.said):
            parts.append(f"Texts are cut to {self.cap:,} characters here; JSON has all of them.")
        return " ".join(parts)

    @property
    def data(self) -> str:
        """Head, rows, texts (each once) and for each row which of them it opens."""
        cap, texts = self.cap, _Texts()
        told = {
            "head": [[one.name, one.kind, one.minor] for one in self.columns],
            "rows": [[_cell(cell) for cell in one.cells] for one in self.shown],
            "parts": self.parts,
            "details": [texts.places([text and _cut(text, cap) for text in one.said]) for one in self.shown],
            "texts": texts.kept,
            "moods": self.moods,
            "without": "Its texts are not in this page, as there are too many; JSON and Parquet have them.",
        }
        return embedded(told)


class _Texts:
    """Texts, each kept once, until there is no more room."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self._place: dict[str, int] = {}
        self._room = MOST_TEXT

    def places(self, said: Sequence[str | None]) -> list[int] | None:
        """Where each is kept, -1 for none; None where they do not all fit."""
        new = {text for text in said if text and text not in self._place}
        size = sum(map(_size, new))
        if size > self._room:
            return None
        self._room -= size
        for text in said:
            if text and text not in self._place:
                self._place[text] = len(self.kept)
                self.kept.append(text)
        return [self._place[text] if text else -1 for text in said]


def _cell(cell: Cell) -> object:
    return plain(cell) if isinstance(cell, str) else [cell[0], plain(cell[1])]


def _cut(text: str, cap: int) -> str:
    more = len(text) - cap
    return plain(text[:cap]) + (f"… {more:,} more characters" if more > 0 else "")


def _size(text: str) -> int:
    return len(embedded(plain(text)).encode()) + 1


def embedded(value: object) -> str:
    """JSON that may stand in an HTML script element: nothing in it ends that, or begins a comment."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
