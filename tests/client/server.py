"""A server on loopback that sends exact bytes with exact pauses, and remembers what it was asked."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.ask import Case, Deadlines, Prices, Prompt, Provider, Retries, Secret, Trial

KEY = "sk-test-0123456789abcdefKEY"
Step = bytes | float | str
"""What a script does: bytes are sent, a number is a pause in seconds, "reset" and "hang" are what they say."""


@dataclass
class Asked:
    """A request that came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    connection: int


@dataclass
class Server:
    """Answers the n-th request with the n-th script, and from then on with the last. `lines` are the first lines of all requests."""

    scripts: Sequence[Sequence[Step]]
    asked: list[Asked] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    url: str = ""
    connections: int = 0
    greeting: bytes = b""
    busy: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        writer.write(self.greeting)
        try:
            while await self._answer(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except asyncio.IncompleteReadError:
            return False
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self.lines.append(head[0])
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if head[0].split(" ")[1] == "/api/show":  # litellm asks Ollama for the model's facts, after the answer
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True
        self.asked.append(Asked(head[0].split(" ")[1], headers, json.loads(body) if body else {}, number))
        self.busy.set()
        script = self.scripts[min(len(self.asked), len(self.scripts)) - 1]
        for step in script:
            if step == "reset":
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            if step == "hang":
                await asyncio.sleep(30)
            elif isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
        return b"connection: close" not in b"".join(step for step in script if isinstance(step, bytes)).lower()


@asynccontextmanager
async def serving(*scripts: Sequence[Step], greeting: bytes = b"") -> AsyncIterator[Server]:
    server = Server(scripts, greeting=greeting)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in asyncio.all_tasks():
            if "Server.handle" in repr(task.get_coro()):
                task.cancel()
        await asyncio.sleep(0)


def head(status: str = "200 OK", *headers: str, kind: str = "application/json", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def whole(body: object, status: str = "200 OK", *headers: str, kind: str = "application/json") -> list[Step]:
    """The script of an answer in one piece."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [head(status, *headers, kind=kind, length=len(data)) + data]


def chunked(*steps: Step, end: bool = True, headers: Sequence[str] = ()) -> list[Step]:
    """The script of a stream in chunked encoding: each of the bytes is a chunk."""
    script: list[Step] = [head("200 OK", "Transfer-Encoding: chunked", *headers, kind="text/event-stream")]
    script += [b"%x\r\n%s\r\n" % (len(step), step) if isinstance(step, bytes) else step for step in steps]
    return [*script, b"0\r\n\r\n"] if end else script


def data(value: object) -> bytes:
    """One event in the OpenAI form."""
    return b"data: " + (value.encode() if isinstance(value, str) else json.dumps(value).encode()) + b"\n\n"


def delta(content: object = None, finish: str | None = None, **more: object) -> bytes:
    """One chunk of an OpenAI stream."""
    part = {**({} if content is None else {"content": content}), **more}
    choice = {"index": 0, "delta": part, "finish_reason": finish}
    return data({"id": "r1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [choice]})


USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
COUNTED = data({"id": "r1", "object": "chat.completion.chunk", "model": "m-1", "choices": [], "usage": USAGE})
DONE = data("[DONE]")
HELLO = [delta("", role="assistant"), delta("Hel"), delta("lo"), delta(finish="stop"), COUNTED, DONE]


def completion(
    content: object = "Hello", finish: object = "stop", usage: object = USAGE, **more: object
) -> dict[str, Any]:
    """The body of an OpenAI chat completion."""
    message = {"role": "assistant", "content": content, **more}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    body = {"id": "r1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": choices}
    return body if usage is None else {**body, "usage": usage}


def event(kind: str, **fields: object) -> bytes:
    """One event of an Anthropic stream."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **fields}).encode())


A_USAGE = {"input_tokens": 11, "output_tokens": 1, "cache_read_input_tokens": 6, "cache_creation_input_tokens": 3}
A_START = event(
    "message_start",
    message={"id": "m1", "type": "message", "role": "assistant", "model": "c-1", "content": [], "usage": A_USAGE},
)
A_STOP = event("message_stop")


def a_text(*pieces: str, index: int = 0) -> list[bytes]:
    return [
        event("content_block_start", index=index, content_block={"type": "text", "text": ""}),
        *(event("content_block_delta", index=index, delta={"type": "text_delta", "text": one}) for one in pieces),
        event("content_block_stop", index=index),
    ]


def a_tool(*parts: str, index: int = 1, name: str = "get_weather") -> list[bytes]:
    block = {"type": "tool_use", "id": f"t{index}", "name": name, "input": {}}
    return [
        event("content_block_start", index=index, content_block=block),
        *(
            event("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": one})
            for one in parts
        ),
        event("content_block_stop", index=index),
    ]


def a_end(reason: str = "end_turn", output: object = 5) -> bytes:
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": output})


A_HELLO = [A_START, *a_text("Hel", "lo"), a_end(), A_STOP]


def message(*content: object, reason: str = "end_turn", usage: object = A_USAGE) -> dict[str, Any]:
    """The body of an Anthropic message."""
    body = {"id": "m1", "type": "message", "role": "assistant", "model": "c-1", "content": list(content)}
    return {**body, "stop_reason": reason, "stop_sequence": None, "usage": usage}


TOOLS: tuple[dict[str, Any], ...] = tuple(
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Tells the {thing} of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name, thing in [("get_weather", "weather"), ("get_time", "time")]
)


def provider(url: str | None, model: str = "openai/gpt-4o-mini", **more: Any) -> Provider:
    """A provider of that server, without retries unless they are asked for."""
    fields = {"retries": Retries(0, 0.0), "prices": Prices(1e-6, 2e-6, id="registry"), **more}
    base = f"{url}/v1" if url and not model.startswith("anthropic/") else url
    return Provider("mine", model, Secret(KEY), base, **fields)


def trial(asked: Provider, text: str = "hi", *, stream: bool = True, **params: Any) -> Trial:
    case = Case("c", Prompt(({"role": "user", "content": text},)), "talk", ())
    return Trial("s", "h", case, asked, params, stream=stream)


HASTY = Deadlines(connect_s=5.0, first_token_s=0.2, stall_s=0.2, total_s=9.0)
