"""The transport: bytes out, bytes in, with the moments at which they met the socket. Nothing is decoded here.

Deadlines are ours: to connect, for the first bytes of the body, between bytes, and for the whole. Whether the first bytes carry content is
known only after decoding, so the deadline of the first token is applied to the first bytes of the body; to a reply that is not
streamed only the total applies, since all of it is made before its first byte.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
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
from harness.told import Failure

LARGEST_BODY = 64 * 2**20
_HEADERS = {"User-Agent": "llm-harness", "Accept-Encoding": "identity"}  # compression would hold chunks back


@dataclass(slots=True)
class Exchange:
    """What happened on the wire. Moments are monotonic seconds; `failure` is the network's, a deadline's, or that of the size.

    `connect_s` is 0.0 on a connection used before; header names are in lower case.
    """

    sent_at: float | None = None
    connect_s: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    failure: Failure | None = None


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

    async def exchange(self, request: Request, deadlines: Deadlines) -> Exchange:
        """Sends the request and reads the whole answer; what fails is in the exchange, with what came until then."""
        done = Exchange()
        try:
            async with asyncio.timeout(None) as timeout:
                watch = _Watch(deadlines, timeout, stream=request.stream)
                async with self._answer(request, done, watch) as response:
                    done.status = response.status
                    done.headers = {name.lower(): value for name, value in response.headers.items()}
                    await self._read(response.content, done, watch)
        except TimeoutError:
            done.failure = failure(watch.kind, watch.said())
        except aiohttp.InvalidURL:
            done.failure = failure("bad_request", f"{request.url!r} is no address")
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError) as error:
            done.failure = network_failure(error) or failure("client_error", f"{type(error).__name__}: {error}")
            if done.failure.kind == "stream_truncated" and not request.stream:
                done.failure = failure("response_malformed", done.failure.error)
        return done

    async def aclose(self) -> None:
        """Closes the connections."""
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

    async def _read(self, content: aiohttp.StreamReader, done: Exchange, watch: _Watch) -> None:
        size = 0
        try:
            while data := await content.readany():
                done.chunks.append((self._clock(), data))
                watch.received()
                size += len(data)
                if size > LARGEST_BODY:
                    done.failure = failure("response_malformed", f"the body is larger than {LARGEST_BODY >> 20} MiB")
                    return
        except aiohttp.ClientPayloadError:
            # What came in one go with the end of the connection is still in the reader, which gives out its error first.
            rest = b"".join(content._buffer)  # noqa: SLF001
            if rest:
                done.chunks.append((self._clock(), rest))
            raise

    def _proxy(self, url: str) -> str | None:
        """The proxy that the environment names for this address (HTTPS_PROXY, NO_PROXY, …)."""
        parts = urlsplit(url)
        if parts.netloc not in self._proxies:
            host = parts.hostname or ""
            bypassed = host in {"localhost", "127.0.0.1", "::1"} or urllib.request.proxy_bypass(host)
            self._proxies[parts.netloc] = None if bypassed else urllib.request.getproxies().get(parts.scheme)
        return self._proxies[parts.netloc]


def _trace(clock: Callable[[], float]) -> aiohttp.TraceConfig:
    """Notes in an exchange when it was connected and when its request had been handed to the socket."""

    async def start(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.started = clock()

    async def connected(_session: object, context: SimpleNamespace, _params: object) -> None:
        done, watch = context.trace_request_ctx
        done.connect_s = clock() - context.started
        watch.connected()

    async def reused(_session: object, context: SimpleNamespace, _params: object) -> None:
        done, watch = context.trace_request_ctx
        done.connect_s = 0.0
        watch.connected()

    async def sent(_session: object, context: SimpleNamespace, _params: Any) -> None:
        context.trace_request_ctx[0].sent_at = clock()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(start)
    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(reused)
    trace.on_request_headers_sent.append(sent)
    trace.on_request_chunk_sent.append(sent)
    return trace
