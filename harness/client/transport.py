"""The transport: bytes out, bytes in, with the moments at which they met the socket. Nothing is decoded here.

Deadlines are ours: to connect, for the first bytes of the body, between bytes, and for the whole. Whether the first bytes carry content is
known only after decoding, so the deadline of the first token is applied to the first bytes of the body; to a reply that is not
streamed only the total applies, since all of it is made before its first byte. Where an attempt takes several requests, the clock
begins with the first, and the deadlines run over all of them.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp.connector import Connection

from harness.ask import Deadlines
from harness.client.failures import failure
from harness.client.line import Answer, Ear, Form, Lines
from harness.client.network import network_failure
from harness.client.translate import Request
from harness.client.watch import Watch, Watchman
from harness.client.wires import Chunk
from harness.client.wires.contract import Next, Turn
from harness.told import Failure

LARGEST_BODY = 64 * 2**20
FAREWELL_S = 3.0
"""How long the server may take to hear that what it works on is given up."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


Heard = Callable[[float, bytes], None]
"""Is told bytes and when they came; none of them between two answers."""


@dataclass(slots=True)
class Exchange:
    """What happened on the wire. Moments are monotonic seconds; `failure` is the network's, a deadline's, or that of the size.

    `connect_s` is 0.0 on a connection used before; header names are in lower case. Of several answers, status and headers are the last one's,
    and the chunks are those of all, with an empty chunk between two; `begun` is where the last one begins.
    """

    sent_at: float | None = None
    connect_s: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    failure: Failure | None = None
    begun: int = 0

    def turn(self) -> Turn:
        """The last answer."""
        return Turn(self.status or 0, self.headers, self.chunks[self.begun :])


class _Hearing:
    """Writes into an exchange what happens to one of its requests.

    Of the first one the times of connecting and sending are noted. With `replies` its bytes are the reply, and the next ones are waited for.
    `heard` is told the bytes of what is no error.
    """

    def __init__(self, done: Exchange, watch: Watch, heard: Heard | None, *, first: bool, replies: bool) -> None:
        self._done = done
        self._watch = watch
        self._first = first
        self._replies = replies
        self._heard = heard
        self._fine = False
        self._size = 0

    def connected(self, seconds: float) -> None:
        if self._first:
            self._done.connect_s = seconds
            self._watch.connected()

    def sent(self, at: float) -> None:
        if self._first:
            self._done.sent_at = at

    def answered(self, status: int) -> None:
        self._fine = status < 300

    def took(self, at: float, data: bytes) -> Exception | None:
        self._done.chunks.append((at, data))
        if self._heard is not None and self._fine:
            self._heard(at, data)
        if self._replies:
            self._watch.received(at)
        self._size += len(data)
        return _TooLarge() if self._size > LARGEST_BODY else None


class _TooLarge(Exception):
    """The body is larger than we keep."""


