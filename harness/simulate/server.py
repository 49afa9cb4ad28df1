"""The server: simulated providers on one port, by path, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

import orjson
from aiohttp import web

from harness.errors import WrongUse
from harness.simulate import bends, delivery, embeddings, listings
from harness.simulate.conversation import Malformed
from harness.simulate.drawn import Drawn
from harness.simulate.draws import Draws
from harness.simulate.faults import FORCE_HEADER, Bent, Broken, Fault, Instead, Refusal, Slow, drawn, forced
from harness.simulate.keys import Keys
from harness.simulate.predictions import Answer, Predictions
from harness.simulate.profiles import Fleet, Profile
from harness.simulate.quotas import Quota
from harness.simulate.reply import Ask, Said, Wire, compose, tag
from harness.simulate.truthlog import TruthLog
from harness.simulate.wires import ASKED_ONCE, anthropic_messages, gemini, ollama_chat, openai_chat, replicate
from harness.told import Truth

SIMULATED_HEADER = "x-simulated"
"""Every response has this header, with the profile's name (`unknown` where the path names none)."""
ID_HEADER = "x-request-id"
"""Every answer has this header, with its id: not every format has a place for it."""

LEFT = web.RequestKey("LEFT", dict[str, str])
"""Where a request keeps the headers that tell what is left of the limits."""

