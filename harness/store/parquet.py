"""Parquet files: written whole and checked before they take their name, read by column and held against the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import StoreError
from harness.store.columns import table
from harness.store.durable import beside, guarded, settle
from harness.store.manifest import Part

GROUP_ROWS = 65_536
GROUP_BYTES = 128 << 20
"""A row group ends at so many rows, or so many bytes of Arrow memory where rows are long."""

_CHUNK_BYTES = 16 << 20
_BATCH_ROWS = 8192


def write(path: Path, rows: Iterable[bytes], schema: pa.Schema) -> Part:
    """Write encoded rows as the Parquet file `path`, which appears whole or not at all; returns what is in it.

    What making the rows raises passes through.

    Raises:
        StoreError: it cannot be written, reads back differently, or a row does not fit the schema.
    """
    writer = _Writer(path, schema)
    try:
        for row in rows:
            writer.add(row)
        return writer.finish()
    finally:
        writer.discard()


class _Writer:
    """Gathers rows to row groups in a file beside `path`, which `finish` gives its name."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema, self._spare = path, schema, beside(path)
        self._lines: list[bytes] = []
        self._line_bytes = self._rows = 0
        self._tables: list[pa.Table] = []
        with guarded(path, "cannot be written"):
            self._file = self._spare.open("wb")
            self._parquet = pq.ParquetWriter(self._file, schema, compression="zstd")

    def add(self, row: bytes) -> None:
        self._lines.append(row)
        self._line_bytes += len(row)
        if self._line_bytes >= _CHUNK_BYTES or len(self._lines) >= GROUP_ROWS:
            self._gather()

    def _gather(self) -> None:
        if not self._lines:
            return
        with guarded(self._path, "cannot be written"):
            self._tables.append(table(self._lines, self._schema))
            self._rows += len(self._lines)
            self._lines, self._line_bytes = [], 0
            if (
                sum(one.num_rows for one in self._tables) >= GROUP_ROWS
                or sum(one.nbytes for one in self._tables) >= GROUP_BYTES
            ):
                self._write_group()

    def _write_group(self) -> None:
        self._parquet.write_table(pa.concat_tables(self._tables), row_group_size=2 * GROUP_ROWS)
        self._tables = []

    def finish(self) -> Part:
        self._gather()
        with guarded(self._path, "cannot be written"):
            if self._tables:
                self._write_group()
            self._parquet.close()
            self._file.close()
            found = pq.read_metadata(self._spare).num_rows
            if found != self._rows:
                raise StoreError(f"{self._path} cannot be written: {self._rows} rows went in and {found} are there")
            part = replace(Part.of(self._spare, found), file=self._path.name)
            settle(self._spare, self._path)
        return part

    def discard(self) -> None:
        """Remove what `finish` has not given its name."""
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
        if Part.of(path, part.rows) != part:
            raise StoreError(f"{path} is damaged: it is not the file that manifest.json names. {remedy}")


def read(path: Path, columns: Sequence[str] | None) -> pa.Table:
    """The file's rows, of these columns (None: of all).

    Raises:
        StoreError: it cannot be read, or has no such column.
    """
    with guarded(path, "cannot be read"):
        names = pq.read_schema(path).names
        unknown = [one for one in columns or () if one not in names]
        if unknown:
            raise StoreError(f"{path} has no column {unknown[0]!r}; it has {', '.join(names)}")
        return pq.read_table(path, columns=list(columns) if columns is not None else None)


def batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The file's rows in order, in pieces that fit in memory. Raises StoreError if it cannot be read."""
    with guarded(path, "cannot be read"), pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns))
