"""Parquet files: written whole and checked before they take their name, read by column and held against the manifest."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import BadInput, Problem, StoreError
from harness.store.durable import beside, guarded, settle
from harness.store.encoding import table
from harness.store.manifest import Part

GROUP_ROWS = 65_536
GROUP_BYTES = 64 << 20
"""A row group ends at so many rows, or so many bytes of Arrow memory where rows are long."""

_CHUNK_ROWS, _CHUNK_BYTES = 1024, 16 << 20
"""So many rows are turned into columns at a time: few enough to stay in the processor's cache, which is twice as fast."""

_BATCH_ROWS = 8192


def write(path: Path, rows: Iterable[bytes], schema: pa.Schema) -> Part:
    """Write encoded rows as the Parquet file `path`, which appears whole or not at all; returns what is in it.

    What making the rows raises passes through.

    Raises:
        StoreError: it cannot be written, reads back differently, or a row does not fit the schema.
    """
    return _written(path, rows, schema, lambda _: path)


def write_addressed(folder: Path, number: int, rows: Iterable[bytes], schema: pa.Schema) -> Part | None:
    """As `write`, into a file of `folder` whose name is its number and its content's address: "0001-5a5a5a5a5a5a.parquet".

    Without rows there is no file, and None is returned.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return None
    return _written(
        folder / f"{number:04d}", itertools.chain([first], rows), schema,
        lambda sha256: folder / f"{number:04d}-{sha256[:12]}.parquet",
    )  # fmt: skip


def write_named(folder: Path, rows: Iterable[bytes], schema: pa.Schema) -> Part:
    """As `write`, into a file of `folder` whose name is its content's address: "5a5a5a5a5a5a.parquet"."""
    return _written(folder / "rows", rows, schema, lambda sha256: folder / f"{sha256[:12]}.parquet")


def write_table_addressed(folder: Path, number: int, rows: pa.Table) -> Part | None:
    """As `write_addressed`, of a table that was read from such a file."""
    if not rows.num_rows:
        return None
    path = folder / f"{number:04d}"
    writer = FileWriter(path, rows.schema)
    try:
        writer.add_table(rows)
        return writer.finish(lambda sha256: folder / f"{number:04d}-{sha256[:12]}.parquet")
    finally:
        writer.discard()


def _written(path: Path, rows: Iterable[bytes], schema: pa.Schema, named: Callable[[str], Path]) -> Part:
    writer = FileWriter(path, schema)
    collects = gc.isenabled()
    gc.disable()  # rows make no circles, and looking for them takes a quarter of the time
    try:
        for row in rows:
            writer.add(row)
        return writer.finish(named)
    finally:
        if collects:
            gc.enable()
        writer.discard()


class FileWriter:
    """Gathers rows to row groups in a file beside `path`, which `finish` gives its name.

    A row group is compressed and written by a thread while the next one is gathered.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema, self._spare = path, schema, beside(path)
        self._lines: list[bytes] = []
        self._line_bytes = self._rows = 0
        self._tables: list[pa.Table] = []
        self._group_rows = self._group_bytes = 0
        self._aside = ThreadPoolExecutor(1, "parquet")
        self._writing: Future[None] | None = None
        with guarded(path, "cannot be written"):
            self._file = self._spare.open("wb")
            self._parquet = pq.ParquetWriter(self._file, schema, compression="zstd")

    def add(self, row: bytes) -> None:
        """One more encoded row."""
        self._lines.append(row)
        self._line_bytes += len(row)
        if len(self._lines) >= _CHUNK_ROWS or self._line_bytes >= _CHUNK_BYTES:
            self._gather()

    def _gather(self) -> None:
        if not self._lines:
            return
        with guarded(self._path, "cannot be written"):
            gathered = table(self._lines, self._schema)
        self._lines, self._line_bytes = [], 0
        self.add_table(gathered)

    def add_table(self, gathered: pa.Table) -> None:
        """Rows as a table of the file's schema. Raises StoreError."""
        with guarded(self._path, "cannot be written"):
            self._tables.append(gathered)
            self._rows += gathered.num_rows
            self._group_rows += gathered.num_rows
            self._group_bytes += gathered.nbytes
            if self._group_rows >= GROUP_ROWS or self._group_bytes >= GROUP_BYTES:
                self._write_group()

    def _write_group(self) -> None:
        if self._writing is not None:
            self._writing.result()
        group = pa.concat_tables(self._tables)
        self._writing = self._aside.submit(self._parquet.write_table, group, row_group_size=2 * GROUP_ROWS)
        self._tables, self._group_rows, self._group_bytes = [], 0, 0

    def finish(self, named: Callable[[str], Path]) -> Part:
        """Write the rest, read back how many rows are there, and give the file the name that `named` makes of its SHA-256. Raises StoreError."""
        self._gather()
        with guarded(self._path, "cannot be written"):
            if self._tables:
                self._write_group()
            if self._writing is not None:
                self._writing.result()
            self._parquet.close()
            self._file.close()
            found = pq.read_metadata(self._spare).num_rows
            if found != self._rows:
                raise StoreError(f"{self._path} cannot be written: {self._rows} rows went in and {found} are there")
            part = Part.of(self._spare, found)
            path = named(part.sha256)
            settle(self._spare, path)
        return replace(part, file=path.name)

    def discard(self) -> None:
        """Remove what `finish` has not given its name."""
        self._aside.shutdown()
        if not self._file.closed:
            with suppress(OSError, pa.ArrowException):
                self._parquet.close()
            with suppress(OSError):
                self._file.close()
        self._spare.unlink(missing_ok=True)