LOOPBACK = "127.0.0.1"
LARGEST_REQUEST = 256 * 1024 * 1024
UNKNOWN_CAPABILITY = "unknown"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _RefusedError(Exception):
    """Ends a request with an HTTP error in its wire's form."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.message)


class Service:
    """What all requests share: the profiles, the answer keys, chance, the truth log."""

    def __init__(self, fleet: Fleet, keys: Keys, seed: int, log: TruthLog) -> None:
        self._profiles = fleet.profiles
        self._keys = keys
        self._draws = Draws(seed)
        self._log = log
        self._quotas = {name: Quota(one.limits) for name, one in fleet.profiles.items() if one.limits}

    def app(self) -> web.Application:
        """The web application: every wire at its path, for every profile."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        for form in embeddings.FORMS.values():
            for path in form.paths:
                app.router.add_post(path, self._handler(form.wire, partial(self._embed, form)))
        for wire in ASKED_ONCE:
            app.router.add_post(wire.BASE + wire.ROUTE, self._handler(wire))
        app.router.add_post(openai_chat.AZURE, self._handler(openai_chat))
        for method, path, answer in Predictions(self).routes():
            app.router.add_route(method, replicate.BASE + path, self._handler(replicate, answer))
        for path, wire, listing in self._listings():
            app.router.add_get(path, self._handler(wire, listing))
        app.on_response_prepare.append(self._mark)
        return app

    async def _mark(self, request: web.Request, response: web.StreamResponse) -> None:
        name = request.match_info.get("profile", "")
        response.headers[SIMULATED_HEADER] = name if name in self._profiles else "unknown"
        response.headers.update(request.get(LEFT, {}))

    def _listings(self) -> Iterator[tuple[str, Wire, Answer]]:
        """Where models are listed, in whose form that is refused, and what answers."""
        told: tuple[tuple[str, Wire, Callable[[str, web.Request], Any]], ...] = (
            ("/{profile}/v1/models", openai_chat, lambda name, r: listings.at_models(name, r.headers, r.query)),
            (
                "/{profile}/v1/models/{model:.+}",
                anthropic_messages,
                lambda name, r: listings.at_model(name, r.match_info["model"]),
            ),
            ("/{profile}/openai/models", openai_chat, lambda name, r: listings.at_models(name, r.headers, r.query)),
            (gemini.BASE + "/models", gemini, lambda name, r: listings.at_gemini(name, r.query)),
            (ollama_chat.BASE + "/api/tags", ollama_chat, lambda name, _r: listings.at_ollama(name)),
        )
        for path, wire, say in told:
            yield path, wire, partial(self._list, say)

    async def _list(
        self, say: Callable[[str, web.Request], Any], request: web.Request, _body: bytes, _read_at: float
    ) -> web.StreamResponse:
        profile = self._profile(request)
        if FORCE_HEADER in request.headers:
            fault = _fault(request, profile, Random(0))
            if fault is not None and isinstance(fault.act, Refusal):
                raise _RefusedError(fault.act)
        told = say(profile.name, request)
        if told is None:
            raise _RefusedError(Refusal(404, f"there is no model {request.match_info['model']!r}", "not_found"))
        return web.json_response(told)

    async def _embed(
        self, form: embeddings.Form, request: web.Request, body: bytes, read_at: float
    ) -> web.StreamResponse:
        """The vectors, when the first token of a reply would be due; with what goes wrong on the way."""
        profile = self._profile(request)
        asked = _read_texts(form, request, body)
        chance = self._draws.next_request(profile.name, "\n".join(asked.texts))
        fault = _fault(request, profile, chance)
        act = None if fault is None else fault.act
        if isinstance(act, Refusal):
            raise _RefusedError(act)
        if isinstance(act, Broken):
            raise _RefusedError(replace(act.refusal, shown_as=200))
        if isinstance(act, Instead):
            return await delivery.instead(request, act)
        told = form.write(asked)
        if isinstance(act, Bent):
            told = bends.bend_body(act.how, told)
        name = f"embd-{tag(chance)}"
        due = [read_at + profile.ttft_s.draw(chance)]
        response, times = await delivery.whole(request, told, due, act, {ID_HEADER: name})
        if times is not None:
            spans = times.first - read_at, times.last - read_at
            self._log.add(_embedded(profile, name, asked.tokens, spans))
        return response

    def _handler(self, wire: Wire, answer: Answer | None = None) -> Handler:
        answer = answer or partial(self._answer, wire)

        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            read_at = asyncio.get_running_loop().time()
            try:
                return await answer(request, body, read_at)
            except _RefusedError as refused:
                return _http_error(wire, refused.refusal)

        return handle

    async def _answer(self, wire: Wire, request: web.Request, body: bytes, read_at: float) -> web.StreamResponse:
        return await self.deliver(request, self.draw(wire, request, body, read_at))

    def draw(self, wire: Wire, request: web.Request, body: bytes, read_at: float) -> Drawn:
        """What chance makes of a request; nothing is sent yet. Raises what the handler shows as an HTTP error."""
        profile = self._profile(request)
        quota = self._quotas.get(profile.name)
        if quota is None:
            return self._draw(wire, request, body, read_at)
        refusal, anthropic = quota.enter(read_at), wire is anthropic_messages
        request[LEFT] = quota.headers(anthropic=anthropic)
        if refusal is not None:
            raise _RefusedError(refusal)
        try:
            drawn = self._draw(wire, request, body, read_at)
        except BaseException:
            quota.leave()
            raise
        quota.spend(drawn.said.prompt_tokens + drawn.said.completion_tokens)
        request[LEFT] = quota.headers(anthropic=anthropic)
        return drawn

    def _draw(self, wire: Wire, request: web.Request, body: bytes, read_at: float) -> Drawn:
        ask = _read(wire, request, body)
        question, key = self._keys.look_up(ask.conversation, ask.forced_tool)
        profile = self._profile(request).at(key.capability if key else None)
        chance = self._draws.next_request(profile.name, question)
        fault = _fault(request, profile, chance)
        if fault is not None and isinstance(fault.act, Refusal):
            raise _RefusedError(fault.act)
        quality = profile.quality_in(key.capability) if key else 0.0
        number = self._draws.take_answer(profile.name, question)
        right = self._draws.is_right(profile.name, question, number, quality)
        answer, ask = profile.answer(key, right=right), profile.limited(ask)
        said = compose(answer, ask, profile=profile.name, created=int(time.time()), rng=chance, extra=profile.overhead)
        if fault is not None and isinstance(fault.act, Bent):
            said = bends.bend_said(fault.act.how, said)
        due = [read_at + wait for wait in _waits(profile, said.completion_tokens, chance)]
        return Drawn(wire, profile, question, key, number, right, ask, said, read_at, due, fault)

    async def deliver(self, request: web.Request, drawn: Drawn) -> web.StreamResponse:
        """Sends the reply, and settles what became of it."""
        times = None
        try:
            if drawn.fault is not None and isinstance(drawn.fault.act, Instead):
                return await delivery.instead(request, drawn.fault.act)
            response, times = await _send(request, (drawn.wire, drawn.ask, drawn.said), drawn.due, drawn.fault)
        finally:
            self.settle(drawn, times)
        return response

    def settle(self, drawn: Drawn, times: delivery.Times | None) -> None:
        """Takes down that the answer got through, at these times, or (None) leaves it to the next request. Only the first time counts."""
        if drawn.settled:
            return
        drawn.settled = True
        if drawn.profile.name in self._quotas:
            self._quotas[drawn.profile.name].leave()
        if times is None:
            self._draws.give_back(drawn.profile.name, drawn.question, drawn.number)
        else:
            self._log.add(_truth(drawn, (times.first - drawn.read_at, times.last - drawn.read_at)))

    def _profile(self, request: web.Request) -> Profile:
        name = request.match_info["profile"]
        if name not in self._profiles:
            known = ", ".join(self._profiles)
            raise _RefusedError(
                Refusal(404, f"no simulated provider is called {name!r}; there are {known}", "not_found")
            )
        return self._profiles[name]


