"""What is asked and what is said in reply, before any wire writes it: pieces, of which each is a token and a chunk."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol

from harness.ask import Answer, ToolCall
from harness.simulate.conversation import Conversation, Malformed
from harness.simulate.faults import Refusal

Finish = Literal["stop", "stop_sequence", "length", "tool_calls"]
Choice = Literal["auto", "none", "required"]
"""Whether a tool may be called, must not, or must."""

NO_TOOL = "I may not call a tool here."
"""What is said in place of a call that is not allowed."""

_PIECE = re.compile(r"\s*\S{1,4}|\s+")
_ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, read from a wire. `usage` is whether a stream is to end with usage; `forced_tool` must be called, and no other."""

    conversation: Conversation
    model: str
    stream: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    usage: bool = True
    forced_tool: str | None = None
    tool_choice: Choice = "auto"


@dataclass(frozen=True, slots=True)
class SaidCall:
    """A tool call in pieces: one token to open it, one for each piece of its arguments. `tag` makes its id."""

    tag: str
    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A reply: pieces of text, tool calls, why it ends. `tag` makes the response's id, `created` is Unix time.

    `echo` is what a wire adds to a whole reply of the request that it answers.
    """

    tag: str
    model: str
    profile: str
    created: int
    prompt_tokens: int
    text: tuple[str, ...] = ()
    calls: tuple[SaidCall, ...] = ()
    finish: Finish = "stop"
    stopped_by: str | None = None
    echo: Mapping[str, Any] = field(default_factory=dict)

    @property
    def completion_tokens(self) -> int:
        """The number of chunks with content that the reply has when streamed; the same when not."""
        return len(self.text) + sum(1 + len(call.arguments) for call in self.calls)


@dataclass(frozen=True, slots=True)
class Frames:
    """A streamed reply in bytes: what comes before the first token, a chunk for each token, what comes after the last."""

    head: bytes
    chunks: tuple[bytes, ...]
    tail: bytes
    content_type: str = "text/event-stream"


class Wire(Protocol):
    """What a wire family is: one module that reads requests and writes replies in one format.

    `KIND` is litellm's name of the provider, `BASE` the path of its base URL, `ROUTE` what litellm puts behind that; what names in
    braces stand for in it is read as if the body said it.
    """

    KIND: str
    BASE: str
    ROUTE: str

    def read(self, body: Mapping[str, Any]) -> Ask:
        """The request; raises Malformed for a body in a bad form."""
        ...

    def response_id(self, said: Said) -> str:
        """The id under which the reply goes out."""
        ...

    def stream(self, said: Said, ask: Ask) -> Frames:
        """The reply as server-sent events."""
        ...

    def whole(self, said: Said) -> bytes:
        """The reply as one JSON body."""
        ...

    def error(self, refusal: Refusal) -> bytes:
        """The body of an HTTP error."""
        ...


def split(text: str) -> tuple[str, ...]:
    """The tokens of a text: at most four characters that are no space, with the space before them; joined they are the text."""
    return tuple(_PIECE.findall(text))


def tag(rng: Random, length: int = 24) -> str:
    """Letters and digits for an id."""
    return "".join(rng.choices(_ALPHANUMERIC, k=length))


def compose(answer: Answer, ask: Ask, *, profile: str, created: int, rng: Random, extra: int = 0) -> Said:
    """The answer as said, with `extra` tokens counted beside the prompt's: cut at a stop sequence, with the tools called that must be and none that may not, cut at the token limit."""
    text, stopped_by = _stopped(answer.text, ask.stop)
    chosen = _chosen(Answer(text, () if stopped_by else answer.tool_calls), ask)
    text, tool_calls = chosen.text, chosen.tool_calls
    finish: Finish = "stop_sequence" if stopped_by else "tool_calls" if tool_calls else "stop"
    said_tag = tag(rng)
    pieces = split(text)
    calls = tuple(SaidCall(tag(rng), call.name, split(call.arguments)) for call in tool_calls)
    if ask.max_tokens is not None and len(pieces) + sum(1 + len(call.arguments) for call in calls) > ask.max_tokens:
        finish, stopped_by = "length", None
        calls = _first(calls, ask.max_tokens - len(pieces))
        pieces = pieces[: ask.max_tokens]
    return Said(
        tag=said_tag,
        model=ask.model,
        profile=profile,
        created=created,
        prompt_tokens=ask.conversation.tokens + extra,
        text=pieces,
        calls=calls,
        finish=finish,
        stopped_by=stopped_by,
    )


def _chosen(answer: Answer, ask: Ask) -> Answer:
    """The answer with the calls that the request's choice of tools allows; a call that must be has the text for its arguments."""
    if ask.tool_choice == "none":
        return Answer(answer.text or NO_TOOL)
    must = ask.forced_tool or (ask.conversation.tools[0].name if _must_call(ask) else None)
    calls = tuple(call for call in answer.tool_calls if ask.forced_tool in (None, call.name))
    if must is None or calls:
        return Answer(answer.text, calls)
    return Answer("", (ToolCall(must, _as_arguments(answer.text)),))


def _must_call(ask: Ask) -> bool:
    return ask.tool_choice == "required" and bool(ask.conversation.tools)


def _stopped(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    found = [(text.index(stop), stop) for stop in stops if stop and stop in text]
    if not found:
        return text, None
    place, stop = min(found)
    return text[:place], stop


def _first(calls: tuple[SaidCall, ...], tokens: int) -> tuple[SaidCall, ...]:
    kept = []
    for call in calls:
        if tokens < 1:
            break
        kept.append(SaidCall(call.tag, call.name, call.arguments[: tokens - 1]))
        tokens -= 1 + len(call.arguments)
    return tuple(kept)


def _as_arguments(text: str) -> str:
    """Structured output by a forced tool: an object is the arguments; what is none is put into one."""
    try:
        value = json.loads(text)
    except ValueError:
        return json.dumps({"answer": text}, ensure_ascii=False)
    return text if isinstance(value, dict) else json.dumps({"values": value}, ensure_ascii=False)


def tokens_limit(body: Mapping[str, Any], *names: str) -> int | None:
    """The token limit under the first of these names that is set; raises Malformed if it is no whole number from 1."""
    for name in names:
        limit = body.get(name)
        if limit is not None:
            if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
                raise Malformed(f"{name}: must be a whole number from 1, not {limit!r}")
            return limit
    return None


def stop_sequences(value: object, name: str) -> tuple[str, ...]:
    """One stop sequence or a list of them; raises Malformed for anything else."""
    texts = [value] if isinstance(value, str) else value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Malformed(f"{name}: must be a string or a list of strings")
    return tuple(texts)


def model_name(body: Mapping[str, Any]) -> str:
    """The model asked for; any name will do. Raises Malformed if there is none."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Malformed("model: must be the name of a model")
    return model


def tool_choice(value: object, names: Mapping[str, Choice]) -> Choice:
    """The choice of tools, by the wire's names of those that are not `auto`."""
    return names.get(value, "auto") if isinstance(value, str) else "auto"
