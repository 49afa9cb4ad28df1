"""Cohere's chat wire, version 2: `POST /{profile}/v2/chat`.

Format: https://docs.cohere.com/reference/chat and https://docs.cohere.com/reference/chat-stream. Text that goes before tool calls is the
plan for them, as Cohere's models write it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.simulate.conversation import Conversation, Malformed, read_openai
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

KIND = "cohere"
BASE = "/{profile}"
ROUTE = "/v2/chat"

_FINISH = {"stop": "COMPLETE", "stop_sequence": "STOP_SEQUENCE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}

_CHOICES: Mapping[str, Choice] = {"NONE": "none", "REQUIRED": "required"}


def read(body: Mapping[str, Any]) -> Ask:
    """The request; raises Malformed for a body in a bad form. Messages and tools are in the OpenAI form here too."""
    conversation = read_openai(body.get("messages"), body.get("tools"))
    return Ask(
        conversation=conversation,
        model=model_name(body),
        stream=bool(body.get("stream")),
        max_tokens=tokens_limit(body, "max_tokens"),
        stop=stop_sequences(body.get("stop_sequences"), "stop_sequences"),
        forced_tool=_forced(body.get("tool_choice"), conversation),
        tool_choice=tool_choice(body.get("tool_choice"), _CHOICES),
    )


def _forced(choice: object, conversation: Conversation) -> str | None:
    """The tool that must be called: the one on offer, since this format cannot name one."""
    if choice not in (None, "REQUIRED", "NONE"):
        raise Malformed(f"tool_choice: {choice!r} is not one of REQUIRED, NONE")
    return conversation.tools[0].name if choice == "REQUIRED" and len(conversation.tools) == 1 else None


def response_id(said: Said) -> str:
    """The id under which the reply goes out."""
    return said.tag


def stream(said: Said, ask: Ask) -> Frames:  # noqa: ARG001 - the wire's contract; this format always sends usage
    """The reply as server-sent events; what opens and closes a piece of content rides with its first and last token."""
    nothing = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    end = {"finish_reason": _FINISH[said.finish], "usage": _usage(said)}
    return Frames(
        head=_event("message-start", {"id": response_id(said), "delta": {"message": nothing}}),
        chunks=tuple(_chunks(said)),
        tail=_event("message-end", {"id": response_id(said), "delta": end}) + b"data: [DONE]\n\n",
    )


def _chunks(said: Said) -> Iterator[bytes]:
    if said.calls:
        yield from (_message("tool-plan-delta", {"tool_plan": piece}) for piece in said.text)
    elif said.text:
        opening = _message("content-start", {"content": {"type": "text", "text": ""}}, 0)
        deltas = [_message("content-delta", {"content": {"text": piece}}, 0) for piece in said.text]
        yield from _closed([opening + deltas[0], *deltas[1:]], _event("content-end", {"index": 0}))
    for place, call in enumerate(said.calls):
        opening = _message("tool-call-start", {"tool_calls": _call(call, "")}, place)
        parts = ({"tool_calls": {"function": {"arguments": piece}}} for piece in call.arguments)
        deltas = [_message("tool-call-delta", part, place) for part in parts]
        yield from _closed([opening, *deltas], _event("tool-call-end", {"index": place}))


def _closed(chunks: list[bytes], end: bytes) -> list[bytes]:
    return [*chunks[:-1], chunks[-1] + end]


def _message(name: str, message: Mapping[str, Any], index: int | None = None) -> bytes:
    place = {} if index is None else {"index": index}
    return _event(name, {**place, "delta": {"message": message}})


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **data}))


def whole(said: Said) -> bytes:
    """The reply as one JSON body."""
    text, message = "".join(said.text), dict[str, Any](role="assistant")
    if said.calls:
        message |= {"tool_plan": text, "tool_calls": [_call(call, "".join(call.arguments)) for call in said.calls]}
    else:
        message["content"] = [{"type": "text", "text": text}] if text else []
    finish = _FINISH[said.finish]
    return orjson.dumps({"id": response_id(said), "finish_reason": finish, "message": message, "usage": _usage(said)})


def _call(call: SaidCall, arguments: str) -> dict[str, Any]:
    return {
        "id": f"{call.name}_{call.tag[:12]}",
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _usage(said: Said) -> dict[str, Any]:
    counts = {"input_tokens": said.prompt_tokens, "output_tokens": said.completion_tokens}
    return {"billed_units": counts, "tokens": counts}


def error(refusal: Refusal) -> bytes:
    """The body of an HTTP error, which tells no more than a message."""
    return orjson.dumps({"message": refusal.message})