def _read(wire: Wire, request: web.Request, body: bytes) -> Ask:
    named = {name: value for name, value in request.match_info.items() if name != "profile"}
    try:
        return wire.read(_json_object(body) | named)
    except Malformed as error:
        raise _RefusedError(Refusal(400, str(error))) from error


def _read_texts(form: embeddings.Form, request: web.Request, body: bytes) -> embeddings.Texts:
    try:
        asked = form.read(_json_object(body) | {k: v for k, v in request.match_info.items() if k == "model"})
    except Malformed as error:
        raise _RefusedError(Refusal(400, str(error))) from error
    if len(asked.texts) > form.most_texts:
        said = f"{len(asked.texts)} texts, and at most {form.most_texts} are taken"
        raise _RefusedError(Refusal(400, said))
    return asked


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Malformed("the body must be a JSON object")
    return data


def _fault(request: web.Request, profile: Profile, chance: Random) -> Fault | None:
    by_rate = drawn(profile.faults, chance.random())
    named = request.headers.get(FORCE_HEADER)
    if named is None:
        return by_rate
    try:
        return forced(named)
    except ValueError as error:
        raise _RefusedError(Refusal(400, f"{FORCE_HEADER}: {error}")) from error


async def _send(
    request: web.Request, reply: tuple[Wire, Ask, Said], due: Sequence[float], fault: Fault | None
) -> tuple[web.StreamResponse, delivery.Times | None]:
    """Sends the reply as the fault has it; Times is None unless a whole answer got through."""
    wire, ask, said = reply
    act = None if fault is None else fault.act
    named = {ID_HEADER: wire.response_id(said)}
    if isinstance(act, Broken) and not ask.stream:
        raise _RefusedError(replace(act.refusal, shown_as=200))
    if ask.stream:
        out = bends.Outgoing(said, wire.stream(said, ask), due, lambda other: wire.stream(other, ask))
        if isinstance(act, Broken):
            out = bends.broken(out, act.after, wire.error(act.refusal))
        if isinstance(act, Bent):
            out = bends.bend_stream(act.how, out)
        response, times = await delivery.stream(request, out.frames, out.due, act, named)
    else:
        body = wire.whole(said)
        if isinstance(act, Bent):
            body = bends.bend_body(act.how, body)
        response, times = await delivery.whole(request, body, due, act, named)
    return response, times if _gets_through(fault, ask) else None


