"""The benchmark's own server tells the truth: it sends when it says, and says when it sent."""

import socket
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.perf.paced_server import WHOLE, WORD, serving

TTFT_S, TOKENS, GAP_S = 0.05, 5, 0.02


@pytest.fixture(scope="module")
def served():
    with serving() as server:
        yield server


def posted(url):
    """When a request was sent, when each piece of its answer came, and the pieces."""
    parts = urlsplit(url)
    assert parts.port
    connection = HTTPConnection("127.0.0.1", parts.port)
    connection.connect()
    sent, came, pieces = time.monotonic(), [], []
    connection.request("POST", f"{parts.path}/chat/completions", body=b"{}" * 500)
    answer = connection.getresponse()
    while piece := answer.read1():
        came.append(time.monotonic())
        pieces.append(piece)
    connection.close()
    return sent, came, b"".join(pieces)


def test_a_stream_is_sent_token_by_token_and_no_earlier_than_it_is_due(served):
    served.log()
    sent, came, text = posted(served.stream(TTFT_S, TOKENS, GAP_S))
    (seen,) = served.log()
    assert text.count(WORD.encode()) == TOKENS
    assert text.endswith(b"data: [DONE]\n\n")
    assert seen.ttft_s >= TTFT_S
    assert seen.latency_s >= TTFT_S + (TOKENS - 1) * GAP_S
    assert sent <= seen.read_at < seen.first_at <= came[0]
    assert seen.last_at <= came[-1]


def test_what_the_log_says_lies_within_what_a_client_can_see(served):
    """Moments are taken before the bytes are handed over, on a clock that all processes share."""
    served.log()
    looked = [posted(served.whole(0.0)) for _ in range(20)]
    for (sent, came, text), seen in zip(looked, served.log(), strict=True):
        assert WHOLE.encode() in text
        assert sent <= seen.read_at <= seen.first_at == seen.last_at <= came[0]


def test_a_log_that_no_buffer_holds_comes_whole(served):
    """100,000 rows are some ten megabytes."""
    served.log()
    parts = urlsplit(served.whole(0.0))
    assert parts.port
    one = b"POST %b/x HTTP/1.1\r\nContent-Length: 0\r\n\r\n" % parts.path.encode()
    with socket.create_connection(("127.0.0.1", parts.port)) as asking:
        for _ in range(100):
            asking.sendall(one * 1000)
            came = b""
            while came.count(b"HTTP/1.1 200") < 1000:
                came += asking.recv(1 << 20)
    assert len(served.log()) >= 99_000


def test_the_log_holds_each_request_once(served):
    served.log()
    posted(served.whole(0.01))
    (seen,) = served.log()
    assert seen.ttft_s >= 0.01
    assert served.log() == []
