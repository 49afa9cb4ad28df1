"""Ollama's chat wire: `POST /{profile}/api/chat`.

Format: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion. It streams unless told not to, and its replies have
no id: theirs is in the header `x-request-id` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from harness.simulate.conversation import Conversation, Malformed, call_text, image_text, items, read_openai
from harness.simulate.faults import Refusal
from harness.simulate.reply import Ask, Frames, Said, SaidCall, model_name, stop_sequences, tokens_limit

KIND = "ollama_chat"
BASE = "/{profile}"
ROUTE = "/api/chat"

_ROLES: Mapping[str, str] = {"system": "system", "user": "user", "tool": "user", "assistant": "assistant"}
_FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "tool_calls": "stop"}
_JPEG = "/9j/"
"""How JPEG begins in base64. Other images that clients send are PNG; this format does not say which is which."""


def read(body: Mapping[str, Any]) -> Ask:
    """The request; raises Malformed for a body in a bad form."""
    options = body.get("options") or {}
    if not isinstance(options, Mapping):
        raise Malformed("options: must be an object")
    limit = options.get("num_predict")
    unlimited = limit in (-1, -2)  # to the end of the answer, or of the context
    return Ask(
        conversation=_conversation(body),
        model=model_name(body),
        stream=body.get("stream") is not False,
        max_tokens=None if unlimited else tokens_limit(options, "num_predict"),
        stop=stop_sequences(options.get("stop"), "options.stop"),
    )


def _conversation(body: Mapping[str, Any]) -> Conversation:
    said: list[tuple[str, str]] = []
    for place, message in enumerate(items(body.get("messages"), "messages")):
        where = f"messages[{place}]"
        role = _ROLES.get(str(message.get("role")))
        if role is None:
            raise Malformed(f"{where}.role: {message.get('role')!r} is not one of {', '.join(_ROLES)}")
        said += [(role, text) for text in _texts(message, where)]
    return Conversation.of(said, read_openai([{"role": "user", "content": "tools"}], body.get("tools")).tools)


def _texts(message: Mapping[str, Any], where: str) -> Iterator[str]:
    content, images = message.get("content") or "", message.get("images") or []
    if not isinstance(content, str):
        raise Malformed(f"{where}.content: must be a string")
    yield content
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise Malformed(f"{where}.images: must be a list of strings in base64")
    for image in images:
        yield image_text(f"data:image/{'jpeg' if image.startswith(_JPEG) else 'png'};base64,{image}")
    for call in items(message.get("tool_calls") or (), f"{where}.tool_calls"):
        match call:
            case {"function": {"name": str(name), "arguments": Mapping() as arguments}}:
                yield call_text(name, dict(arguments))
            case _:
                raise Malformed(f"{where}.tool_calls: each must be {{function: {{name, arguments: an object}}}}")


def response_id(said: Said) -> str:
    """The id of the reply, which this format has no place for."""
    return said.tag


def stream(said: Said, ask: Ask) -> Frames:  # noqa: ARG001 - the wire's contract; this format always sends usage
    """The reply as lines of JSON; a tool call comes whole, with its last token."""
    chunks = [_line(said, {"content": piece}) for piece in said.text]
    for place, call in enumerate(said.calls):
        chunks += [b""] * len(call.arguments)
        chunks.append(_line(said, {"content": "", "tool_calls": [_call(call, place)]}))
    tail = _line(said, {"content": ""}, _end(said))
    return Frames(head=b"", chunks=tuple(chunks), tail=tail, content_type="application/x-ndjson")


def whole(said: Said) -> bytes:
    """The reply as one JSON body."""
    message: dict[str, Any] = {"content": "".join(said.text)}
    if said.calls:
        message["tool_calls"] = [_call(call, place) for place, call in enumerate(said.calls)]
    return _line(said, message, _end(said))


def _line(said: Said, message: Mapping[str, Any], end: Mapping[str, Any] | None = None) -> bytes:
    line = {
        "model": said.model,
        "created_at": datetime.fromtimestamp(said.created, UTC).isoformat().replace("+00:00", "Z"),
        "message": {"role": "assistant", **message},
        **(end or {"done": False}),
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _end(said: Said) -> dict[str, Any]:
    return {
        "done_reason": _FINISH[said.finish],
        "done": True,
        "prompt_eval_count": said.prompt_tokens,
        "eval_count": said.completion_tokens,
    }


def _call(call: SaidCall, place: int) -> dict[str, Any]:
    try:
        arguments = orjson.loads("".join(call.arguments))
    except ValueError:
        arguments = {}  # cut at the token limit: this format has no way to show half an object
    return {"function": {"index": place, "name": call.name, "arguments": arguments}}


def error(refusal: Refusal) -> bytes:
    """The body of an HTTP error, which tells no more than a message."""
    return orjson.dumps({"error": refusal.message})
