"""What a benchmark found: tables, targets with whether they were met, notes; as text that is aligned and Markdown at once."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Check:
    """A figure beside its target. `met` is None where there was nothing to hold against it."""

    what: str
    figure: str
    target: str
    met: bool | None

    @property
    def mark(self) -> str:
        """In a word."""
        return {True: "met", False: "MISSED", None: "–"}[self.met]


@dataclass
class Section:
    """A part of the report; `data` is the same for machines."""

    title: str
    said: str = ""
    tables: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """As Markdown."""
        parts = [
            f"## {self.title}",
            textwrap.fill(self.said, 96),
            *self.tables,
            "\n".join(f"- {note}" for note in self.notes),
        ]
        if self.checks:
            parts.append(targets(self.checks))
        return "\n\n".join(part for part in parts if part)


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table in columns: the first to the left, the others to the right."""
    cells = [[_cell(one) for one in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(_set(cell, width, place) for place, (cell, width) in enumerate(zip(row, widths, strict=True)))
        + " |"
        for row in cells
    ]
    rule = "|" + "|".join(f"{'-' * (width + 1)}{':' if place else '-'}" for place, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def times(rounds: int) -> str:
    """The number of rounds in words."""
    return "one round" if rounds == 1 else f"{rounds} rounds"


def targets(checks: Sequence[Check]) -> str:
    """The checks as a table."""
    return table(("what", "figure", "target", "met?"), [(one.what, one.figure, one.target, one.mark) for one in checks])


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - nan: nobody can tell
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _set(cell: str, width: int, place: int) -> str:
    return cell.rjust(width) if place else cell.ljust(width)
