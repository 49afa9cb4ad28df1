"""What went wrong between us and the server: the one place that maps the errors of aiohttp and of the system to failures."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import aiohttp

from harness.ask import Secret
from harness.client.failures import failure
from harness.told import Failure

_UNREACHED = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
_MALFORMED = (aiohttp.ClientResponseError, aiohttp.http_exceptions.HttpProcessingError)


def network_failure(error: BaseException, key: Secret | None = None) -> Failure | None:
    """The failure for an error on the way, found in it or in what caused it; None if it is none of the network's.

    A body that ends before it should is `stream_truncated` here: of an answer that is no stream that is `response_malformed`.
    """
    for one in chain(error):
        kind = _kind(one)
        if kind is not None:
            return failure(kind, f"{_PLAIN[kind]}: {str(one) or type(one).__name__}", key=key)
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, what caused that, and so on."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        inner = getattr(one, "os_error", None)
        one = inner if isinstance(inner, OSError) and id(inner) not in seen else one.__cause__ or one.__context__


_PLAIN = {
    "dns": "the server's name cannot be resolved",
    "tls": "no secure connection",
    "connect_refused": "the server refused the connection",
    "connect_timeout": "the server cannot be reached",
    "connection_reset": "the server closed the connection",
    "stream_truncated": "the body ended too early",
    "response_malformed": "the answer is not HTTP as it should be",
}


def _kind(error: BaseException) -> str | None:  # noqa: PLR0911 - a table in the form of code
    if isinstance(error, socket.gaierror | aiohttp.ClientConnectorDNSError):
        return "dns"
    if isinstance(error, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
        return "tls"
    if isinstance(error, aiohttp.ClientPayloadError):
        return _payload_kind(error)
    if isinstance(error, _MALFORMED):
        return "response_malformed"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "connection_reset"
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return _os_kind(error)
    return None


def _payload_kind(error: aiohttp.ClientPayloadError) -> str:
    if "ConnectionResetError" in str(error):  # aiohttp keeps what ended the connection in words only
        return "connection_reset"
    if any(isinstance(one, aiohttp.http_exceptions.ContentEncodingError) for one in chain(error)):
        return "response_malformed"
    return "stream_truncated"


def _os_kind(error: OSError) -> str | None:
    if isinstance(error, ConnectionRefusedError) or error.errno == errno.ECONNREFUSED:
        return "connect_refused"
    if error.errno in _UNREACHED:
        return "connect_timeout"
    if isinstance(error, ConnectionError) or error.errno in {errno.ECONNRESET, errno.EPIPE}:
        return "connection_reset"
    return None
