"""Delivery: a reply goes out chunk by chunk, each at its due time, and when it really went is taken down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from harness.simulate.faults import Cut
from harness.simulate.reply import Frames


@dataclass(frozen=True, slots=True)
class Times:
    """When the first and the last chunk with content had been written, on the event loop's clock."""

    first: float
    last: float


async def _until(due: float) -> float:
    """Waits for a time on the loop's clock (if it has passed: not at all), so that being late once delays nothing else."""
    loop = asyncio.get_running_loop()
    wait = due - loop.time()
    if wait > 0:
        await asyncio.sleep(wait)
    return loop.time()


async def stream(
    request: web.Request, frames: Frames, due: Sequence[float], cut: Cut | None
) -> tuple[web.StreamResponse, Times | None]:
    """Sends server-sent events: the head at once, each chunk at its `due` time (the loop's clock), the tail with the last.

    Times is None if the answer was cut. Raises ConnectionError if the client goes away.
    """
    clock = asyncio.get_running_loop().time
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(frames.head)
    if cut is not None:
        for chunk, at in zip(frames.chunks[: int(len(frames.chunks) * cut.after)], due, strict=False):
            await _until(at)
            await response.write(chunk)
        return _hang_up(request, response), None
    first: float | None = None
    for chunk, at in zip(frames.chunks[:-1], due, strict=False):
        await _until(at)
        await response.write(chunk)
        if first is None:
            first = clock()
    await _until(due[-1])
    await response.write_eof(b"".join(frames.chunks[-1:]) + frames.tail)
    last = clock()
    return response, Times(last if first is None else first, last)


async def whole(
    request: web.Request, body: bytes, due: Sequence[float], cut: Cut | None
) -> tuple[web.StreamResponse, Times | None]:
    """Sends one JSON body when the last chunk of a stream would be due. Otherwise as `stream`."""
    response = web.StreamResponse(headers={"content-type": "application/json"})
    response.content_length = len(body)
    await _until(due[-1])
    await response.prepare(request)
    if cut is not None:
        await response.write(body[: int(len(body) * cut.after)])
        return _hang_up(request, response), None
    await response.write_eof(body)
    last = asyncio.get_running_loop().time()
    return response, Times(last, last)


def _hang_up(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return response