def check(folder: Path, part: Part, remedy: str) -> None:
    """Hold a file against its manifest, every byte of it.

    Raises:
        StoreError: it is missing, cannot be read, or is not the file that was written.
    """
    path = folder / part.file
    with guarded(path, "cannot be read", remedy):
        if replace(Part.of(path, part.rows), file=part.file) != part:
            raise StoreError(f"{path} is damaged: it is not the file that manifest.json names. {remedy}")


def read(
    paths: Sequence[Path], columns: Sequence[str] | None, schema: pa.Schema, coded: Sequence[str] = ()
) -> pa.Table:
    """The files' rows one after the other, of these columns (None: of all); of no file, none, by `schema`.

    Texts of the columns `coded` come as dictionaries: each is held once, and the rows hold its number.

    Raises:
        StoreError: one cannot be read, or has no such column.
    """
    if not paths:
        return schema.empty_table().select(list(schema.names if columns is None else columns))
    return pa.concat_tables([_read(path, columns, coded) for path in paths], promote_options="default")


def _read(path: Path, columns: Sequence[str] | None, coded: Sequence[str]) -> pa.Table:
    with guarded(path, "cannot be read"), pq.ParquetFile(path, read_dictionary=list(coded)) as file:
        names = file.schema_arrow.names
        unknown = [one for one in columns or () if one not in names]
        if unknown:
            raise StoreError(f"{path} has no column {unknown[0]!r}; it has {', '.join(names)}")
        return file.read(columns=list(columns) if columns is not None else None)


def names(paths: Sequence[Path], schema: pa.Schema) -> list[str]:
    """The columns that every file has; of no file, those of `schema`. Raises StoreError if one cannot be read."""
    found = list(schema.names)
    for path in paths:
        with guarded(path, "cannot be read"):
            there = pq.read_schema(path).names
            found = [name for name in found if name in there]
    return found


class Columns(ExitStack):
    """The rows of files one after the other, column by column; each file is opened once, until the end of the `with`.

    `names` are the columns that every file has; of no file, those of `schema`. Texts of the columns `coded` come as dictionaries, as by `read`.

    Raises:
        StoreError: one cannot be read.
    """

    def __init__(self, paths: Sequence[Path], schema: pa.Schema, coded: Sequence[str] = ()) -> None:
        super().__init__()
        self._files: list[tuple[Path, pq.ParquetFile]] = []
        self._schema = schema
        self.names: list[str] = list(schema.names)
        for path in paths:
            with guarded(path, "cannot be read"):
                file = self.enter_context(pq.ParquetFile(path, read_dictionary=list(coded)))
            self._files.append((path, file))
            there = set(file.schema_arrow.names)
            self.names = [name for name in self.names if name in there]
        self.rows = sum(file.metadata.num_rows for _, file in self._files)

    def read(self, name: str) -> pa.ChunkedArray:
        """One column. Raises StoreError."""
        if not self._files:
            return self._schema.empty_table()[name]
        tables = []
        for path, file in self._files:
            with guarded(path, "cannot be read"):
                tables.append(file.read(columns=[name]))
        return pa.concat_tables(tables, promote_options="default")[name]

    def is_null(self, name: str) -> bool:
        """Whether the files say of themselves that this column, of single values, has none."""
        return all(_nulls(file.metadata, name) == file.metadata.num_rows for _, file in self._files)


def _nulls(about: pq.FileMetaData, name: str) -> int:
    """How many nulls a file says that its column has, at least."""
    place = next(number for number in range(len(about.schema)) if about.schema.column(number).path == name)
    told = [about.row_group(number).column(place).statistics for number in range(about.num_row_groups)]
    return sum(one.null_count for one in told if one is not None and one.has_null_count)


def batches(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The files' rows in order, in pieces that fit in memory. Raises StoreError if one cannot be read."""
    for path in paths:
        with guarded(path, "cannot be read"), pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns))


def column_names(path: Path) -> list[str]:
    """The columns of somebody's Parquet file. Raises BadInput if it is none."""
    with _brought(path), pq.ParquetFile(path) as file:
        found: list[str] = file.schema_arrow.names
        return found


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of somebody's Parquet file, by column. Raises BadInput where it cannot be read on."""
    with _brought(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def unpacked(content: bytes, size: int) -> bytes:
    """Zstandard undone: `size` is how many bytes come out. Raises ValueError if it is not what it should be."""
    try:
        return bytes(pa.decompress(content, decompressed_size=size, codec="zstd"))
    except (OSError, pa.ArrowException) as error:
        raise ValueError(str(error)) from error


@contextmanager
def _brought(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise BadInput([Problem(path, None, f"it cannot be read as Parquet: {error}")]) from error
