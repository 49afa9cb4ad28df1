"""What the tests of the fleet share: cases, a fleet that is quick, a server, a client."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from harness.ask import Answer, Case, Prices, Prompt, ToolCall
from harness.simulate import Fleet, Keys, LogNormal, Profile, serve

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
SUM = Case(
    "sum",
    Prompt(({"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 2 + 2?"})),
    "arithmetic",
    (),
    reference=Answer("The answer is 4, naïvely 🙂."),
    distractor=Answer("The answer is 5."),
)
TRIP = Case(
    "trip",
    Prompt(({"role": "user", "content": "Weather in Rome and Oslo?"},), tools=(WEATHER,)),
    "tools",
    (),
    reference=Answer(
        "Let me see.",
        (ToolCall("get_weather", '{"city": "Rome"}'), ToolCall("get_weather", '{"city": "Oslo, Norway"}')),
    ),
)
FORM = Case(
    "form",
    Prompt(({"role": "user", "content": "Extract the city from: I live in Rome."},)),
    "extraction",
    (),
    reference=Answer('{"city": "Rome"}'),
    distractor=Answer('{"city": "Oslo"}'),
)
CASES = (SUM, TRIP, FORM)


def profile(name: str, quality: float, faults: Mapping[str, float] | None = None) -> Profile:
    return Profile(
        name=name,
        default_quality=quality,
        ttft_s=LogNormal(0.002, 0.1),
        inter_token_s=LogNormal(0.0002, 0.1),
        prices=Prices(input=1e-6, output=2e-6),
        faults=faults or {},
    )


QUICK = Fleet({one.name: one for one in (profile("right", 1.0), profile("wrong", 0.0), profile("even", 0.5))})

QUICK_TOML = "\n".join(
    f"[{name}]\nquality = {{ default = {quality} }}\nttft_s = {{ median = 0.002, sigma = 0.1 }}\n"
    f"inter_token_s = {{ median = 0.0002, sigma = 0.1 }}\nprices = {{ input = 1.0, output = 2.0 }}\n"
    for name, quality in (("right", 1.0), ("wrong", 0.0))
)


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of the server-sent events, `[DONE]` as it is."""
        lines = [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]


@dataclass(frozen=True)
class Asker:
    """A client of one server."""

    address: str
    session: aiohttp.ClientSession

    async def post(self, path: str, body: Any, **headers: str) -> Got:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.address + path, data=data, headers=names) as response:
            return Got(response.status, response.headers, await response.read())

    async def get(self, path: str) -> Got:
        async with self.session.get(self.address + path) as response:
            return Got(response.status, response.headers, await response.read())

    async def openai(self, case: Case, profile: str = "right", **more: Any) -> Got:
        return await self.post(f"/{profile}/v1/chat/completions", openai_body(case, **more))

    async def anthropic(self, case: Case, profile: str = "right", **more: Any) -> Got:
        return await self.post(f"/{profile}/v1/messages", anthropic_body(case, **more))


def openai_body(case: Case, **more: Any) -> dict[str, Any]:
    return {"model": "simulated-model", **case.prompt.as_json(), **more}


def anthropic_body(case: Case, **more: Any) -> dict[str, Any]:
    """The case in Anthropic's form, for cases whose messages are plain text."""
    messages = list(case.prompt.messages)
    body: dict[str, Any] = {"model": "simulated-model", "max_tokens": 1000}
    if messages[0]["role"] == "system":
        body["system"] = messages.pop(0)["content"]
    body["messages"] = messages
    if case.prompt.tools:
        functions = [tool["function"] for tool in case.prompt.tools]
        body["tools"] = [
            {"name": one["name"], "description": one["description"], "input_schema": one["parameters"]}
            for one in functions
        ]
    return {**body, **more}


@contextlib.asynccontextmanager
async def served(
    fleet: Fleet = QUICK, keys: Keys | None = None, seed: int = 0, log: Path | None = None
) -> AsyncIterator[Asker]:
    loop = asyncio.get_running_loop()
    address: asyncio.Future[str] = loop.create_future()
    keys = Keys.of(CASES) if keys is None else keys
    serving = asyncio.create_task(serve(fleet, keys, seed=seed, log=log, ready=address.set_result))
    try:
        serving.add_done_callback(lambda _: address.done() or address.cancel())
        with contextlib.suppress(asyncio.CancelledError):
            await address
        if serving.done():
            serving.result()  # it could not begin, and this raises why
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield Asker(address.result(), session)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
