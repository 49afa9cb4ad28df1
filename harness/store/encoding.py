"""Rows as lines of JSON, which the journal holds, and lines as tables."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa


def encode(row: Mapping[str, Any]) -> bytes:
    """The row's values as a JSON list without its line end; what neither JSON nor Parquet can hold is mended.

    Half of a surrogate pair, which some providers cut from an emoji, becomes U+FFFD; a number beyond 64 bits becomes null.
    """
    values = list(row.values())
    try:
        return orjson.dumps(values)
    except TypeError:
        return orjson.dumps(mended(values))


def table(lines: Sequence[bytes], schema: pa.Schema) -> pa.Table:
    """Encoded rows as a table of exactly this schema.

    Raises:
        ValueError: a row is no list, or has more columns than the schema: a newer harness wrote it.
        pyarrow.ArrowException: a value is not of its column's type.
    """
    if not lines:
        return schema.empty_table()
    rows = [orjson.loads(line) for line in lines]
    longest, width = max(map(len, rows)), len(schema)
    if longest > width:
        raise ValueError(
            f"a row has {longest} columns and {width} are known: a newer llm-harness wrote it; upgrade to read it"
        )
    columns = list(itertools.zip_longest(*rows))
    columns += [(None,) * len(rows)] * (width - len(columns))
    return pa.Table.from_arrays([_array(*one) for one in zip(columns, schema, strict=True)], schema=schema)


def _array(values: Sequence[Any], column: pa.Field) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return pa.array(values, pa.string()).cast(column.type)
    if pa.types.is_map(column.type):
        return pa.array(
            [None if pairs is None else [(key, value) for key, value in pairs] for pairs in values], column.type
        )
    return pa.array(values, column.type)


def mended(value: Any) -> Any:
    """The value as JSON and Parquet can hold it: half a surrogate pair becomes U+FFFD, a number beyond 64 bits null."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {mended(key): mended(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [mended(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return None
    return value
