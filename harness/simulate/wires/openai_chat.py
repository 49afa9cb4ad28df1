"""The OpenAI chat wire: `POST /{profile}/v1/chat/completions`.

Format: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.simulate.conversation import read_openai
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

KIND = "openai"
BASE = "/{profile}/v1"
ROUTE = "/chat/completions"
AZURE = "/{profile}/openai/deployments/{deployment}/chat/completions"
"""Where Azure OpenAI serves the same format."""

_FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "tool_calls": "tool_calls"}
_CHOICES: Mapping[str, Choice] = {"none": "none", "required": "required"}
_TYPES = {429: "requests", 529: "overloaded_error"}


def read(body: Mapping[str, Any]) -> Ask:
    """The request; raises Malformed for a body in a bad form."""
    return Ask(
        conversation=read_openai(body.get("messages"), body.get("tools")),
        model=model_name(body),
        stream=bool(body.get("stream")),
        max_tokens=tokens_limit(body, "max_completion_tokens", "max_tokens"),
        stop=stop_sequences(body.get("stop"), "stop"),
        usage=_wants_usage(body.get("stream_options")),
        forced_tool=_forced(body.get("tool_choice")),
        tool_choice=tool_choice(body.get("tool_choice"), _CHOICES),
    )


def _wants_usage(options: object) -> bool:
    match options:
        case {"include_usage": wanted}:
            return bool(wanted)
    return False


def _forced(choice: object) -> str | None:
    match choice:
        case {"type": "function", "function": {"name": str(name)}}:
            return name
    return None


def response_id(said: Said) -> str:
    """The id under which the reply goes out."""
    return f"chatcmpl-{said.tag}"


def stream(said: Said, ask: Ask) -> Frames:
    """The reply as server-sent events; with usage (in a chunk of its own) only if the request asked for it."""
    usage = b',"usage":null' if ask.usage else b""
    begin = b"data: " + orjson.dumps(_envelope(said, "chat.completion.chunk"))[:-1] + b',"choices":[{"index":0,"delta":'
    end = b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
    finish = orjson.dumps(_FINISH[said.finish])
    tail = begin + b'{},"logprobs":null,"finish_reason":' + finish + b"}]" + usage + b"}\n\n"
    if ask.usage:
        last = {**_envelope(said, "chat.completion.chunk"), "choices": [], "usage": _usage(said)}
        tail += b"data: " + orjson.dumps(last) + b"\n\n"
    return Frames(
        head=begin + b'{"role":"assistant","content":' + (b'""' if said.text else b"null") + b',"refusal":null}' + end,
        chunks=tuple(begin + delta + end for delta in _deltas(said)),
        tail=tail + b"data: [DONE]\n\n",
    )


def _deltas(said: Said) -> Iterator[bytes]:
    for piece in said.text:
        yield b'{"content":' + orjson.dumps(piece) + b"}"
    for index, call in enumerate(said.calls):
        yield orjson.dumps({"tool_calls": [{"index": index, **_call(call, "")}]})
        for piece in call.arguments:
            yield orjson.dumps({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})


def whole(said: Said) -> bytes:
    """The reply as one JSON body."""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(said.text) or None, "refusal": None}
    if said.calls:
        message["tool_calls"] = [_call(call, "".join(call.arguments)) for call in said.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH[said.finish]}
    return orjson.dumps({**_envelope(said, "chat.completion"), "choices": [choice], "usage": _usage(said)})


def _envelope(said: Said, kind: str) -> dict[str, Any]:
    return {
        "id": response_id(said),
        "object": kind,
        "created": said.created,
        "model": said.model,
        "system_fingerprint": f"fp_{said.profile}",
    }


def _call(call: SaidCall, arguments: str) -> dict[str, Any]:
    return {"id": f"call_{call.tag}", "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _usage(said: Said) -> dict[str, Any]:
    return {
        "prompt_tokens": said.prompt_tokens,
        "completion_tokens": said.completion_tokens,
        "total_tokens": said.prompt_tokens + said.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def error(refusal: Refusal) -> bytes:
    """The body of an HTTP error."""
    kind = _TYPES.get(refusal.status, "server_error" if refusal.status >= 500 else "invalid_request_error")
    return orjson.dumps({"error": {"message": refusal.message, "type": kind, "param": None, "code": refusal.code}})
