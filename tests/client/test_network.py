import errno
import socket
import ssl

import aiohttp
import pytest

from harness.ask import Secret
from harness.client.network import chain, network_failure


def caused(outer, inner):
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), "dns"),
        (ssl.SSLError("wrong version"), "tls"),
        (ConnectionRefusedError(), "connect_refused"),
        (OSError(errno.ENETUNREACH, "unreachable"), "connect_timeout"),
        (ConnectionResetError(), "connection_reset"),
        (BrokenPipeError(), "connection_reset"),
        (aiohttp.ServerDisconnectedError(), "connection_reset"),
        (aiohttp.ClientPayloadError("x"), "stream_truncated"),
        (aiohttp.ClientPayloadError("x. ConnectionResetError(104)"), "connection_reset"),
        (aiohttp.http_exceptions.BadHttpMessage("x"), "response_malformed"),
        (caused(ValueError("outer"), ConnectionRefusedError()), "connect_refused"),
        (caused(ValueError("outer"), caused(KeyError("middle"), ssl.SSLError("x"))), "tls"),
    ],
)
def test_an_error_is_told_by_itself_or_by_what_caused_it(error, kind):
    found = network_failure(error)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError(), OSError(errno.ENOSPC, "disk full")])
def test_what_is_not_the_networks_is_none(error):
    assert network_failure(error) is None


def test_the_key_is_left_out():
    found = network_failure(ConnectionResetError("while sending sesame-open"), Secret("sesame-open"))
    assert found is not None
    assert "sesame" not in found.error


def test_a_circle_of_causes_ends():
    one, two = ValueError(1), ValueError(2)
    one.__cause__, two.__cause__ = two, one
    assert list(chain(one)) == [one, two]
