"""Ollama's chat wire (https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion).

A stream is a JSON object on each line. It is whole when one of them says `done`, which is also where the usage stands. Tool calls come
whole, with their arguments as objects and without ids; an answer that has any ends for "stop" like every other, which is
`tool_calls` here. Responses have no id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from harness.client.failures import failure, from_error
from harness.client.wires.contract import Chunk, Decoded, Endpoint, Event, Wire
from harness.client.wires.counts import count, inside, usage_of
from harness.client.wires.draft import Draft, joined, whole
from harness.client.wires.json_lines import Lines, first_object
from harness.client.wires.reading import Reading, Splitter
from harness.told import Failure, StructuredBy

_OLLAMA = Endpoint("http://localhost:11434", path="/api/chat", streams_unasked=True, translated_as="ollama_chat")
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({"ollama_chat": _OLLAMA, "ollama": _OLLAMA})
"""The kinds of providers, by litellm's name, whose servers speak this wire.

litellm asks the kind `ollama` for a completion of one text, with a template of its own and tools written into the prompt; the same
server knows the model's own template and its tools, which is what a conversation needs.
"""


def read_body(chunks: Sequence[Chunk]) -> Decoded:
    """The reply of a body. Not JSON, or without a message: `response_malformed`."""
    draft = Draft()
    try:
        body = orjson.loads(joined(chunks))
    except orjson.JSONDecodeError as error:
        return draft.done(failure("response_malformed", f"the body is not JSON: {error}"))
    if not isinstance(body, Mapping) or not (body.get("error") or isinstance(body.get("message"), Mapping)):
        return draft.done(failure("response_malformed", "the body is JSON, but no chat reply: it has no message"))
    fault = _take(draft, body, chunks[0][0])
    return draft.done(fault) if fault else whole(draft, chunks)


class _Stream(Reading):
    def __init__(self) -> None:
        super().__init__()
        self._told = False

    def form(self, start: bytes, *, ended: bool) -> Splitter | bool:
        if not (ended or b"\n" in start.lstrip()):
            return True
        return False if first_object(start) is None else Lines()

    def take(self, event: Event) -> Failure | None:
        try:
            body = event.json()
        except orjson.JSONDecodeError as error:
            self.over = True
            if not event.whole:
                return None  # the stream was cut within it
            return failure("stream_malformed", f"a line of the stream is not JSON: {error}")
        if not isinstance(body, Mapping):
            return failure("stream_malformed", "a line of the stream is no JSON object")
        if fault := _take(self.draft, body, event.at):
            return fault
        self._told = self.over = body.get("done") is True
        return None

    def end(self) -> Failure | None:
        if not self._told:
            return failure("stream_truncated", "the stream ended before it said that it was done")
        return None

    def read_body(self, chunks: list[Chunk]) -> Decoded:
        return read_body(chunks)


def _take(draft: Draft, body: Mapping[str, Any], at: float) -> Failure | None:
    """Adds one object to the draft; the failure that it tells, if it tells one."""
    if body.get("error"):
        return from_error(body["error"])
    draft.begin(at)
    draft.name_it(body)
    message = body.get("message")
    draft.add_reasoning(inside(message, "thinking"))
    draft.add_text(inside(message, "content"))
    calls = inside(message, "tool_calls")
    for call in calls if isinstance(calls, list) else []:
        _add_call(draft, call)
    if body.get("done") is True:
        reason = body.get("done_reason")
        draft.finish("tool_calls" if draft.calls and reason == "stop" else reason)
        draft.usage = usage_of(count(body.get("prompt_eval_count")), count(body.get("eval_count")))
    return None


def _add_call(draft: Draft, told: Any) -> None:
    call = draft.call(len(draft.calls))
    call.id, call.name = str(inside(told, "id") or ""), str(inside(told, "function", "name") or "")
    arguments = inside(told, "function", "arguments")
    call.arguments.append(arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False))


def _write_choice(body: dict[str, Any], wanted: Any) -> bool:
    """Ollama's models always choose for themselves: only not to call can be had, by offering no tool."""
    if wanted == "none":
        body.pop("tools", None)
    return wanted in ("none", "auto")


def structured(body: Mapping[str, Any]) -> StructuredBy | None:
    """How the body asks for JSON."""
    form = body.get("format")
    return "json_schema" if isinstance(form, Mapping) else "json_mode" if form == "json" else None


WIRE = Wire(
    "ollama_chat",
    ENDPOINTS,
    read_body,
    _Stream,
    writes=MappingProxyType({"tool_choice": _write_choice}),
    structured=structured,
)
