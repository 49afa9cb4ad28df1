"""Records of a data file, each with its line: JSON lines or CSV, also gzipped."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from harness.errors import BadInput, Problem


def records(file: Path) -> Iterator[tuple[int, Any]]:
    """The records of a file with their lines: of CSV (by a name with `.csv`) mappings of texts, otherwise one JSON value a line.

    Raises:
        BadInput: the file cannot be read, or is not what its name says; with the line.
    """
    bare = file.name.removesuffix(".gz")
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8-sig", newline="")
            if file.suffix == ".gz"
            else file.open(encoding="utf-8-sig", newline="") as lines
        ):
            yield from _csv(file, lines) if bare.endswith(".csv") else _json_lines(file, lines)
    except (OSError, EOFError) as error:
        raise BadInput([Problem(file, None, f"cannot be read: {error}")]) from error


def _json_lines(file: Path, lines: TextIO) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, json.loads(line)
    except UnicodeDecodeError as error:
        raise BadInput([Problem(file, number + 1, f"cannot be read: {error}")]) from error
    except json.JSONDecodeError as error:
        raise BadInput([Problem(file, number, f"is not JSON: {error.msg}", "one JSON object a line")]) from error


def _csv(file: Path, lines: TextIO) -> Iterator[tuple[int, Any]]:
    rows = csv.DictReader(lines, strict=True)
    try:
        for row in rows:
            if None in row or None in row.values():
                what = (
                    f"has {'more' if None in row else 'fewer'} fields than the {len(rows.fieldnames or ())} of its head"
                )
                raise BadInput([Problem(file, rows.line_num, what)])
            yield rows.line_num, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadInput([Problem(file, rows.line_num + 1, f"cannot be read: {error}")]) from error
