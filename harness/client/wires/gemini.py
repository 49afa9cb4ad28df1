"""The Gemini generateContent wire (https://ai.google.dev/api/generate-content), as Google AI Studio's API speaks it.

A stream is server-sent events, or one JSON array, of responses, and is whole when the first candidate told its finish reason; there is no
end marker. Tool calls come whole. What is 0 or empty is left out of Google's JSON. `promptTokenCount` includes what was read from the
cache; thinking is counted beside the candidates, and our `completion_tokens` are both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from harness.ask import Prompt
from harness.client.door import litellm
from harness.client.failures import failure, from_error
from harness.client.wires.contract import Chunk, Decoded, Endpoint, Event, Wire
from harness.client.wires.counts import count, inside, usage_of
from harness.client.wires.draft import Draft, joined, whole
from harness.client.wires.reading import Reading, Splitter
from harness.told import Failure, StructuredBy, Usage

HOST = "https://generativelanguage.googleapis.com"
_FILES = f"{HOST}/v1beta/files/"
_REMOTE = ("http://", "https://", "gs://")
_SENT_ELSEWHERE = frozenset(
    {
        "tools",
        "tool_choice",
        "safety_settings",
        "service_tier",
        "cached_content",
        "include_server_side_tool_invocations",
    }
)
"""What is sent outside of `generationConfig`."""
_OURS = frozenset({"json_mode", "fake_stream", "extra_body"})
"""What litellm's parameters say to us."""

