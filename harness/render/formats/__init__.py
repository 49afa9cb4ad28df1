"""The formats of a run and of a comparison: a family of files over the same words. What there is stands in `FORMATS`, and nowhere else.

Each is a function that takes the model, `RunResults` or `Compared`, and writes it to an open text file. It is loaded when it is chosen.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TextIO

from harness.judged import Compared
from harness.shown import RunResults

Write = Callable[[RunResults, TextIO], None]
WriteComparison = Callable[[Compared, TextIO], None]


@dataclass(frozen=True, slots=True)
class Format:
    """What a format is for, and the functions that write it as "file:function"; None where there is none of it."""

    what: str
    run: str | None = None
    comparison: str | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": Format("tables, for a terminal", "text:run", "text:comparison"),
        "text-all": Format("the same with every cell that did not change", None, "text:with_every_cell"),
        "markdown": Format("for a pull request: what changed first, the rest folded", "markdown:run", "markdown:comparison"),
        "html": Format("a page of its own: sort, filter, read each case", "html:run", "html:comparison"),
        "json": Format("everything, for programs", "json:run", "json:comparison"),
        "csv": Format("a line for each trial, or cell, for spreadsheets", "csv:run", "csv:comparison"),
        "junit": Format("XML for CI servers: a test for each trial, or cell", "junit:run", "junit:comparison"),
        "pytest-benchmark": Format("latencies, for `pytest-benchmark compare`", "pytest_benchmark:run", "pytest_benchmark:comparison"),
        "github": Format("annotations and summary, as a job's log", None, "github:log"),
        "github-summary": Format("Markdown that GitHub takes as a job's summary", None, "github:summary"),
        "github-comment": Format("Markdown short enough for a comment, with the mark that `harness comment` finds it by", None, "github:comment"),
    }
)  # fmt: skip


def of_runs() -> dict[str, str]:
    """The names of the formats of a run, each with what it is for."""
    return {name: one.what for name, one in FORMATS.items() if one.run}


def of_comparisons() -> dict[str, str]:
    """The same of a comparison."""
    return {name: one.what for name, one in FORMATS.items() if one.comparison}


def write(name: str, model: RunResults | Compared, out: TextIO) -> None:
    """Write the model in the format of that name.

    Raises:
        KeyError: there is no such format of it.
    """
    where = FORMATS[name].run if isinstance(model, RunResults) else FORMATS[name].comparison
    if where is None:
        raise KeyError(name)
    file, _, function = where.partition(":")
    getattr(importlib.import_module(f"{__name__}.{file}"), function)(model, out)
