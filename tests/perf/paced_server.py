"""A server of its own process that sends at due times what it made before, and logs when it really did: the truth of the benchmarks.

It runs on sockets alone, without an event loop's buffers between its clock and the kernel, and reads no more of a request than its
length, so that on two cores it is the client that is measured. The address says what is answered:

    /stream/TTFT_S/TOKENS/GAP_S/v1    a stream of so many tokens, the first after TTFT_S and each next one GAP_S later
    /whole/DELAY_S/v1                 one completion
    /log                              for each request since the last look: when it was read, when its first and its last token were sent

Moments are monotonic seconds, which on one machine all processes share, taken before the bytes are handed to the kernel: no client can
have them earlier.
"""

import functools
import heapq
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from typing import Any

from tests.client.server import COUNTED, DONE, completion, delta

WORD = " sheep"
WHOLE = "There are nine left: 9."
RETRY_S = 0.001
"""A client that does not read is tried again so much later."""


@dataclass(frozen=True)
class Seen:
    """What the server did with one request, in monotonic seconds."""

    read_at: float
    first_at: float
    last_at: float

    @property
    def ttft_s(self) -> float:
        """From the request's last byte until the first token."""
        return self.first_at - self.read_at

    @property
    def latency_s(self) -> float:
        """From the request's last byte until the last token."""
        return self.last_at - self.read_at


@dataclass(frozen=True, slots=True)
class Served:
    """Where the server listens."""

    port: int

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def stream(self, ttft_s: float, tokens: int, gap_s: float) -> str:
        """The base URL of streams."""
        return f"{self.origin}/stream/{ttft_s:g}/{tokens}/{gap_s:g}/v1"

    def whole(self, delay_s: float) -> str:
        """The base URL of answers in one piece."""
        return f"{self.origin}/whole/{delay_s:g}/v1"

    def log(self) -> list[Seen]:
        """What was answered since the last look."""
        with closing(HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request("GET", "/log")
            return [Seen(*row) for row in json.loads(connection.getresponse().read())]


@contextmanager
def serving() -> Iterator[Served]:
    """The server while its process runs; it ends with its parent, however that ends."""
    command = [sys.executable, "-m", "tests.perf.paced_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(int(process.stdout.readline()))
        finally:
            process.kill()


def _http(body: bytes, kind: str = "application/json") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind.encode(), len(body), body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
BEGIN = STREAM_HEAD + _chunk(delta("", role="assistant"))
TOKEN = _chunk(delta(WORD))
END = b"".join(map(_chunk, (delta(finish="stop"), COUNTED, DONE))) + b"0\r\n\r\n"
COMPLETION = _http(json.dumps(completion(WHOLE)).encode())
MODELS = _http(json.dumps({"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}]}).encode())


@dataclass(frozen=True, slots=True)
class _Script:
    """What is sent, and how much later than what was sent before."""

    parts: Sequence[bytes]
    first_s: float
    gap_s: float


@functools.cache
def _script(path: bytes) -> _Script:
    match path.decode().split("/")[1:]:
        case ["stream", ttft_s, tokens, gap_s, *_]:
            parts = [TOKEN] * int(tokens)
            parts[0] = BEGIN + parts[0]
            parts[-1] += END
            return _Script(parts, float(ttft_s), float(gap_s))
        case ["whole", delay_s, *_]:
            return _Script([COMPLETION], float(delay_s), 0.0)
    return _Script([MODELS], 0.0, 0.0)


class _Connection:
    """One client's socket, and what it sent that is not yet a request."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._came = b""
        self.unsent = b""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def requests(self, data: bytes) -> Iterator[bytes]:
        """The path of each request that is complete with these bytes."""
        self._came += data
        while True:
            head, found, rest = self._came.partition(b"\r\n\r\n")
            if not found:
                return
            length = int(head.lower().partition(b"\r\ncontent-length:")[2].split(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self._came = rest[length:]
            yield head.split(b" ", 2)[1]

    def send(self, data: bytes) -> None:
        """Hand it to the kernel, as much as it takes."""
        self.unsent += data
        try:
            self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:  # who asked has gone
            self.unsent = b""


class _Server:
    """One loop over all sockets and over all that is due."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listening.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ, self._accept)
        self._selector.register(sys.stdin, selectors.EVENT_READ, lambda: sys.exit(0))  # the parent has gone
        self._due: list[tuple[float, int, Any]] = []
        self._order = count()
        self._log: list[tuple[float, float, float]] = []
        self.port = self._listening.getsockname()[1]

    def forever(self) -> None:
        """Serves until the parent ends."""
        due, now = self._due, time.monotonic
        while True:
            wait = max(0.0, due[0][0] - now()) if due else None
            for key, _ in self._selector.select(wait):
                key.data()
            moment = now()
            while due and due[0][0] <= moment:
                heapq.heappop(due)[2]()

    def _accept(self) -> None:
        try:
            while True:
                connection = _Connection(self._listening.accept()[0])
                read = functools.partial(self._read, connection)
                self._selector.register(connection.sock, selectors.EVENT_READ, read)
        except BlockingIOError:
            pass

    def _read(self, connection: _Connection) -> None:
        try:
            data = connection.sock.recv(65536)
        except OSError:
            data = b""
        at = time.monotonic()
        if not data:
            self._selector.unregister(connection.sock)
            connection.sock.close()
            return
        for path in connection.requests(data):
            if path == b"/log":
                self._go(self._told(connection, _http(json.dumps(self._log).encode())))
                self._log.clear()
            else:
                self._begin(connection, _script(path), at)

    def _begin(self, connection: _Connection, script: _Script, read_at: float) -> None:
        steps = self._steps(connection, script, read_at)
        if script.first_s:
            self._later(read_at + script.first_s, steps)
        else:
            self._go(steps)

    def _steps(self, connection: _Connection, script: _Script, read_at: float) -> Iterator[float]:
        """Sends a part at a time; yields when the next one is due."""
        first_at = last_at = 0.0
        for place, part in enumerate(script.parts):
            last_at = time.monotonic()
            first_at = first_at or last_at
            connection.send(part)
            if place < len(script.parts) - 1:
                yield read_at + script.first_s + (place + 1) * script.gap_s
        self._log.append((read_at, first_at, last_at))
        yield from self._told(connection, b"")

    def _told(self, connection: _Connection, data: bytes) -> Iterator[float]:
        """Sends it, and what was not taken before, however long the client takes to read."""
        connection.send(data)
        while connection.unsent:
            yield time.monotonic() + RETRY_S
            connection.send(b"")

    def _go(self, steps: Iterator[float]) -> None:
        due = next(steps, None)
        if due is not None:
            self._later(due, steps)

    def _later(self, due: float, steps: Iterator[float]) -> None:
        heapq.heappush(self._due, (due, next(self._order), functools.partial(self._go, steps)))


if __name__ == "__main__":
    server = _Server()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.forever()
