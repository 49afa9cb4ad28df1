"""Server-sent events from raw chunks (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Lines end in LF, CRLF or CR, wherever chunks split them, also inside a character; comments are left out; several `data` lines are one
event. An event at the very end without its empty line is given as well: servers forget it, and its data may be whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from harness.client.failures import failure
from harness.client.wires.contract import Chunk
from harness.told import Failure

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when the bytes that complete its data arrived, its name ("" where it has none), its data.

    `whole` is false for the last event if the stream ended before the empty line that ends it.
    """

    at: float
    name: str
    data: str
    whole: bool = True


def events(chunks: Sequence[Chunk]) -> Iterator[Event]:
    """The events of a stream that have data or a name and data of nothing, in order. Bytes that are not UTF-8 are replaced by U+FFFD."""
    name, data, data_at = "", list[bytes](), 0.0
    for at, line in _lines(chunks):
        if line:
            key, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if key == b"data":
                data.append(value)
                data_at = at
            elif key == b"event":
                name = value.decode("utf-8", "replace")
            continue
        if any(data) or (data and name):  # a nameless event of nothing keeps the connection alive, and says nothing
            yield Event(data_at, name, b"\n".join(data).decode("utf-8", "replace"))
        name, data = "", []
    if any(data) or (data and name):
        yield Event(data_at, name, b"\n".join(data).decode("utf-8", "replace"), whole=False)


def _lines(chunks: Sequence[Chunk]) -> Iterator[tuple[float, bytes]]:
    rest, at = b"", 0.0
    for index, (at, data) in enumerate(chunks):
        text = rest + data
        # A CR at a chunk's end may be half of a CRLF; it is looked at again with the next chunk.
        held = text.endswith(b"\r") and index + 1 < len(chunks)
        *whole, rest = _LINE_END.split(text[:-1] if held else text)
        if held:
            rest += b"\r"
        yield from ((at, line) for line in whole)
    if rest:
        yield at, rest


def is_stream(chunks: Sequence[Chunk]) -> bool:
    """Whether the bytes look like server-sent events: their first line is a field of one, or a comment."""
    start = b"".join(data for _at, data in chunks[:8]).lstrip(b"\xef\xbb\xbf\r\n ")
    return start.startswith((b"data:", b"event:", b"id:", b"retry:", b":"))


def parsed(event: Event) -> Mapping[str, Any] | Failure | None:
    """The event's body with its type; None where the stream was cut within it."""
    try:
        body = orjson.loads(event.data)
    except orjson.JSONDecodeError as error:
        return failure("stream_malformed", f"an event of the stream is not JSON: {error}") if event.whole else None
    if not isinstance(body, Mapping):
        return failure("stream_malformed", "an event of the stream is no JSON object")
    return {"type": event.name, **body}
