"""The Anthropic messages wire (https://docs.anthropic.com/en/api/messages and …/messages-streaming).

A stream is whole when `message_stop` came and a `message_delta` before it told the stop reason. `input_tokens` leaves out what was
read from the cache and written to it; our `prompt_tokens` includes both, as on every wire.
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
from harness.client.wires.reading import Reading
from harness.client.wires.sse import parsed
from harness.told import Failure, StructuredBy, Usage

ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {"anthropic": Endpoint("https://api.anthropic.com", path="/v1/messages")}
)
"""The kinds of providers, by litellm's name, whose servers speak this wire."""


def read_body(chunks: Sequence[Chunk]) -> Decoded:
    """The reply of a body. Not JSON, or without a list of content: `response_malformed`; no content in it: `empty_response`."""
    draft = Draft()
    try:
        body = orjson.loads(joined(chunks))
    except orjson.JSONDecodeError as error:
        return draft.done(failure("response_malformed", f"the body is not JSON: {error}"))
    if isinstance(body, Mapping) and (body.get("error") or body.get("type") == "error"):
        return draft.done(from_error(body.get("error") or body))
    content = inside(body, "content")
    if not isinstance(content, list):
        return draft.done(failure("response_malformed", "the body is JSON, but no message: it has no content"))
    draft.name_it(body)
    draft.usage = _usage(body.get("usage"))
    draft.begin(chunks[0][0])
    for index, block in enumerate(content):
        _begin_block(draft, index, block)
        if inside(block, "type") == "tool_use":
            draft.call(index).arguments.append(json.dumps(block.get("input", {}), ensure_ascii=False))
    draft.finish(body.get("stop_reason"))
    return whole(draft, chunks)


class _Stream(Reading):
    def __init__(self) -> None:
        super().__init__()
        self._usage: dict[str, Any] = {}
        self._stopped = False

    def take(self, event: Event) -> Failure | None:
        body = parsed(event)
        if isinstance(body, Failure):
            return body
        if body is not None:
            self._stopped = body["type"] == "message_stop"
        self.over = self._stopped or body is None
        return None if body is None else _take(self.draft, self._usage, body, event.at)

    def end(self) -> Failure | None:
        for call in self.draft.calls.values():
            call.arguments = call.arguments or ["{}"]  # a tool without parameters is called without any delta
        if not self._stopped or self.draft.finish_reason is None:
            missing = "its message_stop" if self.draft.finish_reason else "a stop reason"
            return failure("stream_truncated", f"the stream ended without {missing}")
        return None

    def read_body(self, chunks: list[Chunk]) -> Decoded:
        return read_body(chunks)


def _take(draft: Draft, usage: dict[str, Any], body: Mapping[str, Any], at: float) -> Failure | None:
    """Adds one event to the draft; the failure that it tells, if it tells one."""
    draft.begin(at)
    match body["type"]:
        case "error":
            return from_error(body.get("error") or body)
        case "message_start":
            message = inside(body, "message")
            draft.name_it(message if isinstance(message, Mapping) else {})
            told = inside(message, "usage")
            if isinstance(told, Mapping):  # its output_tokens are of the first moment: the reply is counted at the end
                _count_in(draft, usage, {name: value for name, value in told.items() if name != "output_tokens"})
        case "content_block_start":
            _begin_block(draft, count(body.get("index")) or 0, body.get("content_block"))
        case "content_block_delta":
            _add_delta(draft, count(body.get("index")) or 0, body.get("delta"))
        case "message_delta":
            draft.finish(inside(body, "delta", "stop_reason"))
            _count_in(draft, usage, body.get("usage"))
    return None


def _begin_block(draft: Draft, index: int, block: Any) -> None:
    match inside(block, "type"):
        case "text":
            draft.add_text(block.get("text"))
        case "thinking":
            draft.add_reasoning(block.get("thinking"))
        case "tool_use":
            call = draft.call(index)
            call.name, call.id = str(block.get("name") or ""), str(block.get("id") or "")


def _add_delta(draft: Draft, index: int, delta: Any) -> None:
    match inside(delta, "type"):
        case "text_delta":
            draft.add_text(delta.get("text"))
        case "thinking_delta":
            draft.add_reasoning(delta.get("thinking"))
        case "input_json_delta" if index in draft.calls:
            part = delta.get("partial_json")
            if isinstance(part, str) and part:
                draft.call(index).arguments.append(part)


def _count_in(draft: Draft, usage: dict[str, Any], told: Any) -> None:
    """Usage comes in two parts, and the later figures are cumulative: they replace the earlier ones."""
    if isinstance(told, Mapping):
        usage.update((key, value) for key, value in told.items() if value is not None)
        draft.usage = _usage(usage)


def _usage(told: Any) -> Usage:
    fresh = count(inside(told, "input_tokens"))
    read, written = count(inside(told, "cache_read_input_tokens")), count(inside(told, "cache_creation_input_tokens"))
    prompt = None if fresh is None else fresh + (read or 0) + (written or 0)
    thought = count(inside(told, "output_tokens_details", "thinking_tokens"))
    completion = count(inside(told, "output_tokens"))
    hour = count(inside(told, "cache_creation", "ephemeral_1h_input_tokens"))
    return usage_of(prompt, completion, cached=read, cache_write=written, reasoning=thought, cache_write_1h=hour)


def structured(body: Mapping[str, Any]) -> StructuredBy | None:
    """How the body asks for JSON."""
    form = body.get("output_format") or inside(body, "output_config", "format")
    return "json_schema" if inside(form, "type") == "json_schema" else None


WIRE = Wire(
    "anthropic_messages", ENDPOINTS, read_body, _Stream, frozenset({"messages", "system"}), structured=structured
)
