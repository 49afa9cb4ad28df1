"""Cohere's chat wire, version 2 (https://docs.cohere.com/reference/chat and …/chat-stream).

A stream is server-sent events, or their JSON alone, one on each line; it is whole when `message-end` came with a finish reason. Of the
two counts that it tells, `tokens` is the usage, as litellm reads it; `billed_units` leaves out what Cohere adds to the prompt. The plan
that comes before tool calls is reasoning.
"""

from __future__ import annotations

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
from harness.client.wires.sse import Events, begins, parsed
from harness.told import Failure, StructuredBy, Usage

_COHERE = Endpoint("https://api.cohere.com", path="/v2/chat")
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({"cohere": _COHERE, "cohere_chat": _COHERE})
"""The kinds of providers, by litellm's name, whose servers speak this wire."""

_FINISH = {
    "COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls", "ERROR_TOXIC": "content_filter",
}  # fmt: skip
_CHOICES = {"required": "REQUIRED", "none": "NONE"}


def read_body(chunks: Sequence[Chunk]) -> Decoded:
    """The reply of a body. Not JSON, or without a message: `response_malformed`; a finish that is an error: that error."""
    draft = Draft()
    try:
        body = orjson.loads(joined(chunks))
    except orjson.JSONDecodeError as error:
        return draft.done(failure("response_malformed", f"the body is not JSON: {error}"))
    if fault := _error_in(body):
        return draft.done(fault)
    message = inside(body, "message")
    if not isinstance(message, Mapping):
        return draft.done(failure("response_malformed", "the body is JSON, but no chat reply: it has no message"))
    draft.name_it(body)
    draft.usage = _usage(body.get("usage"))
    draft.begin(chunks[0][0])
    draft.add_reasoning(message.get("tool_plan"))
    content = message.get("content")
    for part in content if isinstance(content, list) else [content]:
        _add_content(draft, part)
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if isinstance(calls, list) else []):
        _add_call(draft, index, call)
    fault = _finish(draft, body)
    return draft.done(fault) if fault else whole(draft, chunks)


class _Stream(Reading):
    def form(self, start: bytes, *, ended: bool) -> Splitter | bool:
        named = begins(start, ended=ended)
        if named:
            return Events()
        if named is None or not (ended or b"\n" in start.lstrip()):
            return True
        # A client that accepts JSON may get the events as lines of it.
        return False if inside(first_object(start), "type") is None else Lines()

    def take(self, event: Event) -> Failure | None:
        body = None if event.raw == b"[DONE]" else parsed(event)
        if isinstance(body, Failure):
            return body
        self.over = body is None
        return None if body is None else _take(self.draft, body, event.at)

    def end(self) -> Failure | None:
        if self.draft.finish_reason is None:
            return failure("stream_truncated", "the stream ended without its message-end")
        return None

    def read_body(self, chunks: list[Chunk]) -> Decoded:
        return read_body(chunks)


def _take(draft: Draft, body: Mapping[str, Any], at: float) -> Failure | None:
    """Adds one event to the draft; the failure that it tells, if it tells one."""
    if fault := _error_in(body):
        return fault
    draft.begin(at)
    message = inside(body, "delta", "message")
    match body["type"]:
        case "message-start":
            draft.name_it(body)
        case "content-start" | "content-delta":
            _add_content(draft, inside(message, "content"))
        case "tool-plan-delta":
            draft.add_reasoning(inside(message, "tool_plan"))
        case "tool-call-start" | "tool-call-delta":
            _add_call(draft, count(body.get("index")) or 0, inside(message, "tool_calls"))
        case "message-end":
            draft.usage = _usage(inside(body, "delta", "usage"))
            return _finish(draft, body.get("delta"))
    return None


def _error_in(body: Any) -> Failure | None:
    """The error that a body or an event is; Cohere writes it as no more than a message, which is text."""
    if isinstance(body, Mapping) and (body.get("error") or isinstance(body.get("message"), str)):
        return from_error(body)
    return from_error(body) if inside(body, "type") == "error" else None


def _add_content(draft: Draft, part: Any) -> None:
    draft.add_reasoning(inside(part, "thinking"))
    draft.add_text(part if isinstance(part, str) else inside(part, "text"))


def _add_call(draft: Draft, index: int, told: Any) -> None:
    call = draft.call(index)
    call.id = call.id or str(inside(told, "id") or "")
    call.name = call.name or str(inside(told, "function", "name") or "")
    arguments = inside(told, "function", "arguments")
    if isinstance(arguments, str):
        call.arguments.append(arguments)


def _finish(draft: Draft, told: Any) -> Failure | None:
    """Takes over why the answer ended; the failure, if it ended for one (ERROR, TIMEOUT and the like)."""
    reason = inside(told, "finish_reason")
    if isinstance(reason, str) and reason.startswith(("ERROR", "TIMEOUT")) and reason not in _FINISH:
        return from_error(inside(told, "error") or f"the answer ended with {reason}")
    draft.finish(_FINISH.get(reason, reason) if isinstance(reason, str) else None)
    return None


def _usage(told: Any) -> Usage:
    prompt, completion = (count(inside(told, "tokens", name)) for name in ("input_tokens", "output_tokens"))
    return usage_of(prompt, completion, cached=count(inside(told, "cached_tokens")))


def _write_format(body: dict[str, Any], wanted: Any) -> bool:
    """Cohere takes no response format beside tools (https://docs.cohere.com/docs/structured-outputs)."""
    kind, schema = inside(wanted, "type"), inside(wanted, "json_schema", "schema")
    if kind in {"json_object", "json_schema"}:
        if body.get("tools"):
            return False
        body["response_format"] = {"type": "json_object", **({"json_schema": schema} if schema else {})}
    return kind in {"text", "json_object", "json_schema"}


def _write_choice(body: dict[str, Any], wanted: Any) -> bool:
    """A certain tool cannot be named: it is required while no other is on offer."""
    name = inside(wanted, "function", "name")
    named = [tool for tool in body.get("tools") or () if inside(tool, "function", "name") == name]
    if name is not None and named:
        body["tools"], wanted = named, "required"
    if wanted in ("required", "none"):
        body["tool_choice"] = _CHOICES[wanted]
    return wanted in ("required", "none", "auto")


def structured(body: Mapping[str, Any]) -> StructuredBy | None:
    """How the body asks for JSON."""
    form = body.get("response_format")
    if inside(form, "type") != "json_object":
        return None
    return "json_schema" if inside(form, "json_schema") else "json_mode"


WIRE = Wire(
    "cohere_chat",
    ENDPOINTS,
    read_body,
    _Stream,
    writes=MappingProxyType({"response_format": _write_format, "tool_choice": _write_choice}),
    structured=structured,
)
