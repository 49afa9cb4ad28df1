"""CSV: a line for each trial of a run, or for each cell of a comparison, with nothing in it that a spreadsheet would compute."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import fields
from typing import TextIO

from harness.judged import Compared, Comparison
from harness.render.plain import plain
from harness.shown import Result, RunResults

MOST_CHARACTERS = 32_000
"""A spreadsheet takes 32,767 in a cell."""

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, also in the wide form that some spreadsheets read."""

Cell = str | int | float | bool | None


def run(model: RunResults, out: TextIO) -> None:
    """A line for each trial: the names of `Result`, with `outcome` and `simulated`."""
    names = [one.name for one in fields(Result)]
    rows = ([*(getattr(one, name) for name in names), one.outcome, model.report.simulated] for one in model.results)
    _table([*names, "outcome", "simulated"], rows, out)


def comparison(model: Compared, out: TextIO) -> None:
    """A line for each cell; `change` with its interval `low` … `high`."""
    names = ["provider", "suite", "capability", "measure", "verdict", "base", "new"]
    more = ["p", "p_adjusted", "n_pairs", "n_missing", "n_added", "n_barred", "n_needed", "explained", "simulated", "why"]  # fmt: skip
    rows = ([*_of(one, names), *_change(one), *_of(one, more)] for one in model.cells)
    _table([*names, "change", "low", "high", *more], rows, out)


def _of(cell: Comparison, names: Iterable[str]) -> list[Cell]:
    return [getattr(cell, name) for name in names]


def _change(cell: Comparison) -> list[Cell]:
    return [None, None, None] if cell.change is None else [cell.change.value, cell.change.low, cell.change.high]


def _table(head: list[str], rows: Iterable[list[Cell]], out: TextIO) -> None:
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(head)
    lines.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: Cell) -> Cell:
    """A text as a text, also where it looks like a formula: with a single quote before it, as spreadsheets mean it."""
    if not isinstance(cell, str):
        return cell
    cut = plain(cell[:MOST_CHARACTERS])
    if len(cell) > MOST_CHARACTERS:
        cut += f"… {len(cell) - MOST_CHARACTERS:,} more characters"
    return f"'{cut}" if cut.startswith(_FORMULA) else cut
