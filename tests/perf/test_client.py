"""What the client does for each question beside the waiting: translating, sending, decoding."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from harness.ask import Limits, Prompt
from harness.client import Client
from harness.client.templates import Translator
from harness.client.translate import translate
from harness.client.wires import WIRES, wire_for
from tests.client.server import (
    A_START,
    A_STOP,
    COUNTED,
    DONE,
    HELLO,
    TOOLS,
    a_end,
    a_text,
    completion,
    delta,
    provider,
)

MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-haiku-4-5"}
QUESTION = "A farmer has seventeen sheep, and all but nine run away. How many are left? " * 8
PROMPT = Prompt(
    ({"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}), TOOLS, tool_choice="auto"
)
PARAMS = {"temperature": 0.2, "max_tokens": 500}
WORDS = [f" word{number}" for number in range(95)]
STREAMS = {
    "openai_chat": [delta("", role="assistant"), *(delta(word) for word in WORDS), delta(finish="stop"), COUNTED, DONE],
    "anthropic_messages": [A_START, *a_text(*WORDS), a_end(), A_STOP],
}
"""A stream of about 100 chunks on each wire, each chunk as it came from the socket."""


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.benchmark(group="translate a request with two tools")
def test_translate(benchmark, kind):
    """From prompt and params to the request's bytes, through litellm's classes for the provider."""
    asked, wire = provider("http://127.0.0.1:9", MODELS[kind]), wire_for(kind)
    assert wire
    translate(asked, wire, PROMPT, PARAMS, stream=True)  # loads litellm
    request = benchmark(translate, asked, wire, PROMPT, PARAMS, stream=True)
    assert json.loads(request.body)["max_tokens"] == 500


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.benchmark(group="translate a request with two tools")
def test_translate_by_template(benchmark, kind):
    """The same of a shape that was asked before: what litellm made of it, with other texts."""
    asked, translator = provider("http://127.0.0.1:9", MODELS[kind]), Translator()
    for _ in range(2):
        translator.request(asked, PROMPT, PARAMS, stream=True)
    request = benchmark(translator.request, asked, PROMPT, PARAMS, stream=True)
    assert json.loads(request.body)["max_tokens"] == 500


@pytest.mark.benchmark(group="translate a request with two tools")
def test_translate_peer_json_dumps(benchmark):
    """Peer: the same prompt and params written as JSON, untranslated."""
    assert benchmark(lambda: json.dumps({"model": "m", "stream": True, **PROMPT.as_json(), **PARAMS}).encode())


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.benchmark(group="decode a stream of 100 chunks")
def test_decode(benchmark, name):
    """From raw chunks with their times to the reply, its usage and its marks."""
    wire = next(one for one in WIRES if one.name == name)
    chunks = [(number / 100, data) for number, data in enumerate(STREAMS[name])]
    decoded = benchmark(wire.read_stream, chunks)
    assert decoded.reply.text == "".join(WORDS)
    assert decoded.failure is None


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.benchmark(group="decode a stream of 100 chunks")
def test_decode_peer_json_loads(benchmark, name):
    """Peer: `json.loads` of every data line, and nothing done with it."""
    body = b"".join(STREAMS[name])

    def parse() -> list[object]:
        return [json.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: {")]

    assert len(benchmark(parse)) > len(WORDS)


AT_ONCE, EACH = 16, 4
REPLIES = {True: ("text/event-stream", b"".join(HELLO)), False: ("application/json", json.dumps(completion()).encode())}
Ask = Callable[[], Awaitable[object]]


async def at_once(ask: Ask) -> None:
    """16 workers that ask four times each."""

    async def work() -> None:
        for _ in range(EACH):
            await ask()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


@pytest.fixture
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def url(loop):
    """A server in the same loop that reads the request and sends a reply made before: its own time is in every figure."""

    async def answer(request: web.Request) -> web.Response:
        kind, body = REPLIES[(await request.json()).get("stream", False)]
        return web.Response(body=body, headers={"content-type": kind})

    async def start() -> tuple[web.AppRunner, str]:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        serving = web.AppRunner(app, access_log=None)
        await serving.setup()
        await web.TCPSite(serving, "127.0.0.1", 0).start()
        return serving, f"http://127.0.0.1:{serving.addresses[0][1]}"

    serving, address = loop.run(start())
    yield address
    loop.run(serving.cleanup())


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.benchmark(group=f"ask {AT_ONCE * EACH} questions, {AT_ONCE} at once, on loopback")
def test_ask(benchmark, loop, url, stream):
    """The whole client: translate, wait for a slot, send, read, watch the loop, decode, time, count, price."""
    client = Client(metadata={"team": "blue"})
    asked = provider(url, limits=Limits(max_concurrency=AT_ONCE))
    loop.run(client.__aenter__())
    try:
        attempt = loop.run(client.ask(asked, PROMPT, stream=stream))
        assert attempt.ok, attempt.failure
        benchmark.pedantic(
            lambda: loop.run(at_once(lambda: client.ask(asked, PROMPT, stream=stream))), rounds=12, warmup_rounds=1
        )
    finally:
        loop.run(client.aclose())


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.benchmark(group=f"ask {AT_ONCE * EACH} questions, {AT_ONCE} at once, on loopback")
def test_ask_peer_aiohttp(benchmark, loop, url, stream):
    """Peer: aiohttp alone posts the same JSON and reads the bytes."""

    async def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def post() -> bytes:
        body = {"model": "gpt-4o-mini", "stream": stream, **PROMPT.as_json()}
        async with session.post(f"{url}/v1/chat/completions", json=body) as response:
            data: bytes = await response.read()
            return data

    session = loop.run(open_session())
    try:
        assert loop.run(post()) == REPLIES[stream][1]
        benchmark.pedantic(lambda: loop.run(at_once(post)), rounds=12, warmup_rounds=1)
    finally:
        loop.run(session.close())
