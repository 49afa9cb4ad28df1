"""Records of a data file, each with its line: JSON lines, CSV, or a benchmark's own JSON or TSV; also gzipped."""

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

    A `.tsv` has no head: a record is `{file, columns}`, with the file's stem. Of a `.json` that is one object with a list `examples`,
    these are the records, numbered in the place of lines, with `file` besides.

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
            kind = {".csv": _csv, ".tsv": _tsv, ".json": _examples}.get(Path(bare).suffix, _json_lines)
            yield from kind(file, lines)
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


def _examples(file: Path, lines: TextIO) -> Iterator[tuple[int, Any]]:
    try:
        whole = json.loads(lines.read())
    except ValueError:
        lines.seek(0)
        yield from _json_lines(file, lines)
        return
    if not isinstance(whole, dict) or not isinstance(whole.get("examples"), list):
        yield 1, whole
        return
    for number, one in enumerate(whole["examples"], 1):
        yield number, {**one, "file": file.name.partition(".")[0]} if isinstance(one, dict) else one


def _tsv(file: Path, lines: TextIO) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, {"file": file.name.partition(".")[0], "columns": line.rstrip("\r\n").split("\t")}
    except UnicodeDecodeError as error:
        raise BadInput([Problem(file, number + 1, f"cannot be read: {error}")]) from error


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
