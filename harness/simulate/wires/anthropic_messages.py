"""The Anthropic messages wire: `POST /{profile}/v1/messages`.

Format: https://docs.anthropic.com/en/api/messages and https://docs.anthropic.com/en/api/messages-streaming
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.simulate.conversation import Conversation, Malformed, Tool, call_text, image_text, items
from harness.simulate.faults import Refusal
from harness.simulate.reply import (
    Ask,
    Choice,
    Frames,
    Said,
    SaidCall,
    model_name,
    stop_sequences,
    tokens_limit,
    tool_choice,
)

KIND = "anthropic"
BASE = "/{profile}"
ROUTE = "/v1/messages"

_FINISH = {"stop": "end_turn", "stop_sequence": "stop_sequence", "length": "max_tokens", "tool_calls": "tool_use"}
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_CHOICES: Mapping[str, Choice] = {"none": "none", "any": "required"}
_NO_TEXT = "[System: Empty message content sanitised to satisfy protocol]"
"""What litellm sends for an empty text, which this format does not allow."""


def read(body: Mapping[str, Any]) -> Ask:
    """The request; raises Malformed for a body in a bad form."""
    limit = tokens_limit(body, "max_tokens")
    if limit is None:
        raise Malformed("max_tokens: must be given")
    choice = body.get("tool_choice")
    return Ask(
        conversation=_conversation(body),
        model=model_name(body),
        stream=bool(body.get("stream")),
        max_tokens=limit,
        stop=stop_sequences(body.get("stop_sequences"), "stop_sequences"),
        forced_tool=_forced(choice),
        tool_choice=tool_choice(choice.get("type") if isinstance(choice, Mapping) else None, _CHOICES),
    )


def _forced(choice: object) -> str | None:
    match choice:
        case {"type": "tool", "name": str(name)}:
            return name
    return None


def _conversation(body: Mapping[str, Any]) -> Conversation:
    said = [("system", text) for text in _texts(body.get("system"), "system")]
    for place, message in enumerate(items(body.get("messages"), "messages")):
        role = message.get("role")
        if role not in ("user", "assistant"):
            raise Malformed(f"messages[{place}].role: {role!r} is not one of user, assistant")
        said += [(role, text) for text in _texts(message.get("content"), f"messages[{place}].content")]
    tools = [_tool(one) for one in items(body.get("tools") or (), "tools")]
    return Conversation.of(said, tools)


def _texts(content: object, where: str) -> list[str]:
    if content is None or isinstance(content, str):
        texts = [content or ""]
    else:
        texts = [text for block in items(content, where) for text in _block(block, where)]
    return [text for text in texts if text != _NO_TEXT]


def _block(block: Mapping[str, Any], where: str) -> list[str]:
    match block:
        case {"type": "text", "text": str(text)}:
            return [text]
        case {"type": "tool_use", "name": str(name), "input": arguments}:
            return [call_text(name, arguments)]
        case {"type": "tool_result"}:
            return _texts(block.get("content"), where)
        case {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}:
            return [image_text(f"data:{kind};base64,{data}")]
        case {"type": "image", "source": {"type": "url", "url": str(url)}}:
            return [image_text(url)]
    raise Malformed(f"{where}: a block of type {block.get('type')!r} is not understood here")


def _tool(tool: Mapping[str, Any]) -> Tool:
    match tool:
        case {"name": str(name), **rest}:
            return Tool.of(name, rest.get("description"), rest.get("input_schema"))
    raise Malformed("tools: each must be {name, description, input_schema}")


def response_id(said: Said) -> str:
    """The id under which the reply goes out."""
    return f"msg_{said.tag}"


def stream(said: Said, ask: Ask) -> Frames:  # noqa: ARG001 - the wire's contract; this format always sends usage
    """The reply as server-sent events; what opens and closes a block rides with its first and last token."""
    start = {**_envelope(said), "content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(said, 1)}
    delta = {"stop_reason": _FINISH[said.finish], "stop_sequence": said.stopped_by}
    end = {"delta": delta, "usage": {"output_tokens": said.completion_tokens}}
    return Frames(
        head=_event("message_start", {"message": start}) + _event("ping", {}),
        chunks=tuple(_chunks(said)),
        tail=_event("message_delta", end) + _event("message_stop", {}),
    )


def _chunks(said: Said) -> Iterator[bytes]:
    index = 0
    if said.text:
        opening = _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
        deltas = list(_deltas(0, "text_delta", "text", said.text))
        yield from _block_of([opening + deltas[0], *deltas[1:]], 0)
        index = 1
    for place, call in enumerate(said.calls, index):
        opening = _event("content_block_start", {"index": place, "content_block": _tool_use(call, {})})
        yield from _block_of([opening, *_deltas(place, "input_json_delta", "partial_json", call.arguments)], place)


def _block_of(chunks: list[bytes], index: int) -> list[bytes]:
    return [*chunks[:-1], chunks[-1] + _event("content_block_stop", {"index": index})]


def _deltas(index: int, kind: str, name: str, pieces: tuple[str, ...]) -> Iterator[bytes]:
    begin = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":' % (
        index,
        kind.encode(),
        name.encode(),
    )
    return (begin + orjson.dumps(piece) + b"}}\n\n" for piece in pieces)


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **data}))


def whole(said: Said) -> bytes:
    """The reply as one JSON body."""
    content: list[dict[str, Any]] = [{"type": "text", "text": "".join(said.text)}] if said.text else []
    content += [_tool_use(call, _object("".join(call.arguments))) for call in said.calls]
    reply = {
        **_envelope(said),
        "content": content,
        "stop_reason": _FINISH[said.finish],
        "stop_sequence": said.stopped_by,
        "usage": _usage(said, said.completion_tokens),
    }
    return orjson.dumps(reply)


def _object(arguments: str) -> Any:
    try:
        return orjson.loads(arguments)
    except ValueError:
        return {}  # cut at the token limit: this format has no way to show half an object


def _tool_use(call: SaidCall, arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{call.tag}", "name": call.name, "input": arguments}


def _envelope(said: Said) -> dict[str, Any]:
    return {"id": response_id(said), "type": "message", "role": "assistant", "model": said.model}


def _usage(said: Said, output_tokens: int) -> dict[str, int]:
    return {
        "input_tokens": said.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
    }


def error(refusal: Refusal) -> bytes:
    """The body of an HTTP error."""
    kind = _TYPES.get(refusal.status, "api_error" if refusal.status >= 500 else "invalid_request_error")
    return orjson.dumps({"type": "error", "error": {"type": kind, "message": refusal.message}})
