"""Outcome tables in the long form, a row for each case and provider: CSV (also gzipped), JSON lines, Parquet."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from harness import store
from harness.errors import BadInput, Problem
from harness.load.outcomes.contract import FIELDS, Line, Rows, Source, Wishes, columns_of

_HINT = "--map FIELD=COLUMN names the column of a field, --set FIELD=VALUE sets it for every row"


def open_csv(file: Path, wishes: Wishes) -> Source:
    """A table with a head in its first line; .tsv has tabs."""
    tab = file.name.removesuffix(".gz").endswith(".tsv")
    with text_of(file) as stream:
        head = next(csv.reader(stream, delimiter="\t" if tab else ","), [])
    source = Source(file, "csv", iter(()))
    found = _fields(file, head, wishes, source)
    source.lines = _csv_lines(file, head, found, wishes, "\t" if tab else ",")
    return source


def _csv_lines(file: Path, head: list[str], found: dict[str, str], wishes: Wishes, delimiter: str) -> Iterator[Line]:
    made, cells = Rows(list(found), wishes, suite_of(file, wishes)), [head.index(column) for column in found.values()]
    with text_of(file) as stream:
        rows = csv.reader(stream, delimiter=delimiter)
        next(rows)
        while True:
            begun = rows.line_num + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield begun, str(error)
                continue
            if row is None:
                return
            if not row:
                continue
            if len(row) != len(head):
                yield begun, f"it has {len(row)} cells, the head has {len(head)}"
                continue
            yield begun, made.outcome([row[cell] for cell in cells])


def open_jsonl(file: Path, wishes: Wishes) -> Source:
    """An object on each line; the columns are the keys of the first."""
    source = Source(file, "jsonl", iter(()))
    first = next((one for _, one in json_lines(file) if isinstance(one, dict)), {})
    found = _fields(file, list(first), wishes, source)
    later = {name: name for name in FIELDS if name not in wishes.values}  # a field that the first line has not
    source.lines = _jsonl_lines(file, {**later, **found}, wishes, source)
    return source


def _jsonl_lines(file: Path, found: dict[str, str], wishes: Wishes, source: Source) -> Iterator[Line]:
    made, known = Rows(list(found), wishes, suite_of(file, wishes)), set(found.values())
    for number, one in json_lines(file):
        if isinstance(one, str):
            yield number, one
        else:
            source.left |= one.keys() - known
            yield number, made.outcome([one.get(column) for column in found.values()])


def open_parquet(file: Path, wishes: Wishes) -> Source:
    """Flat columns; the number of a row stands for its line."""
    source = Source(file, "parquet", iter(()))
    found = _fields(file, store.column_names(file), wishes, source)
    source.lines = _parquet_lines(file, found, wishes)
    return source


def _parquet_lines(file: Path, found: dict[str, str], wishes: Wishes) -> Iterator[Line]:
    made = Rows(list(found), wishes, suite_of(file, wishes))
    for number, row in enumerate(store.rows_of(file, list(found.values())), 1):
        yield number, made.outcome(row)


def _fields(file: Path, head: list[str], wishes: Wishes, source: Source) -> dict[str, str]:
    found, wrong, left = columns_of(head, wishes)
    if wrong:
        there = f"it has {', '.join(head)}" if head else "it is empty"
        raise BadInput([Problem(file, 1, "; ".join(wrong), f"{there}; {_HINT}")])
    source.left |= left
    return found


def suite_of(file: Path, wishes: Wishes) -> str:
    """The suite's name: as wished, or else the file's name up to its first dot."""
    return wishes.suite or file.name.partition(".")[0]


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each line's number and object, or what is wrong with it; empty lines are skipped. Raises BadInput where the file cannot be read on."""
    with text_of(file) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                one = json.loads(line)
            except ValueError as error:
                yield number, f"it is no JSON: {error}"
                continue
            yield number, one if isinstance(one, dict) else "it is no JSON object"


class text_of:  # noqa: N801 - it is used as a function
    """The file's text, unpacked; what cannot be opened or unpacked becomes BadInput. Bytes that are not UTF-8 become half surrogates."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> IO[str]:
        opened = gzip.open if self._file.suffix == ".gz" else open
        try:
            self._stream: IO[str] = opened(self._file, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
        except OSError as error:
            raise BadInput([Problem(self._file, None, f"it cannot be read: {error.strerror or error}")]) from error
        return self._stream

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._stream.close()
        if isinstance(error, OSError | EOFError | zlib.error):
            raise BadInput([Problem(self._file, None, f"it cannot be read to its end: {error}")]) from error
