"""A server of S3's protocol in a process of its own (moto's), and a proxy in front of it that fails, stalls and remembers on request."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyarrow import fs

KEY, SECRET = "AKIA0TESTKEY0OF0NOBODY", "a-secret-that-must-never-be-shown"


@contextmanager
def served() -> Iterator[int]:
    """The server's port on loopback, while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            assert process.poll() is None, "moto's server has ended"
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


class Proxy(ThreadingHTTPServer):
    """Hands each request on, unless `fault(method, path)` gives a status to answer with; "stall" never answers."""

    daemon_threads = True

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.fault: Callable[[str, str], int | str | None] = lambda method, path: None
        self.asked: list[tuple[str, str]] = []
        self.stalled = threading.Event()
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, since: int = 0) -> list[str]:
        """The objects that were put, in order; of those in several parts, their last request."""
        return [
            path.partition("?")[0]
            for method, path in self.asked[since:]
            if (method == "PUT" and "partNumber" not in path and not path.endswith("/"))
            or (method == "POST" and "uploadId" in path)
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _hand_on(self) -> None:
        body = self._body()
        self.server.asked.append((self.command, self.path))
        fault = self.server.fault(self.command, self.path)
        if fault == "stall":
            self.server.stalled.set()
            self.server.ended.wait()
            self.close_connection = True
            return
        if isinstance(fault, int):
            code = {403: "AccessDenied", 418: f"ImATeapot{KEY}"}.get(fault, "InternalError")
            said = f"<Error><Code>{code}</Code><Message>asked for by {KEY}</Message></Error>".encode()
            self._answer(fault, [("Content-Type", "application/xml")], said)
            return
        there = http.client.HTTPConnection("127.0.0.1", self.server.behind)
        try:
            headers = {name.lower(): value for name, value in self.headers.items()}
            for name in ("transfer-encoding", "expect", "content-length"):
                headers.pop(name, None)
            there.request(self.command, self.path, body, {**headers, "content-length": str(len(body))})
            reply = there.getresponse()
            self._answer(reply.status, reply.getheaders(), reply.read())
        finally:
            there.close()

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), str(len(body)))
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _hand_on  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@contextmanager
def proxy(behind: int) -> Iterator[Proxy]:
    """A proxy in front of the server on that port."""
    server = Proxy(behind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def system(port: int) -> fs.S3FileSystem:
    """pyarrow's own view of the server, past the proxy."""
    return fs.S3FileSystem(
        access_key=KEY, secret_key=SECRET, endpoint_override=f"http://127.0.0.1:{port}", region="us-east-1",
        allow_bucket_creation=True, allow_bucket_deletion=True,
    )  # fmt: skip


def environment(url: str) -> dict[str, str]:
    """What somebody sets who uses it."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
    }


def is_secret_in(text: str) -> bool:
    """Whether the key or the secret stands in a text."""
    return KEY in text or SECRET in text


def clean_environment() -> list[str]:
    """The variables of AWS that this process has, which a test must not use."""
    return [name for name in os.environ if name.startswith("AWS_")]