class Transport:
    """Connections to providers, kept and used again. One event loop; `aclose` when done."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._proxies: dict[str, str | None] = {}
        self._lines: Lines | None = None
        self._watchman = Watchman(clock)
        self._farewells: set[asyncio.Task[None]] = set()

    async def exchange(self, request: Request, deadlines: Deadlines, heard: Heard | None = None) -> Exchange:
        """Sends the request and reads the whole answer; what fails is in the exchange, with what came until then.

        `heard` is told the bytes as they come. Then what the wire wants to follow. If the attempt ends before that does, by a failure or because it is cancelled, the
        server is told so where it has an ear for that.
        """
        done, errand = Exchange(), _Errand(request)
        watch = Watch(deadlines, self._watchman, stream=request.stream)
        try:
            async with watch:
                hearing = _Hearing(done, watch, heard, first=True, replies=request.wire.course is None)
                await self._take(await self._send(request, hearing), done)
                if request.wire.course is not None and done.failure is None:
                    await self._follow(errand, done, watch, heard)
        except TimeoutError:
            done.failure = failure(watch.kind, watch.said())
        except aiohttp.InvalidURL:
            done.failure = failure("bad_request", f"{errand.url!r} is no address")
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError) as error:
            done.failure = network_failure(error) or failure("client_error", f"{type(error).__name__}: {error}")
            if done.failure.kind == "stream_truncated" and not request.stream:
                done.failure = failure("response_malformed", done.failure.error)
        except asyncio.CancelledError:
            self._give_up(errand)
            raise
        if done.failure is not None:
            if errand.optional:
                errand.undo(done)
            else:
                self._give_up(errand)
        return done

    async def warm(self, request: Request, connections: int, within_s: float) -> int:
        """Opens connections to where the request goes until there are so many, unused; how many there are. Nothing is sent."""
        opened = await asyncio.gather(*(self._open(request, within_s) for _ in range(connections)))
        for connection in opened:
            if connection is not None:
                connection.release()
        return sum(connection is not None for connection in opened)

    async def _open(self, request: Request, within_s: float) -> Connection | None:
        with suppress(aiohttp.ClientError, OSError, ValueError):
            async with asyncio.timeout(within_s):
                return await self._held().line(self._form(request.method, request.url, request.headers))
        return None

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=FAREWELL_S)
        self._watchman.close()
        if self._lines is not None:
            await self._lines.close()
            self._lines = None

    async def _send(self, request: Request, ear: Ear) -> Answer:
        return await self._held().ask(self._form(request.method, request.url, request.headers), request.body, ear)

    async def _step(self, request: Request, step: Next, ear: Ear | None) -> Answer:
        headers = {**(request.headers if may_know(step.url, request) else {}), **step.headers}
        return await self._held().ask(self._form(step.method, step.url, headers), None, ear)

    def _form(self, method: str, url: str, headers: Mapping[str, str]) -> Form:
        return self._held().form(method, url, headers, self._proxy(url))

    def _held(self) -> Lines:
        if self._lines is None:
            self._lines = Lines(self._clock)
        return self._lines

    async def _follow(self, errand: _Errand, done: Exchange, watch: Watch, heard: Heard | None) -> None:
        """What the wire wants to follow, one request after the other."""
        assert errand.request.wire.course is not None
        course = errand.request.wire.course(done.turn(), errand.request.stream)
        try:
            step = next(course)
            while True:
                errand.begin(step, done, self._clock())
                if heard is not None:
                    heard(*done.chunks[-1])
                await asyncio.sleep(step.after_s)
                polls = not (step.streams or errand.request.stream)
                if polls:
                    watch.asks()
                hearing = _Hearing(done, watch, heard, first=False, replies=step.streams)
                await self._take(await self._step(errand.request, step, hearing), done)
                if polls:
                    watch.works()
                turn = done.turn()
                errand.end(done)
                if done.failure is not None:
                    return
                step = course.send(turn)
        except StopIteration as end:
            if end.value:
                self._give_up(errand)

    def _give_up(self, errand: _Errand) -> None:
        if errand.step is not None and errand.step.cancel is not None:
            telling = asyncio.ensure_future(self._tell(errand.request, Next(errand.step.cancel, "POST")))
            self._farewells.add(telling)
            telling.add_done_callback(self._farewells.discard)

    async def _tell(self, request: Request, step: Next) -> None:
        with suppress(aiohttp.ClientError, OSError, ValueError):
            async with asyncio.timeout(FAREWELL_S):
                with await self._step(request, step, None):
                    pass

    async def _take(self, answer: Answer, done: Exchange) -> None:
        """Waits for the end of an answer."""
        with answer:
            done.status = answer.status
            done.headers = {name.lower(): value for name, value in answer.headers.items()}
            try:
                await answer.end()
            except _TooLarge:
                done.failure = failure("response_malformed", f"the body is larger than {LARGEST_BODY >> 20} MiB")

    def _proxy(self, url: str) -> str | None:
        """The proxy that the environment names for this address (HTTPS_PROXY, NO_PROXY, …)."""
        parts = urlsplit(url)
        if parts.netloc not in self._proxies:
            host = parts.hostname or ""
            bypassed = host in _LOOPBACK or urllib.request.proxy_bypass(host)
            self._proxies[parts.netloc] = None if bypassed else urllib.request.getproxies().get(parts.scheme)
        return self._proxies[parts.netloc]


class _Errand:
    """Where an attempt of several requests is: the step that is under way, and what the exchange was before it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.step: Next | None = None
        self._before: tuple[int | None, Mapping[str, str], int, int] = (None, {}, 0, 0)

    @property
    def url(self) -> str:
        """The address that is asked."""
        return self.request.url if self.step is None else self.step.url

    @property
    def optional(self) -> bool:
        """Whether the attempt does not depend on the step."""
        return self.step is not None and self.step.optional

    def begin(self, step: Next, done: Exchange, now: float) -> None:
        """The step is under way: what comes from now on is its answer."""
        self.step, self._before = step, (done.status, done.headers, done.begun, len(done.chunks))
        done.chunks.append((now, b""))
        done.begun = len(done.chunks)

    def end(self, done: Exchange) -> None:
        """The answer is here, or what there is to have of it."""
        assert self.step is not None
        if self.step.optional and (done.failure is not None or (done.status or 0) >= 300):
            self.undo(done)
        elif self.step.replaces:
            _status, _headers, earlier, _end = self._before
            del done.chunks[earlier : done.begun]
            done.begun = earlier

    def undo(self, done: Exchange) -> None:
        """The exchange as it was before the step."""
        done.status, done.headers, done.begun, end = self._before
        del done.chunks[end:]
        done.failure = None


def may_know(url: str, request: Request) -> bool:
    """Whether this address may be told what the request's headers say, the key among it: see `Wire`."""
    asked, first = urlsplit(url), urlsplit(request.url)
    if (asked.scheme, asked.netloc) == (first.scheme, first.netloc):
        return True
    hosts = [asked.hostname or "", first.hostname or ""]
    if all(host in _LOOPBACK for host in hosts):
        return True
    domain = request.wire.domain
    return (
        domain is not None
        and asked.scheme == "https"
        and all(host == domain or host.endswith(f".{domain}") for host in hosts)
    )