_FINISH = {
    "STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter",
    "LANGUAGE": "content_filter", "BLOCKLIST": "content_filter", "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter", "IMAGE_SAFETY": "content_filter", "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}  # fmt: skip
"""The finish reasons that others have as well; those that tell a fault (MALFORMED_FUNCTION_CALL, OTHER, …) are kept as they came."""


class _Google:
    """Builds requests by the functions that litellm's own call of Gemini is made of; its class has no `transform_request`."""

    def serves(self, prompt: Prompt) -> bool:
        """False where an image or a file would have to be fetched first, which litellm does."""
        return not any(
            place.startswith(_REMOTE) and not place.startswith(_FILES)
            for message in prompt.messages
            for place in _places(message)
        )

    def sends(self, name: str) -> bool:
        """False for what litellm lets through and then leaves out in silence, such as `parallel_tool_calls`."""
        module = litellm()
        forms = module.llms.vertex_ai.gemini.transformation
        config = module.types.llms.vertex_ai.GenerationConfig.__annotations__
        same = {name, forms.snake_to_camel(name), forms.camel_to_snake(name)}
        return name in _SENT_ELSEWHERE | _OURS or not same.isdisjoint(config)

    def body(self, model: str, messages: list[Any], options: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """The body. No cached content is created: that would be a request of its own."""
        module = litellm()
        plain = module.GoogleAIStudioGeminiConfig().translate_developer_role_to_system_role(messages=messages)
        body: dict[str, Any] = module.llms.vertex_ai.gemini.transformation.transform_request_body(
            messages=plain,
            model=model,
            optional_params=options,
            custom_llm_provider="gemini",
            litellm_params=said,
            cached_content=options.pop("cached_content", None),
        )
        return body

    def url(self, base: str, model: str, *, stream: bool) -> str:
        """The address, without any key; the API's version at Google's own is that which litellm chooses for the model."""
        google, method = litellm().llms.vertex_ai.common_utils.get_gemini_url(mode="chat", model=model, stream=stream)
        if base.rstrip("/") == HOST:
            return str(google)
        return f"{base.rstrip('/')}/models/{model}:{method}" + ("?alt=sse" if stream else "")


def _places(message: Mapping[str, Any]) -> Iterator[str]:
    """Where the images and files of a message are."""
    content = message.get("content")
    for part in content if isinstance(content, list | tuple) else ():
        image = inside(part, "image_url")
        yield from (
            place for place in (image, inside(image, "url"), inside(part, "file", "file_id")) if isinstance(place, str)
        )


ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {"gemini": Endpoint(HOST, key_header="x-goog-api-key", builder=_Google())}
)
"""The kinds of providers, by litellm's name, whose servers speak this wire."""


def read_body(chunks: Sequence[Chunk]) -> Decoded:
    """The reply of a body. Not JSON, or not a response: `response_malformed`; one without candidates: `empty_response`."""
    draft = Draft()
    data = joined(chunks)
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return draft.done(failure("response_malformed", f"the body is not JSON: {error}"))
    for one in body if isinstance(body, list) else [body]:
        if not isinstance(one, Mapping) or not _KNOWN & one.keys():
            return draft.done(failure("response_malformed", "the body is JSON, but no response with candidates"))
        if fault := _take(draft, one, chunks[0][0]):
            return draft.done(fault)
    _conclude(draft)
    return whole(draft, chunks)


_KNOWN = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId", "error"})
"""A response has at least one of these; candidates are left out where there are none."""


class _Stream(Reading):
    def form(self, start: bytes, *, ended: bool) -> Splitter | bool:
        return _Array() if start.lstrip().startswith(b"[") else super().form(start, ended=ended)

    def take(self, event: Event) -> Failure | None:
        if event.raw == b"[DONE]":  # gateways in front of Gemini end their streams as OpenAI does
            self.over = True
            return None
        try:
            body = event.json()
        except orjson.JSONDecodeError as error:
            self.over = True
            if not event.whole:
                return None
            return failure("stream_malformed", f"a chunk of the stream is not JSON: {error}")
        if not isinstance(body, Mapping):
            return failure("stream_malformed", "a chunk of the stream is no JSON object")
        return _take(self.draft, body, event.at)

    def end(self) -> Failure | None:
        if self.draft.finish_reason is None:
            return failure("stream_truncated", "the stream ended without a finish reason")
        _conclude(self.draft)
        return None

    def read_body(self, chunks: list[Chunk]) -> Decoded:
        return read_body(chunks)


_GAP = re.compile(r"[\s,]*")


class _Array:
    """Splits an array into its values, until its end or where it was cut."""

    def __init__(self) -> None:
        self._text: str | None = None  # a character for each byte: where an object ends is told in bytes
        self._decoder = json.JSONDecoder()

    def feed(self, at: float, data: bytes) -> list[Event]:
        """The values that these bytes complete."""
        text = data.decode("latin-1")
        rest = text.partition("[")[2] if self._text is None else self._text + text
        found: list[Event] = []
        while True:
            gap = _GAP.match(rest)
            start = gap.end() if gap else 0
            try:
                _, end = self._decoder.raw_decode(rest, start)
            except ValueError:
                self._text = rest
                return found
            found.append(Event(at, "", rest[start:end].encode("latin-1")))
            rest = rest[end:]

    def close(self, at: float) -> list[Event]:
        """What is no value, if the array was ended after it."""
        rest = (self._text or "").strip(" \t\r\n,")
        broken = rest.endswith("]") and not rest.startswith("]")
        return [Event(at, "", rest.encode("latin-1"))] if broken else []


def _take(draft: Draft, body: Mapping[str, Any], at: float) -> Failure | None:
    """Adds one response, whole or a part of one, to the draft; the failure that it tells, if it tells one."""
    if body.get("error"):
        return from_error(body["error"])
    draft.begin(at)
    draft.name_it({"id": body.get("responseId"), "model": body.get("modelVersion")})
    for candidate in [one for one in _list(body.get("candidates")) if not inside(one, "index")][:1]:
        for part in _list(inside(candidate, "content", "parts")):
            _add(draft, part)
        reason = inside(candidate, "finishReason")
        draft.finish(_FINISH.get(reason, reason) if isinstance(reason, str) else None)
    usage = _usage(body, begun=bool(draft.text or draft.calls))
    if usage.source == "usage":
        draft.usage = usage  # each part of a stream tells it, and it is cumulative: the last one counts
    if blocked := inside(body, "promptFeedback", "blockReason"):
        draft.finish("content_filter")
        why = inside(body, "promptFeedback", "blockReasonMessage")
        return failure("content_filtered", f"the prompt was blocked: {blocked}" + (f" ({why})" if why else ""))
    return None


def _add(draft: Draft, part: Any) -> None:
    call = inside(part, "functionCall")
    if isinstance(call, Mapping):
        index = len(draft.calls)
        tool = draft.call(index)
        tool.name, tool.id = str(call.get("name") or ""), str(call.get("id") or f"call_{draft.response_id}_{index}")
        tool.arguments.append(json.dumps(call.get("args") or {}, ensure_ascii=False))
    elif inside(part, "thought") is True:
        draft.add_reasoning(inside(part, "text"))
    else:
        draft.add_text(inside(part, "text"))


def _conclude(draft: Draft) -> None:
    """What Google's finish reasons do not tell: that it stopped to have tools called."""
    if draft.calls and draft.finish_reason == "stop":
        draft.finish_reason = "tool_calls"


def _usage(body: Mapping[str, Any], *, begun: bool) -> Usage:
    """The usage; a count that is left out is 0, but not that of the candidates where some of their content came."""
    told = body.get("usageMetadata")
    prompt, tools = count(inside(told, "promptTokenCount")), count(inside(told, "toolUsePromptTokenCount")) or 0
    if prompt is None:
        return Usage()
    said = inside(told, "candidatesTokenCount")
    answer = (None if begun else 0) if said is None else count(said)
    thoughts = count(inside(told, "thoughtsTokenCount"))
    completion = answer
    if answer is not None and count(inside(told, "totalTokenCount")) != prompt + tools + answer:
        completion = answer + (
            thoughts or 0
        )  # where the total is theirs already, the candidates' count includes the thoughts
    return usage_of(
        prompt + (0 if _searched(body) else tools),
        completion,
        cached=count(inside(told, "cachedContentTokenCount")),
        reasoning=thoughts,
    )


def _searched(body: Mapping[str, Any]) -> bool:
    """Whether the answer rests on Google Search or Maps, whose results are not billed as tokens (https://ai.google.dev/gemini-api/docs/pricing)."""
    return any(
        inside(one, "groundingMetadata", "webSearchQueries")
        or any(inside(chunk, "maps") for chunk in _list(inside(one, "groundingMetadata", "groundingChunks")))
        for one in _list(body.get("candidates"))
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def structured(body: Mapping[str, Any]) -> StructuredBy | None:
    """How the body asks for JSON."""
    config = body.get("generationConfig") or {}
    if any(
        config.get(name) for name in ("response_json_schema", "responseJsonSchema", "response_schema", "responseSchema")
    ):
        return "json_schema"
    mime = config.get("response_mime_type") or config.get("responseMimeType")
    return "json_mode" if mime == "application/json" else None


WIRE = Wire(
    "gemini", ENDPOINTS, read_body, _Stream, frozenset({"contents", "system_instruction"}), structured=structured
)
