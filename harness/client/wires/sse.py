"""Server-sent events from raw chunks (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Lines end in LF, CRLF or CR, wherever chunks split them, also inside a character; comments are left out; several `data` lines are one
event. An event at the very end without its empty line is given as well: servers forget it, and its data may be whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from harness.client.failures import failure
from harness.client.wires.contract import Event
from harness.told import Failure

_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
LONGEST_FIELD = max(map(len, _FIELDS))


class Events:
    """Splits a stream into the events that have data, or a name and data of nothing. An event is dated by the bytes that complete its data."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._at = 0.0

    def feed(self, at: float, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        text = self._rest + data
        if b"\r" not in text:
            *lines, self._rest = text.split(b"\n")
        elif text.endswith(b"\r"):  # it may be half of a CRLF, and is looked at again with the next bytes
            *lines, rest = _LINE_END.split(text[:-1])
            self._rest = rest + b"\r"
        else:
            *lines, self._rest = _LINE_END.split(text)
        return self._found(at, lines)

    def close(self, at: float) -> list[Event]:
        """The event that was not ended, which came until then."""
        found = self._found(at, _LINE_END.split(self._rest))
        self._rest = b""
        return [*found, *self._ended(whole=False)]

    def _found(self, at: float, lines: list[bytes]) -> list[Event]:
        found: list[Event] = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
                self._at = at
            elif line.startswith(b"event:"):
                self._name = line[6:].removeprefix(b" ").decode("utf-8", "replace")
            elif line == b"data":
                self._data.append(b"")
                self._at = at
            elif line == b"event":
                self._name = ""
            elif not line and (self._data or self._name):
                found += self._ended(whole=True)
        return found

    def _ended(self, *, whole: bool) -> list[Event]:
        name, data, self._name, self._data = self._name, self._data, "", []
        # A nameless event of nothing keeps the connection alive, and says nothing.
        return [Event(self._at, name, b"\n".join(data), whole)] if any(data) or (data and name) else []


def begins(start: bytes, *, ended: bool = True) -> bool | None:
    """Whether bytes that start so are server-sent events: their first line is a field of one, or a comment. None: not to be told yet."""
    start = start.lstrip(b"\xef\xbb\xbf\r\n ")
    if start.startswith(_FIELDS):
        return True
    return False if ended or len(start) >= LONGEST_FIELD else None


def parsed(event: Event) -> Mapping[str, Any] | Failure | None:
    """The event's body with its type; None where the stream was cut within it."""
    try:
        body = event.json()
    except orjson.JSONDecodeError as error:
        return failure("stream_malformed", f"an event of the stream is not JSON: {error}") if event.whole else None
    if not isinstance(body, dict):
        return failure("stream_malformed", "an event of the stream is no JSON object")
    return {"type": event.name, **body}
