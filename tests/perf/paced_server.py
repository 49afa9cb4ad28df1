"""A server of its own process that streams 100 chunks, one every so many seconds: `python -m tests.perf.paced_server 0.01`.

Its first line says the port.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client.server import COUNTED, DONE, delta

WORDS = [f" word{number}" for number in range(96)]
EVENTS = [delta("", role="assistant"), *(delta(word) for word in WORDS), delta(finish="stop"), COUNTED, DONE]
CHUNKS = [b"%x\r\n%b\r\n" % (len(event), event) for event in EVENTS]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"POST"):
            self._transport.write(HEAD)
            self._send(0, asyncio.get_running_loop().time())

    def _send(self, number: int, begun: float) -> None:
        if number == len(CHUNKS):
            self._transport.write(b"0\r\n\r\n")
            return
        self._transport.write(CHUNKS[number])
        asyncio.get_running_loop().call_at(begun + (number + 1) * self._gap_s, self._send, number + 1, begun)


async def _serve(gap_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(gap_s), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def serving(gap_s: float) -> Iterator[str]:
    """The server's address while its process runs."""
    command = [sys.executable, "-m", "tests.perf.paced_server", str(gap_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
