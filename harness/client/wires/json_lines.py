"""Streams that are a JSON object on each line (https://github.com/ndjson/ndjson-spec), from raw chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from harness.client.wires.contract import Chunk
from harness.client.wires.sse import Event


def lines(chunks: Sequence[Chunk]) -> Iterator[Event]:
    """The lines that say something, each as an event without a name. One at the very end may lack its line end, and is not whole then."""
    rest, at = b"", 0.0
    for at, data in chunks:
        *ended, rest = (rest + data).split(b"\n")
        yield from (Event(at, "", line.decode("utf-8", "replace")) for line in ended if line.strip())
    if rest.strip():
        yield Event(at, "", rest.decode("utf-8", "replace"), whole=False)


def first_object(chunks: Sequence[Chunk]) -> Mapping[str, Any] | None:
    """The object on the first line that says something; None if that is none, and so no such stream begins here."""
    try:
        first = orjson.loads(next(lines(chunks)).data)
    except (StopIteration, orjson.JSONDecodeError):
        return None
    return first if isinstance(first, Mapping) else None
