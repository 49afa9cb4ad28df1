"""Streams that are a JSON object on each line (https://github.com/ndjson/ndjson-spec)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from harness.client.wires.contract import Event


class Lines:
    """Splits a stream into the lines that say something, each an event without a name, dated by the bytes that complete it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, at: float, data: bytes) -> list[Event]:
        """The lines that these bytes complete."""
        *ended, self._rest = (self._rest + data).split(b"\n")
        return [Event(at, "", line) for line in ended if line.strip()]

    def close(self, at: float) -> list[Event]:
        """The line that was not ended, which came until then."""
        rest, self._rest = self._rest, b""
        return [Event(at, "", rest, whole=False)] if rest.strip() else []


def first_object(start: bytes) -> Mapping[str, Any] | None:
    """The object on the first line that says something; None if that is none, and so no such stream begins here."""
    try:
        first = orjson.loads(start.lstrip().partition(b"\n")[0])
    except orjson.JSONDecodeError:
        return None
    return first if isinstance(first, Mapping) else None
