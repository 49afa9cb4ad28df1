"""Calls and scores as lean frames for deciding: read column by column, texts held once. A million rows of both take about 150 MB."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.late import pd
from harness.store import parquet

TRIAL = "trial_id"


@dataclass(frozen=True)
class Source:
    """Files of one kind, and the columns that are wanted of them; those that not every file has are left out."""

    paths: Sequence[Path]
    columns: Sequence[str]
    schema: pa.Schema

    def open(self) -> parquet.Columns:
        """The files; texts come numbered, but for `trial_id`, which hardly repeats."""
        wanted = dict.fromkeys(self.columns)
        return parquet.Columns(
            self.paths, self.schema, [name for name in wanted if name != TRIAL and self.is_text(name)]
        )

    def is_text(self, name: str) -> bool:
        """Whether a column holds texts."""
        return bool(pa.types.is_string(self.schema.field(name).type))


def frames(*sources: Source) -> list[pd.DataFrame]:
    """A frame of each source: texts as categoricals, whose categories are sorted, and `trial_id` as a number, the same in all of the frames.

    A column of numbers without a value takes no memory.

    Raises:
        StoreError: a file cannot be read.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(source.open()) for source in sources]
        having = [number for number, source in enumerate(sources) if TRIAL in source.columns]
        codes = _numbered([opened[number].read(TRIAL) for number in having])
        trials = dict(zip(having, codes, strict=True))
        return [
            pd.DataFrame(
                {
                    name: trials[number]
                    if name == TRIAL
                    else _column(opened[number], name, source.schema.field(name).type)
                    for name in dict.fromkeys(source.columns)
                    if name in opened[number].names
                },
                copy=False,
            )
            for number, source in enumerate(sources)
        ]


def _numbered(columns: Sequence[pa.ChunkedArray]) -> list[np.ndarray]:
    """The number of each value, the same in all columns."""
    if not columns:
        return []
    if all(column.equals(columns[0]) for column in columns):  # scores mostly stand as their calls do
        return [_codes(columns[0].dictionary_encode())] * len(columns)
    together = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    codes = _codes(together.dictionary_encode())  # of one dictionary for all chunks
    return np.split(codes, np.cumsum([len(column) for column in columns])[:-1])


def _codes(values: pa.ChunkedArray) -> np.ndarray:
    """The number of each value of a dictionary, −1 for null."""
    chunks = [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in values.chunks]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int32)


def _column(file: parquet.Columns, name: str, kind: pa.DataType) -> pd.Series | pd.Categorical:
    if file.rows and pa.types.is_floating(kind) and file.is_null(name):
        return pd.Series(np.broadcast_to(np.nan, file.rows), copy=False)
    values = file.read(name)
    if pa.types.is_string(values.type):  # of no file
        values = values.dictionary_encode()
    if not pa.types.is_dictionary(values.type):
        plain: pd.Series = values.to_pandas()
        return plain
    return _categories(values.unify_dictionaries())


def _categories(values: pa.ChunkedArray) -> pd.Categorical:
    categories = values.chunks[0].dictionary if values.chunks else pa.array([], pa.string())
    order = pc.array_sort_indices(categories)
    rank = np.full(len(categories) + 1, -1, np.int32)  # the last one is that of −1: null
    rank[order.to_numpy()] = np.arange(len(categories), dtype=np.int32)
    return pd.Categorical.from_codes(rank[_codes(values)], pd.Index(categories.take(order).to_pandas()))
