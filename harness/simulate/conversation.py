"""What was asked, in a form that is the same whichever wire brought it: the key under which an answer is found."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from harness.addressed import content_address
from harness.ask import JsonObject
from harness.structured import without_words

CHARS_PER_TOKEN = 4


class Malformed(ValueError):
    """A request is not in its wire's form; the message says where, in plain words."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer; `parameters` is its JSON Schema."""

    name: str
    description: str = ""
    parameters: JsonObject | None = None

    @classmethod
    def of(cls, name: str, description: object, parameters: object) -> Tool:
        """The tool, with nothing in place of a description or schema that is none."""
        text = description if isinstance(description, str) else ""
        return cls(name, text, parameters if isinstance(parameters, Mapping) else None)


@dataclass(frozen=True)
class Conversation:
    """System text, turns (role and text, neighbours of one role merged) and tools."""

    system: str
    turns: tuple[tuple[str, str], ...]
    tools: tuple[Tool, ...] = ()

    @classmethod
    def of(cls, said: Iterable[tuple[str, str]], tools: Iterable[Tool] = ()) -> Conversation:
        """From (role, text) in order, where `role` is system, user or assistant; space around a text says nothing.

        Wires differ in where system text stands and in whether two messages of one role may follow each other, so
        neither is kept. Raises Malformed if nobody but the system says anything.
        """
        pieces = [(role, text.strip()) for role, text in said]
        system = "\n".join(text for role, text in pieces if role == "system")
        spoken = (piece for piece in pieces if piece[0] != "system" and piece[1])
        turns = tuple(
            (role, "\n".join(text for _, text in group)) for role, group in groupby(spoken, lambda one: one[0])
        )
        if not turns:
            raise Malformed("messages: at least one message that is not the system's must have content")
        return cls(system, turns, tuple(tools))

    @cached_property
    def key(self) -> str:
        """The content address of system text, turns and the names of the tools."""
        return content_address([self.system, self.turns, sorted(tool.name for tool in self.tools)], 32)

    @cached_property
    def text_key(self) -> str:
        """The content address of the words alone, whoever said them, and of the names of the tools."""
        words = " ".join([self.system, *(text for _, text in self.turns)]).split()
        return content_address([words, sorted(tool.name for tool in self.tools)], 32)

    @cached_property
    def tokens(self) -> int:
        """How many tokens the simulated tokenizer counts: a token for every four characters of text and of tools' JSON."""
        tools = [[tool.name, tool.description, dict(tool.parameters or {})] for tool in self.tools]
        chars = len(self.system) + sum(len(text) for _, text in self.turns)
        chars += len(json.dumps(tools, ensure_ascii=False)) if tools else 0
        return math.ceil(chars / CHARS_PER_TOKEN)

    def without_format(self) -> Conversation:
        """The same conversation without words that ask for JSON."""
        turns = [(role, without_words(text)) for role, text in self.turns]
        return Conversation.of([("system", without_words(self.system)), *turns], self.tools)

    def without_tool(self, name: str) -> Conversation:
        """The same conversation with one tool not on offer."""
        return replace(self, tools=tuple(tool for tool in self.tools if tool.name != name))


def call_text(name: str, arguments: object) -> str:
    """How a tool call of an earlier turn reads in a conversation; `arguments` as an object or as its JSON text."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError:
            return f"[call {name} {arguments}]"
    return f"[call {name} {json.dumps(arguments, sort_keys=True)}]"


def image_text(url: str) -> str:
    """How an image reads in a conversation: its URL (of type data: for an image sent along), by its content address."""
    return f"[image {content_address(url)}]"


def items(value: object, what: str) -> Sequence[Mapping[str, Any]]:
    """`value` as a list of objects; raises Malformed naming `what` if it is none."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
        raise Malformed(f"{what}: must be a list of objects")
    return value


_ROLES: Mapping[str, str] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "tool": "user",
    "function": "user",
    "assistant": "assistant",
}


def read_openai(messages: object, tools: object = ()) -> Conversation:
    """The conversation of messages and tools in the OpenAI chat form; raises Malformed for another form."""
    said: list[tuple[str, str]] = []
    for place, message in enumerate(items(messages, "messages")):
        role = _ROLES.get(str(message.get("role")))
        if role is None:
            raise Malformed(f"messages[{place}].role: {message.get('role')!r} is not one of {', '.join(_ROLES)}")
        said += [(role, text) for text in _texts(message.get("content"), f"messages[{place}].content")]
        for call in items(message.get("tool_calls") or (), f"messages[{place}].tool_calls"):
            said.append((role, _call(call, f"messages[{place}].tool_calls")))
    return Conversation.of(said, [_tool(one) for one in items(tools or (), "tools")])


def _texts(content: object, where: str) -> list[str]:
    if content is None or isinstance(content, str):
        return [content or ""]
    return [_part(part, where) for part in items(content, where)]


def _part(part: Mapping[str, Any], where: str) -> str:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return image_text(url)
    raise Malformed(f"{where}: a part of type {part.get('type')!r} is not understood here; text and image_url are")


def _call(call: Mapping[str, Any], where: str) -> str:
    match call:
        case {"function": {"name": str(name), "arguments": str(arguments)}}:
            return call_text(name, arguments)
    raise Malformed(f"{where}: each must be {{id, type: function, function: {{name, arguments: a string}}}}")


def _tool(tool: Mapping[str, Any]) -> Tool:
    match tool:
        case {"function": {"name": str(name), **rest}}:
            return Tool.of(name, rest.get("description"), rest.get("parameters"))
    raise Malformed("tools: each must be {type: function, function: {name, description, parameters}}")
