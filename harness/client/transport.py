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
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from harness.ask import Deadlines
from harness.client.failures import failure
from harness.client.network import network_failure
from harness.client.translate import Request
from harness.client.wires import Chunk
from harness.client.wires.contract import Next, Turn
from harness.told import Failure

LARGEST_BODY = 64 * 2**20
FAREWELL_S = 3.0
"""How long the server may take to hear that what it works on is given up."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = {"User-Agent": "llm-harness", "Accept-Encoding": "identity"}  # compression would hold chunks back


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


class _Watch:
    """The deadline that is running, and its name."""

    def __init__(self, deadlines: Deadlines, timeout: asyncio.Timeout, *, stream: bool) -> None:
        self._deadlines = deadlines
        self._timeout = timeout
        self._stream = stream
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + deadlines.total_s
        self.kind = "connect_timeout"
        self._next("connect_timeout", deadlines.connect_s)

    def connected(self) -> None:
        """There is a connection: the first bytes of the body are waited for."""
        self._next("timeout_first_token", self._deadlines.first_token_s if self._stream else self._deadlines.total_s)

    def received(self) -> None:
        """Bytes of the body came: the next ones are waited for."""
        self._next("timeout_stall", self._deadlines.stall_s)

    def said(self) -> str:
        """What was waited for, in vain, for how long."""
        waited = {
            "connect_timeout": ("no connection", self._deadlines.connect_s),
            "timeout_first_token": ("no answer", self._deadlines.first_token_s),
            "timeout_stall": ("nothing more", self._deadlines.stall_s),
            "timeout_total": ("not the whole answer", self._deadlines.total_s),
        }
        what, seconds = waited[self.kind]
        return f"{what} within {seconds:g} s"

    def _next(self, kind: str, seconds: float) -> None:
        when = self._now() + seconds
        self.kind = kind if when < self._end else "timeout_total"
        self._timeout.reschedule(min(when, self._end))


class Transport:
    """Connections to providers, kept and used again. One event loop; `aclose` when done."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._proxies: dict[str, str | None] = {}
        self._session: aiohttp.ClientSession | None = None
        self._farewells: set[asyncio.Task[None]] = set()

    async def exchange(self, request: Request, deadlines: Deadlines) -> Exchange:
        """Sends the request and reads the whole answer; what fails is in the exchange, with what came until then.

        Then what the wire wants to follow. If the attempt ends before that does, by a failure or because it is cancelled, the
        server is told so where it has an ear for that.
        """
        done, errand = Exchange(), _Errand(request)
        try:
            async with asyncio.timeout(None) as timeout:
                watch = _Watch(deadlines, timeout, stream=request.stream)
                async with self._answer(request, done, watch) as response:
                    await self._take(response, done, None if request.wire.course else watch)
                if request.wire.course is not None and done.failure is None:
                    await self._follow(errand, done, watch)
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

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=FAREWELL_S)
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _answer(self, request: Request, done: Exchange, watch: _Watch) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # limits.py limits
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                trace_configs=[_trace(self._clock)],
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
            )
        async with self._session.request(
            request.method,
            request.url,
            data=request.body,
            headers=request.headers,
            allow_redirects=False,  # the key would go along
            proxy=self._proxy(request.url),
            trace_request_ctx=(done, watch),
        ) as response:
            yield response

    async def _follow(self, errand: _Errand, done: Exchange, watch: _Watch) -> None:
        """What the wire wants to follow, one request after the other."""
        assert errand.request.wire.course is not None
        course = errand.request.wire.course(done.turn(), errand.request.stream)
        try:
            step = next(course)
            while True:
                errand.begin(step, done, self._clock())
                await asyncio.sleep(step.after_s)
                async with self._step(errand.request, step) as response:
                    await self._take(response, done, watch if step.streams else None)
                turn = done.turn()
                errand.end(done)
                if done.failure is not None:
                    return
                step = course.send(turn)
        except StopIteration as end:
            if end.value:
                self._give_up(errand)

    @asynccontextmanager
    async def _step(self, request: Request, step: Next) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._session is not None
        headers = {**(request.headers if may_know(step.url, request) else {}), **step.headers}
        async with self._session.request(
            step.method, step.url, headers=headers, allow_redirects=False, proxy=self._proxy(step.url)
        ) as response:
            yield response

    def _give_up(self, errand: _Errand) -> None:
        if errand.step is not None and errand.step.cancel is not None and self._session is not None:
            telling = asyncio.ensure_future(self._tell(errand.request, Next(errand.step.cancel, "POST")))
            self._farewells.add(telling)
            telling.add_done_callback(self._farewells.discard)

    async def _tell(self, request: Request, step: Next) -> None:
        with suppress(aiohttp.ClientError, OSError, ValueError):
            async with asyncio.timeout(FAREWELL_S), self._step(request, step):
                pass

    async def _take(self, response: aiohttp.ClientResponse, done: Exchange, watch: _Watch | None) -> None:
        """Reads an answer; with a watch, its bytes are the reply, and the next ones are waited for."""
        done.status = response.status
        done.headers = {name.lower(): value for name, value in response.headers.items()}
        await self._read(response.content, done, watch)

    async def _read(self, content: aiohttp.StreamReader, done: Exchange, watch: _Watch | None) -> None:
        size = 0
        try:
            while data := await content.readany():
                done.chunks.append((self._clock(), data))
                if watch is not None:
                    watch.received()
                size += len(data)
                if size > LARGEST_BODY:
                    done.failure = failure("response_malformed", f"the body is larger than {LARGEST_BODY >> 20} MiB")
                    return
        except aiohttp.ClientPayloadError:
            # What came in one go with the end of the connection is still in the reader, which gives out its error first.
            rest = b"".join(content._buffer)  # noqa: SLF001  there is no public way to it
            if rest:
                done.chunks.append((self._clock(), rest))
            raise

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


def _trace(clock: Callable[[], float]) -> aiohttp.TraceConfig:
    """Notes in an exchange when it was connected and when its request had been handed to the socket; of its first request only."""

    async def start(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.started = clock()

    async def connected(_session: object, context: SimpleNamespace, _params: object) -> None:
        if context.trace_request_ctx is None:
            return
        done, watch = context.trace_request_ctx
        done.connect_s = clock() - context.started
        watch.connected()

    async def reused(_session: object, context: SimpleNamespace, _params: object) -> None:
        if context.trace_request_ctx is None:
            return
        done, watch = context.trace_request_ctx
        done.connect_s = 0.0
        watch.connected()

    async def sent(_session: object, context: SimpleNamespace, _params: Any) -> None:
        if context.trace_request_ctx is not None:
            context.trace_request_ctx[0].sent_at = clock()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(start)
    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(reused)
    trace.on_request_headers_sent.append(sent)
    trace.on_request_chunk_sent.append(sent)
    return trace
