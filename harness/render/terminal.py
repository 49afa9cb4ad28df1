"""Tables and lines for the terminal, by rich: colour where there is a terminal, plain text where there is none."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from harness.render.plain import one_line, plain
from harness.render.tables import Table

PIPED = 140
"""Columns where the output is read by a program or in a log: what a table of ours needs to break no word."""

MOST_IN_CELL = 400
"""Characters; rich takes minutes to lay out a cell of hundreds of lines."""


class Terminal:
    """Prints to `file` (standard output by default), PIPED columns wide when it is no terminal."""

    def __init__(self, file: TextIO | None = None) -> None:
        out = file or sys.stdout
        self._console = Console(file=out, highlight=False, width=None if out.isatty() else PIPED)

    @property
    def width(self) -> int:
        """Columns that there are."""
        return self._console.width

    def line(self, text: str = "", style: str = "") -> None:
        """One line, wrapped at the terminal's edge; `text` is shown as it is (`plain`), never read as markup."""
        self._console.print(Text(plain(text), style=style), soft_wrap=not self._console.is_terminal)

    def table(self, table: Table) -> None:
        """A title, the rows under a ruled head, the note below; the first column keeps its width."""
        self.line(table.title, style="bold")
        grid = Grid(box=None, pad_edge=False, header_style="dim")
        for number, name in enumerate(table.head):
            left = table.is_left(number)
            grid.add_column(name, justify="left" if left else "right", no_wrap=number == 0, overflow="fold")
        for row in table.rows:
            grid.add_row(*(Text(one_line(cell, MOST_IN_CELL)) for cell in row))
        self._console.print(grid)
        if table.note:
            self.line(table.note, style="dim")
        self.line()
