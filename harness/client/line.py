"""A connection that notes when bytes meet its socket, and what opens it.

aiohttp keeps the connections and speaks HTTP. A moment is taken before the request's body, which goes out in one piece with its head, is
written, and at each `data_received`, before anything is done with the data: both hold however many streams the loop has to serve, since
no task has to wake for them. The body's bytes are taken out of aiohttp's reader at once; no task sees them before the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

KEPT_S = 60.0
"""How long a connection that nobody uses is kept."""


class Ear(Protocol):
    """What is told of one request. Moments are seconds of the line's clock."""

    def connected(self, connection: Connection, seconds: float) -> None:
        """There is a connection, after so many seconds; 0.0 for one that was there before. An exception ends the request."""
        ...

    def sent(self, at: float) -> None:
        """The request's bytes are handed to the socket now."""
        ...

    def answered(self, status: int) -> None:
        """The head of the answer came."""
        ...

    def took(self, at: float, data: bytes) -> Exception | None:
        """Bytes of the body came; an exception ends the reading, and is raised where the end is waited for."""
        ...


EAR: ContextVar[Ear | None] = ContextVar("ear", default=None)
"""Who is told of the request that is made in this context; None: nobody, and aiohttp's reader keeps the bytes."""


class Body(aiohttp.BytesPayload):
    """A request's body that tells when it is written."""

    def __init__(self, value: bytes, ear: Ear, clock: Callable[[], float]) -> None:
        super().__init__(value)
        self._ear = ear
        self._clock = clock

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Writes the body, and with it the head, which aiohttp holds back for it."""
        self._ear.sent(self._clock())  # before: the system may give the processor to the server while it sends
        await super().write_with_length(writer, content_length)


class Line(ResponseHandler):
    """aiohttp's side of a connection, which hands on what comes as it comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float]) -> None:
        super().__init__(loop)
        self.used = False
        self.ear: Ear | None = None
        self._clock = clock
        self._reader: aiohttp.StreamReader | None = None
        self._busy = False

    def feed_data(self, data: Any, size: int = 0) -> None:
        """A response begins: its head, and the reader of its body."""
        if data[0].code >= 200:  # others only announce one
            self._reader = data[1]
            if self.ear is not None:
                self.ear.answered(data[0].code)
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Bytes came from the socket."""
        at = self._clock()
        super().data_received(data)
        reader, ear = self._reader, self.ear
        if reader is None or ear is None or self._busy:
            return
        self._busy = True  # taking bytes out may make aiohttp go on with what it held back, and call this again
        try:
            while reader.exception() is None and (part := reader.read_nowait()):
                refusal = ear.took(at, part)
                if refusal is not None:
                    self.ear = None
                    reader.set_exception(refusal)
        finally:
            self._busy = False
        if reader.is_eof():
            self.ear = self._reader = None


class Lines(aiohttp.TCPConnector):
    """Opens lines, keeps them, and gives each to the request that uses it next."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(limit=0, keepalive_timeout=KEPT_S)  # limits.py limits
        self._clock = clock
        self._factory = lambda: Line(self._loop, clock)  # type: ignore[assignment]  # a partial, in aiohttp; it is only called

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - aiohttp's name
        """A connection for the request, with the ear of the context on it."""
        begun = self._clock()
        connection = await super().connect(req, traces, timeout)
        line, ear = connection.protocol, EAR.get()
        if isinstance(line, Line):
            fresh, line.used, line.ear = not line.used, True, ear
            if ear is not None:
                ear.connected(connection, self._clock() - begun if fresh else 0.0)
        return connection


async def end_of(content: aiohttp.StreamReader) -> None:
    """Waits until the whole body has come. Raises what ended it before."""
    error = content.exception()
    if error is not None:
        raise error
    await content.wait_eof()
