"""Where providers are served: on this machine, on its network, elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

_PROBE_S = 0.5


def wrong_address(url: str) -> str | None:
    """What is wrong with a base address, None if nothing. The words never show the address: it may hold a credential."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "is not an address"
    if parts.username or parts.password:
        return "has a user or password in it, which would be shown and recorded"
    if parts.query or parts.fragment:
        return "has a '?' or '#' in it, which a base address has not"
    return None if usable else "is not an http:// or https:// address"


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_local(url: str) -> bool:
    """Whether `url` is on this machine or its own network: a loopback or private address, or a host without a dot."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    if address is not None:
        return address.is_loopback or address.is_private
    return "." not in host or host.endswith((".local", ".localhost", ".internal"))


def answers(url: str) -> bool:
    """Whether a server accepts a connection at `url` within half a second; nothing is sent."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_PROBE_S).close()
    except OSError:
        return False
    return True


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
