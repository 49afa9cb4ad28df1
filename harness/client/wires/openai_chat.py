"""The OpenAI chat wire (https://platform.openai.com/docs/api-reference/chat), which most providers speak.

A stream is whole when a choice told its finish reason: `[DONE]` alone does not say that the answer is, and not every server sends it.
With several choices (`n`) the first is the reply; usage counts all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from harness.client.failures import failure, from_error
from harness.client.wires.contract import Chunk, Decoded, Endpoint, Event, Wire
from harness.client.wires.counts import count, inside, usage_of
from harness.client.wires.draft import Draft, joined, whole
from harness.client.wires.reading import Reading
from harness.told import Failure, StructuredBy, Usage

_ASKED = Endpoint(asks_usage=True)
_TELLS = Endpoint()
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        "openai": Endpoint("https://api.openai.com/v1", asks_usage=True, has_responses=True),
        "azure": Endpoint(
            path="/openai/deployments/{model}/chat/completions?api-version={api_version}",
            key_header="api-key",
            asks_usage=True,
            has_responses=True,
        ),
        "huggingface": Endpoint("https://router.huggingface.co/v1", asks_usage=True, host_first=True),
        "cerebras": _ASKED,
        "deepinfra": _ASKED,
        "deepseek": _ASKED,
        "fireworks_ai": _ASKED,
        "groq": _ASKED,
        "nebius": _ASKED,
        "novita": _ASKED,
        "nvidia_nim": _ASKED,
        "openrouter": Endpoint("https://openrouter.ai/api/v1", asks_usage=True),
        "sambanova": _ASKED,
        "together_ai": _ASKED,
        "xai": _ASKED,
        "mistral": _TELLS,  # tells its usage unasked, and refuses fields that it does not know
        "perplexity": _TELLS,
        "custom_openai": _ASKED,
        "hosted_vllm": _ASKED,
        "litellm_proxy": _ASKED,
        "llamafile": _ASKED,
        "lm_studio": _ASKED,
        "openai_like": _ASKED,
    }
)
"""The kinds of providers, by litellm's name, whose servers speak this wire."""


def read_body(chunks: Sequence[Chunk]) -> Decoded:
    """The reply of a body. Not JSON, or without a list of choices: `response_malformed`; without any choice: `empty_response`."""
    draft = Draft()
    try:
        body = orjson.loads(joined(chunks))
    except orjson.JSONDecodeError as error:
        return draft.done(failure("response_malformed", f"the body is not JSON: {error}"))
    if isinstance(body, Mapping) and body.get("error"):
        return draft.done(from_error(body["error"]))
    choices = inside(body, "choices")
    if not isinstance(choices, list):
        return draft.done(failure("response_malformed", "the body is JSON, but no chat completion: it has no choices"))
    draft.name_it(body)
    draft.usage = _usage(body)
    draft.begin(chunks[0][0])
    for choice in _first(choices):
        _add(draft, inside(choice, "message"))
        draft.finish(inside(choice, "finish_reason"))
    return whole(draft, chunks)


class _Stream(Reading):
    def take(self, event: Event) -> Failure | None:
        if event.raw == b"[DONE]":
            self.over = True
            return None
        return _take(self.draft, event)

    def end(self) -> Failure | None:
        if self.draft.finish_reason is None:
            return failure("stream_truncated", "the stream ended without a finish reason")
        return None

    def read_body(self, chunks: list[Chunk]) -> Decoded:
        return read_body(chunks)


def _take(draft: Draft, event: Event) -> Failure | None:
    """Adds one event to the draft; says what is wrong with it, if something is."""
    try:
        body = event.json()
    except orjson.JSONDecodeError as error:
        if not event.whole:
            return None  # the stream was cut within it
        return failure("stream_malformed", f"a chunk of the stream is not JSON: {error}")
    if not isinstance(body, dict):
        return failure("stream_malformed", "a chunk of the stream is no JSON object")
    if body.get("error") or event.name == "error":
        return from_error(body.get("error") or body)
    draft.name_it(body)
    draft.begin(event.at)
    if body.get("usage") or "x_groq" in body:
        usage = _usage(body)
        if usage.source == "usage":
            draft.usage = usage  # where each chunk tells it, it is cumulative: the last one counts
    choices = body.get("choices")
    for choice in _first(choices if isinstance(choices, list) else []):
        _add(draft, inside(choice, "delta"))
        draft.finish(inside(choice, "finish_reason"))
    return None


def _first(choices: list[Any]) -> list[Any]:
    """The choice with index 0, the default, if it is there."""
    return [choice for choice in choices if (inside(choice, "index") or 0) == 0][:1]


def _add(draft: Draft, message: Any) -> None:
    """Adds a message, or a delta of one, to the draft."""
    if not isinstance(message, dict):
        return
    draft.add_reasoning(message.get("reasoning_content") or message.get("reasoning"))
    content = message.get("content")
    if isinstance(content, list):
        for part in content:
            _add_part(draft, part)
    else:
        draft.add_text(content or message.get("refusal"))
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        for place, call in enumerate(calls):
            _add_call(draft, place, call)


def _add_part(draft: Draft, part: Any) -> None:
    """Mistral's reasoning models write content as a list of parts."""
    if inside(part, "type") == "thinking":
        thoughts = inside(part, "thinking")
        for thought in thoughts if isinstance(thoughts, list) else []:
            draft.add_reasoning(inside(thought, "text"))
    else:
        draft.add_text(inside(part, "text"))


def _add_call(draft: Draft, place: int, call: Any) -> None:
    index = count(inside(call, "index"))
    tool = draft.call(place if index is None else index)
    name, arguments, call_id = (
        inside(call, "function", "name"),
        inside(call, "function", "arguments"),
        inside(call, "id"),
    )
    if isinstance(name, str) and not tool.name:
        tool.name = name
    if isinstance(call_id, str) and not tool.id:
        tool.id = call_id
    if isinstance(arguments, Mapping):  # some servers send the object itself
        arguments = orjson.dumps(arguments).decode()
    if isinstance(arguments, str):
        tool.arguments.append(arguments)


def _usage(body: Mapping[str, Any]) -> Usage:
    told = body.get("usage") or inside(body, "x_groq", "usage")
    if not told:
        return Usage()
    read = inside(told, "prompt_tokens_details")
    cached = count(inside(read, "cached_tokens"))
    return usage_of(
        count(inside(told, "prompt_tokens")),
        count(inside(told, "completion_tokens")),
        cached=count(inside(told, "prompt_cache_hit_tokens")) if cached is None else cached,
        cache_write=count(inside(read, "cache_write_tokens")),
        reasoning=count(inside(told, "completion_tokens_details", "reasoning_tokens")),
    )


_OBJECTS_ONLY = re.compile(r"(ft:)?(gpt-3\.5|gpt-4(-|$)|gpt-4o-2024-05-13)")
"""OpenAI's models before its JSON Schema (https://platform.openai.com/docs/guides/structured-outputs): they take JSON mode at most."""


def structured(body: Mapping[str, Any]) -> StructuredBy | None:
    """How the body asks for JSON, as far as its model takes it."""
    form = inside(body, "response_format", "type")
    if form == "json_schema" and not _OBJECTS_ONLY.match(str(body.get("model"))):
        return "json_schema"
    return "json_mode" if form in ("json_schema", "json_object") else None


WIRE = Wire("openai_chat", ENDPOINTS, read_body, _Stream, structured=structured)
