"""Connections that note when bytes meet their sockets, and requests over them.

aiohttp opens the connections, keeps them, and reads HTTP. A request is written in one piece, and a moment is taken before that, and at each
`data_received`, before anything is done with the data: both hold however many streams the loop has to serve, since no task has to wake
for them. The body's bytes are taken out of aiohttp's reader at once; no task sees them before the end. aiohttp's session, which could ask as well, takes
as much time for a request as everything else that is done for it, so it is left out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

KEPT_S = 60.0
"""How long a connection that nobody uses is kept."""

MOST_FORMS = 256
"""Forms that are remembered: a provider has few."""

_HEADERS = {"User-Agent": "llm-harness", "Accept-Encoding": "identity"}  # compression would hold chunks back
_NOT_OURS = ("Content-Type",)  # each request says its own; one without a body has none
_SAFE = frozenset({"GET", "DELETE"})
"""What may be asked twice, and has no body."""
_ANNOUNCED = frozenset({*range(100, 200)} - {101})
"""Statuses of answers after which there is another."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_LIMITS = aiohttp.ClientTimeout(total=None, sock_connect=None)


class Ear(Protocol):
    """What is told of one request. Moments are seconds of the line's clock."""

    def connected(self, seconds: float) -> None:
        """There is a connection, after so many seconds; 0.0 for one that was there before."""
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


class Form:
    """What requests to one address have in common: all but their bodies. Made by `Lines.form`."""

    def __init__(self, call: aiohttp.ClientRequest) -> None:
        self.call = call
        self._head: bytes | None = None

    def filled(self, body: bytes | None) -> bytes:
        """The bytes of a request, once there is a connection for it: a proxy on the way may have added to the head.

        Raises ValueError for a header that cannot be sent.
        """
        if self._head is None:
            self._head = self._written()
        if body is None:
            return self._head + (b"\r\n" if self.call.method in _SAFE else b"Content-Length: 0\r\n\r\n")
        return b"%bContent-Length: %d\r\n\r\n%b" % (self._head, len(body), body)

    def _written(self) -> bytes:
        call = self.call
        target = str(call.url) if call.proxy and not call.is_ssl() else call.url.raw_path_qs
        lines = [f"{call.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in call.headers.items())]
        if any(_CONTROL.search(line) for line in lines):
            raise ValueError("a header has a line break or another control character in it, which cannot be sent")
        return "".join(f"{line}\r\n" for line in lines).encode()


class Line(ResponseHandler):
    """aiohttp's side of a connection, which hands on what comes as it comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float]) -> None:
        super().__init__(loop)
        self.taken = 0
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

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Reads on, if it had stopped: aiohttp asks for that whenever bytes are taken out, and parses nothing each time."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def write(self, request: bytes, ear: Ear | None) -> None:
        """Writes a request; what comes is its answer."""
        if self.transport is None:
            raise aiohttp.ServerDisconnectedError
        self.ear = ear
        self.set_response_params(read_until_eof=True)
        if ear is not None:
            ear.sent(self._clock())  # before: the system may give the processor to the server while it sends
        self.transport.write(request)


class Answer:
    """The head of an answer; `end` waits for its body. Within `with`: what is not read to its end takes the connection along."""

    def __init__(self, connection: Connection, head: Any, content: aiohttp.StreamReader) -> None:
        self.status: int = head.code
        self.headers: Mapping[str, str] = head.headers
        self._connection = connection
        self._content = content

    async def end(self) -> None:
        """Waits until the whole body has come, and keeps the connection for others. Raises what ended it before."""
        error = self._content.exception()
        if error is not None:
            raise error
        await self._content.wait_eof()
        self._connection.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()  # nothing, if it was released


class Lines(aiohttp.TCPConnector):
    """Opens lines, keeps them, and gives each to the request that uses it next. One event loop; `close` when done."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(limit=0, keepalive_timeout=KEPT_S)  # limits.py limits
        self._clock = clock
        self._factory = lambda: Line(self._loop, clock)  # type: ignore[assignment]  # a partial, in aiohttp; it is only called
        self._forms: dict[Hashable, Form] = {}

    def form(self, method: str, url: str, headers: Mapping[str, str], proxy: str | None = None) -> Form:
        """The form of a request. Raises aiohttp.InvalidURL where there is no such address."""
        key = (method, url, proxy, *headers.items())
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = self._forms[key] = Form(self._call(method, url, headers, proxy))
        return form

    def _call(self, method: str, url: str, headers: Mapping[str, str], proxy: str | None) -> aiohttp.ClientRequest:
        try:
            address, on_the_way = URL(url), URL(proxy) if proxy else None
        except ValueError:
            raise aiohttp.InvalidURL(url) from None
        if address.scheme not in {"http", "https"}:
            raise aiohttp.InvalidURL(url)
        said = {name.lower() for name in headers}
        every = {**{name: value for name, value in _HEADERS.items() if name.lower() not in said}, **headers}
        call = aiohttp.ClientRequest(
            method, address, headers=every, skip_auto_headers=_NOT_OURS, loop=self._loop, proxy=on_the_way
        )
        call.headers.popall("Content-Length", None)  # that of no body
        return call

    async def line(self, form: Form, ear: Ear | None = None) -> Connection:
        """A connection for such a request. Whoever has it releases it, or closes it. Raises as `ask` does."""
        begun = self._clock()
        connection = await self.connect(form.call, [], _NO_LIMITS)
        line = connection.protocol
        assert isinstance(line, Line)
        line.taken += 1
        if ear is not None:
            ear.connected(self._clock() - begun if line.taken == 1 else 0.0)
        return connection

    async def ask(self, form: Form, body: bytes | None, ear: Ear | None) -> Answer:
        """Sends a request and waits for the head of its answer.

        Raises:
            ValueError: a header cannot be sent.
            aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError: what the network, or the server, did instead.
        """
        while True:
            connection = await self.line(form, ear)
            line = connection.protocol
            assert isinstance(line, Line)
            try:
                line.write(form.filled(body), ear)
                head, content = await line.read()
                while head.code in _ANNOUNCED:
                    head, content = await line.read()
            except BaseException as error:
                connection.close()
                closed = isinstance(error, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError)
                if (
                    closed and line.taken > 1 and form.call.method in _SAFE
                ):  # it was kept, and the server has just closed it
                    continue
                raise
            return Answer(connection, head, content)