def _gets_through(fault: Fault | None, ask: Ask) -> bool:
    return fault is None or fault.harmless or isinstance(fault.act, Slow) or (fault.stream_only and not ask.stream)


def _waits(profile: Profile, tokens: int, chance: Random) -> Iterator[float]:
    """Seconds from the request to each token; to the end, for a reply without one."""
    gaps = (profile.inter_token_s.draw(chance) for _ in range(tokens - 1))
    return accumulate(gaps, initial=profile.ttft_s.draw(chance))


def _truth(drawn: Drawn, spans: tuple[float, float]) -> Truth:
    profile, key, said = drawn.profile, drawn.key, drawn.said
    return Truth(
        response_id=drawn.wire.response_id(said),
        profile=profile.name,
        capability=key.capability if key else UNKNOWN_CAPABILITY,
        quality=profile.quality_in(key.capability) if key else 0.0,
        right=drawn.right,
        ttft_s=spans[0],
        latency_s=spans[1],
        prompt_tokens=said.prompt_tokens,
        completion_tokens=said.completion_tokens,
        cost_usd=profile.cost(said.prompt_tokens, said.completion_tokens),
    )


def _embedded(profile: Profile, name: str, tokens: int, spans: tuple[float, float]) -> Truth:
    return Truth(
        response_id=name,
        profile=profile.name,
        capability=embeddings.CAPABILITY,
        quality=1.0,
        right=True,
        ttft_s=spans[0],
        latency_s=spans[1],
        prompt_tokens=tokens,
        completion_tokens=0,
        cost_usd=profile.cost(tokens, 0),
    )


def _http_error(wire: Wire, refusal: Refusal) -> web.Response:
    headers = dict(refusal.headers)
    if refusal.date_in_s is not None:
        headers["retry-after"] = formatdate(time.time() + refusal.date_in_s, usegmt=True)
    body, kind = wire.error(refusal), "application/json"
    if refusal.html:
        body, kind = f"<html><body><h1>{refusal.message}</h1></body></html>".encode(), "text/html"
    return web.Response(status=refusal.shown_as or refusal.status, body=body, content_type=kind, headers=headers)


async def serve(
    fleet: Fleet,
    keys: Keys,
    *,
    port: int = 0,
    seed: int = 0,
    log: Path | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serves the fleet until cancelled, or until SIGTERM or SIGINT where this runs in the main thread.

    It listens on loopback only, on `port` (0: any free one); `ready` is called once with the address, such as
    "http://127.0.0.1:8080".
    `log` is the file for the truth log, complete when this returns. Raises WrongUse if the port cannot be had, and
    HarnessError if the log cannot be written.
    """
    truths = TruthLog(log)
    runner = web.AppRunner(Service(fleet, keys, seed, truths).app(), access_log=None, shutdown_timeout=0.1)
    keeper = asyncio.create_task(truths.keep())
    try:
        await runner.setup()
        with _ended_by_signal() as ended:
            ready(await _listen(runner, port))
            await asyncio.wait([keeper, ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        keeper.cancel()
        await runner.cleanup()
        truths.close()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper


async def _listen(runner: web.AppRunner, port: int) -> str:
    try:
        await web.TCPSite(runner, LOOPBACK, port, backlog=1024).start()
    except OSError as error:
        raise WrongUse(
            f"cannot listen on {LOOPBACK}:{port}: {error.strerror}; choose another port, or 0 for any"
        ) from error
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[asyncio.Future[None]]:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    signals = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    for one in signals:
        loop.add_signal_handler(one, ended.cancel)
    try:
        yield ended
    finally:
        for one in signals:
            loop.remove_signal_handler(one)
