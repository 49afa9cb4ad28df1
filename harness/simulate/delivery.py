"""Delivery: a reply goes out chunk by chunk, each at its due time, and when it really went is taken down."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from harness.simulate.faults import FOREVER_S, Act, Cut, Instead, Labelled, Slow
from harness.simulate.reply import Frames

LOOKS_EVERY_S = 0.05
"""How often it is looked whether the client is still there while nothing is written."""
BEFORE_RESET_S = 0.01
"""A reset overtakes what was written just before it."""


@dataclass(frozen=True, slots=True)
class Times:
    """When the first and the last chunk with content had been written, on the event loop's clock."""

    first: float
    last: float


async def until(due: float) -> float:
    """Waits for a time on the loop's clock (if it has passed: not at all), so that being late once delays nothing else."""
    loop = asyncio.get_running_loop()
    wait = due - loop.time()
    if wait > 0:
        await asyncio.sleep(wait)
    return loop.time()


async def stream(
    request: web.Request,
    frames: Frames,
    due: Sequence[float],
    act: Act | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[web.StreamResponse, Times | None]:
    """Sends a stream: the head at once, each chunk at its `due` time (the loop's clock), the tail with the last.

    An empty chunk is a token that the format shows with a later one. Times is None if the answer was cut. Raises ConnectionError if the client goes away.
    """
    if isinstance(act, Slow):
        return await _slowly(
            request,
            b"".join((frames.head, *frames.chunks, frames.tail)),
            {**headers, "content-type": frames.content_type},
            act,
        )
    clock = asyncio.get_running_loop().time
    kind = act.content_type if isinstance(act, Labelled) else frames.content_type
    response = web.StreamResponse(headers={**headers, "content-type": kind, "cache-control": "no-cache"})
    response.enable_chunked_encoding()
    if isinstance(act, Cut):
        kept = frames.chunks[: int(len(frames.chunks) * act.after)]
        if kept:
            await response.prepare(request)
            await response.write(frames.head)
        for chunk, at in zip(kept, due, strict=False):
            await until(at)
            await response.write(chunk)
        return await _end(request, response, act), None
    await response.prepare(request)
    await response.write(frames.head)
    first: float | None = None
    for chunk, at in zip(frames.chunks[:-1], due, strict=False):
        await until(at)
        await response.write(chunk)
        if first is None and chunk:
            first = clock()
    await until(due[-1])
    await response.write_eof(b"".join(frames.chunks[-1:]) + frames.tail)
    last = clock()
    return response, Times(last if first is None else first, last)


async def whole(
    request: web.Request,
    body: bytes,
    due: Sequence[float],
    act: Act | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[web.StreamResponse, Times | None]:
    """Sends one JSON body when the last chunk of a stream would be due. Otherwise as `stream`."""
    if isinstance(act, Slow):
        return await _slowly(request, body, {**headers, "content-type": "application/json"}, act)
    kind = act.content_type if isinstance(act, Labelled) else "application/json"
    response = web.StreamResponse(headers={**headers, "content-type": kind})
    await until(due[-1])
    if isinstance(act, Cut):
        kept = body[: int(len(body) * act.after)]
        response.content_length = len(kept if act.how == "ended" else body)
        if kept:
            await response.prepare(request)
            await response.write(kept)
        return await _end(request, response, act), None
    response.content_length = len(body)
    await response.prepare(request)
    await response.write_eof(body)
    last = asyncio.get_running_loop().time()
    return response, Times(last, last)


async def instead(request: web.Request, act: Instead) -> web.StreamResponse:
    """Sends what comes instead of an answer, until the client has had enough."""
    response = web.StreamResponse(headers={"content-type": act.content_type})
    response.content_length = len(act.body) * act.times
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        for _ in range(act.times):
            await response.write(act.body)
    return response


async def _end(request: web.Request, response: web.StreamResponse, cut: Cut) -> web.StreamResponse:
    """Ends an answer that is not whole."""
    if cut.how == "ended":
        return response
    if cut.how == "stalled":
        await _pause(request, FOREVER_S)
    if request.transport is not None and cut.how == "reset":
        await asyncio.sleep(BEFORE_RESET_S)
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    elif request.transport is not None:
        request.transport.close()
    return response


async def _slowly(
    request: web.Request, body: bytes, headers: Mapping[str, str], act: Slow
) -> tuple[web.StreamResponse, Times | None]:
    """Sends head and body byte for byte where they are slow, past aiohttp, which sends a head in one piece."""
    name = request.match_info.get("profile", "")
    fields = {**headers, "content-length": str(len(body)), "x-simulated": name, "connection": "close"}
    lines = ["HTTP/1.1 200 OK", *(f"{key}: {value}" for key, value in fields.items()), "", ""]
    head = "\r\n".join(lines).encode()
    parts = {"start": [b"", head + body], "head": [*_bytes(head), body], "body": [head, *_bytes(body)]}
    loop = asyncio.get_running_loop()
    times = None
    for number, part in enumerate(parts[act.part]):
        if number:
            await _pause(request, act.pause_s)
        if _gone(request):
            break
        assert request.transport is not None
        request.transport.write(part)
    else:
        times = Times(loop.time(), loop.time())
    if request.transport is not None:
        request.transport.close()
    return web.StreamResponse(), times


def _bytes(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


async def _pause(request: web.Request, seconds: float) -> None:
    """Waits, but no longer than the client does."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (left := end - loop.time()) > 0 and not _gone(request):  # noqa: ASYNC110 - aiohttp tells of it in no other way
        await asyncio.sleep(min(left, LOOKS_EVERY_S))


def _gone(request: web.Request) -> bool:
    """Whether the client has closed the connection."""
    return request.transport is None or request.transport.is_closing()
