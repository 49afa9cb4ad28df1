"""Predictions: replies that are asked for in one request and fetched in others, as Replicate has it.

Where a prediction stands follows from the clock alone: it is `starting` for half of the time to its first token, then `processing`, and `succeeded`
when its last token is due. Its answer counts as given when a client has fetched the whole of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import orjson
from aiohttp import web

from harness.simulate import bends, delivery
from harness.simulate.drawn import Drawn
from harness.simulate.faults import Bent, Refusal
from harness.simulate.reply import Wire
from harness.simulate.wires import replicate

Answer = Callable[[web.Request, bytes, float], Awaitable[web.StreamResponse]]
"""Answers a request, given its body and when it was read (the event loop's clock)."""

LONGEST_WAIT_S = 60.0
MOST_KEPT = 10_000
"""So many predictions can be fetched; older ones are forgotten."""

_WAIT = re.compile(r"wait(?:=(\d+))?$")
_MADE = (replicate.ROUTE, "/deployments/{model:.+}/predictions", "/predictions")
_FETCHED = "/predictions/{id}"
_STREAMED = "/streams/{id}"


class Replies(Protocol):
    """Where replies come from and go to: the service."""

    def draw(self, wire: Wire, request: web.Request, body: bytes, read_at: float) -> Drawn:
        """What chance makes of a request."""
        ...

    async def deliver(self, request: web.Request, drawn: Drawn) -> web.StreamResponse:
        """Sends the reply, and settles what became of it."""
        ...

    def settle(self, drawn: Drawn, times: delivery.Times | None) -> None:
        """Takes down what became of the reply."""
        ...


class Predictions:
    """The predictions that were made, by profile and id."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._made: dict[tuple[str, str], Drawn] = {}
        self._canceled: set[tuple[str, str]] = set()

    def routes(self) -> Iterator[tuple[str, str, Answer]]:
        """Method, path behind the base URL, and what answers there."""
        yield from (("POST", path, self._make) for path in _MADE)
        yield "GET", _FETCHED, self._fetch
        yield "POST", f"{_FETCHED}/cancel", self._cancel
        yield "GET", _STREAMED, self._stream

    async def _make(self, request: web.Request, body: bytes, read_at: float) -> web.StreamResponse:
        """Makes a prediction. Asked to wait for its end (`Prefer: wait`), it answers with that, if it comes soon enough."""
        drawn = self._replies.draw(replicate, request, body, read_at)
        name = request.match_info["profile"], replicate.response_id(drawn.said)
        drawn.said = replace(drawn.said, echo=_echo(request, orjson.loads(body), name[1]))
        while len(self._made) >= MOST_KEPT:
            self._canceled.discard(oldest := next(iter(self._made)))
            del self._made[oldest]
        self._made[name] = drawn
        wait = _WAIT.match(request.headers.get("prefer", ""))
        if wait and not drawn.ask.stream:
            until = read_at + min(float(wait[1] or LONGEST_WAIT_S), LONGEST_WAIT_S)
            if drawn.due[-1] <= until:
                return await self._replies.deliver(request, drawn)
            await delivery.until(until)
        return self._as_it_stands(name, drawn, status=201)

    async def _fetch(self, request: web.Request, _body: bytes, read_at: float) -> web.StreamResponse:
        name, drawn = self._find(request)
        if drawn is None:
            return _not_found(name)
        if drawn.settled or drawn.due[-1] > read_at:
            return self._as_it_stands(name, drawn)
        drawn.ask = replace(drawn.ask, stream=False)
        return await self._replies.deliver(request, drawn)

    async def _stream(self, request: web.Request, _body: bytes, _read_at: float) -> web.StreamResponse:
        name, drawn = self._find(request)
        if drawn is None:
            return _not_found(name)
        if name in self._canceled:
            return web.Response(body=replicate.CANCELED, content_type="text/event-stream")
        return await self._replies.deliver(request, drawn)

    async def _cancel(self, request: web.Request, _body: bytes, read_at: float) -> web.StreamResponse:
        name, drawn = self._find(request)
        if drawn is None:
            return _not_found(name)
        if drawn.due[-1] > read_at:
            self._canceled.add(name)
            self._replies.settle(drawn, None)
        return self._as_it_stands(name, drawn)

    def _find(self, request: web.Request) -> tuple[tuple[str, str], Drawn | None]:
        name = request.match_info["profile"], request.match_info["id"]
        return name, self._made.get(name)

    def _as_it_stands(self, name: tuple[str, str], drawn: Drawn, status: int = 200) -> web.Response:
        """The prediction with what it has written so far."""
        now, said, due = asyncio.get_running_loop().time(), drawn.said, drawn.due
        written = [piece for piece, at in zip(said.text, due, strict=False) if at <= now]
        if name in self._canceled:
            body = replicate.unfinished(said, "canceled", written)
        elif now < (drawn.read_at + due[0]) / 2:
            body = replicate.unfinished(said, "starting", ())
        elif now < due[-1]:
            body = replicate.unfinished(said, "processing", written)
        else:
            body = replicate.whole(said)
            if drawn.fault is not None and isinstance(drawn.fault.act, Bent):
                body = bends.bend_body(drawn.fault.act.how, body)
        return web.Response(status=status, body=body, content_type="application/json")


def _echo(request: web.Request, body: dict[str, Any], name: str) -> dict[str, Any]:
    """What a prediction says of its request, and where it is."""
    base = f"{request.scheme}://{request.host}" + replicate.BASE.format(profile=request.match_info["profile"])
    get = base + _FETCHED.format(id=name)
    stream = {"stream": base + _STREAMED.format(id=name)} if body.get("stream") else {}
    return {"input": body["input"], "urls": {"get": get, "cancel": f"{get}/cancel", **stream}}


def _not_found(name: tuple[str, str]) -> web.Response:
    body = replicate.error(Refusal(404, f"there is no prediction {name[1]!r}", "not_found"))
    return web.Response(status=404, body=body, content_type="application/json")
