"""A server of its own process that answers each POST with one completion after so many seconds: `python -m tests.perf.fast_server 0.05`.

It reads no more of a request than its length, so that on two cores it is the client that is measured. Its first line says the port.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client.server import completion

BODY = json.dumps(completion("There are nine left: 9.")).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class _Connection(asyncio.Protocol):
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        while True:
            head, found, rest = self._came.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if not found or len(rest) < length:
                return
            self._came = rest[length:]
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


async def _serve(delay_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(delay_s), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def serving(delay_s: float) -> Iterator[str]:
    """The server's address while its process runs."""
    command = [sys.executable, "-m", "tests.perf.fast_server", str(delay_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
