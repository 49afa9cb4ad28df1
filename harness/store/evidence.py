"""Calls and scores as lean frames for deciding: read column by column, texts held once. A million rows of both take about 150 MB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from harness.store import parquet

TRIAL = "trial_id"


@dataclass(frozen=True)
class Source:
    """Files of one kind, and the columns that are wanted of them; those that not every file has are left out."""

    paths: Sequence[Path]
    columns: Sequence[str]
    schema: pa.Schema

    def names(self) -> list[str]:
        """The columns that are wanted and there."""
        there = set(parquet.names(self.paths, self.schema))
        return [name for name in dict.fromkeys(self.columns) if name in there]

    def read(self, name: str) -> pa.ChunkedArray:
        """One column; its texts are numbered, but for `trial_id`, which hardly repeats."""
        coded = [name] if name != TRIAL and pa.types.is_string(self.schema.field(name).type) else []
        return parquet.read(self.paths, [name], self.schema, coded)[name]


def frames(*sources: Source) -> list[pd.DataFrame]:
    """A frame of each source: texts as categoricals, whose categories are sorted, and `trial_id` as a number, the same in all of the frames.

    Raises:
        StoreError: a file cannot be read.
    """
    found = [
        pd.DataFrame({name: _column(source.read(name)) for name in source.names() if name != TRIAL}, copy=False)
        for source in sources
    ]
    having = [number for number, source in enumerate(sources) if TRIAL in source.names()]
    for number, codes in zip(having, _numbered([sources[number].read(TRIAL) for number in having]), strict=True):
        found[number][TRIAL] = codes
    return found


def _numbered(columns: Sequence[pa.ChunkedArray]) -> list[np.ndarray]:
    together = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    codes = _codes(together.dictionary_encode().unify_dictionaries())
    return np.split(codes, np.cumsum([len(column) for column in columns])[:-1]) if columns else []


def _codes(values: pa.ChunkedArray) -> np.ndarray:
    """The number of each value of a dictionary, −1 for null."""
    chunks = [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in values.chunks]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int32)


def _column(values: pa.ChunkedArray) -> pd.Series | pd.Categorical:
    if pa.types.is_string(values.type):  # of no file
        values = values.dictionary_encode()
    if not pa.types.is_dictionary(values.type):
        plain: pd.Series = values.to_pandas()
        return plain
    values = values.unify_dictionaries()
    categories = values.chunks[0].dictionary if values.chunks else pa.array([], pa.string())
    order = pc.array_sort_indices(categories)
    rank = np.full(len(categories) + 1, -1, np.int32)  # the last one is that of −1: null
    rank[order.to_numpy()] = np.arange(len(categories), dtype=np.int32)
    return pd.Categorical.from_codes(rank[_codes(values)], pd.Index(categories.take(order).to_pandas()))
