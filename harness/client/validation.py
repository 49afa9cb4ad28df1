"""What is wrong with a question, found before it is sent: it would cost a round trip to be told so, in each provider's own words.

Only what is certain is refused: the form of messages and tools, which is OpenAI's; sizes that the provider documents; pictures for a model of which the
catalogue, or the registry, says that it cannot see; a prompt that is longer than what the model reads. Where nobody says, the question goes
out, and `unchecked` names what could not be held against anything.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from harness.ask import JsonObject, Prompt, Trial
from harness.client.cost import prompt_bound
from harness.client.failures import failure
from harness.client.tokens import count
from harness.told import Failure

LARGEST_REQUEST: Mapping[str, int] = MappingProxyType({"anthropic": 32_000_000})
"""Bytes of a request that a kind of provider takes at most: https://docs.anthropic.com/en/api/overview#request-size-limits."""

SURELY_MORE = 2.0
"""By so much must a count by another model's tokenizer exceed the context before it is certain that the prompt does."""

_OBJECT = dict, Mapping  # most are dicts, which are known at once
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_CHOICES = frozenset({"auto", "none", "required"})
_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*;base64,", re.ASCII)
_ADDRESS = re.compile(r"(?:https?|gs|s3)://[^\s/]+", re.IGNORECASE)


class Facts(Protocol):
    """What is known of a provider's model. None is unknown; so is a capability that it neither has nor lacks."""

    @property
    def context_tokens(self) -> int | None:
        """The longest prompt."""

    @property
    def max_output_tokens(self) -> int | None:
        """The longest reply."""

    @property
    def capabilities(self) -> Collection[str]:
        """What the model can do, such as vision."""

    @property
    def lacks(self) -> Collection[str]:
        """What it cannot."""


def fault(trial: Trial, facts: Facts | None) -> Failure | None:
    """Why the trial's question is not sent: bad_request, unsupported_parameter or context_overflow, naming the case."""
    prompt = trial.case.prompt
    case = "" if trial.suite == "ask" else f"case {trial.suite}::{trial.case.id}: "
    if wrong := next(_misformed(prompt), None):
        return failure("bad_request", case + wrong)
    size, most = prompt_bound(prompt), LARGEST_REQUEST.get(trial.provider.kind)
    if most is not None and size > most:
        return failure(
            "bad_request", f"{case}{size:,} bytes, and {trial.provider.kind} takes at most {most:,} a request"
        )
    if facts is None:
        return None
    if "vision" in facts.lacks and shows(prompt):
        said = "a picture, which the model cannot see; if it can, name vision among its capabilities in the registry"
        return failure("unsupported_parameter", case + said)
    if overflow := too_long(trial.provider.model, prompt, size, facts.context_tokens):
        return failure("context_overflow", case + overflow)
    return None


def takes_long(prompt: Prompt, facts: Facts | None) -> bool:
    """Whether `fault` has tokens to count, or so much to read that a loop should not wait for it."""
    size = prompt_bound(prompt)
    return size > 1_000_000 or bool(facts and facts.context_tokens and size > facts.context_tokens)


def unchecked(prompt: Prompt, facts: Facts | None) -> tuple[str, ...]:
    """What could not be held against the model, since nobody says: "context", and "vision" for a question with pictures."""
    missing = []
    if facts is None or facts.context_tokens is None:
        missing.append("context")
    if shows(prompt) and (facts is None or "vision" not in {*facts.capabilities, *facts.lacks}):
        missing.append("vision")
    return tuple(missing)


def too_long(model: str, prompt: Prompt, size: int, context: int | None) -> str | None:
    """Why a prompt of so many bytes does surely not fit into the context, None if it may."""
    if context is None or size <= context:  # a token is at least one byte
        return None
    told = count(model, prompt)
    if told.tokens <= context * (SURELY_MORE if told.approximate else 1.0):
        return None
    return f"the prompt has about {told.tokens:,} tokens (by {told.tokenizer}), and the model reads at most {context:,}"


def _misformed(prompt: Prompt) -> Iterator[str]:
    if not prompt.messages:
        yield "there are no messages"
    called: set[str] = set()
    for number, message in enumerate(prompt.messages, 1):
        for wrong in _wrong_message(message, called):
            yield f"message {number}: {wrong}"
    yield from _wrong_tools(prompt.tools)
    yield from _wrong_choice(prompt)
    form: Any = prompt.response_format
    if form is not None and not (isinstance(form, Mapping) and isinstance(form.get("type"), str)):
        yield "the response format has no type"
    elif form and form["type"] == "json_schema" and _at(form, "json_schema", "schema") is None:
        yield "the response format json_schema has no schema"


def _wrong_message(message: Any, called: set[str]) -> Iterator[str]:
    if not isinstance(message, _OBJECT):
        yield "it is no object"
        return
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES:
        yield f"its role is {role!r}; known: {', '.join(sorted(_ROLES))}"
    if isinstance(content, list | tuple):
        if not content:
            yield "its content is an empty list"
        for place, part in enumerate(content, 1):
            yield from (f"part {place}: {wrong}" for wrong in _wrong_part(part))
    elif content is None and role == "assistant" and (message.get("tool_calls") or message.get("function_call")):
        pass
    elif not isinstance(content, str):
        yield "it has no content" if content is None else "its content is neither text nor a list of parts"
    yield from _wrong_calls(message, called)
    if role == "tool" and message.get("tool_call_id") not in called:
        yield f"it answers the call {message.get('tool_call_id')!r}, which no message before it makes"


def _wrong_calls(message: JsonObject, called: set[str]) -> Iterator[str]:
    calls = message.get("tool_calls") or ()
    for call in calls if isinstance(calls, list | tuple) else (None,):
        function = _at(call, "function")
        if not (function and isinstance(function.get("name"), str) and isinstance(function.get("arguments"), str)):
            yield "a tool call is not {id, type: function, function: {name, arguments as text}}"
        elif not isinstance(call.get("id"), str):
            yield f"the call of {function['name']} has no id"
        else:
            called.add(call["id"])


def _wrong_part(part: Any) -> Iterator[str]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        yield "it is no object with a type"
    elif kind == "text" and not isinstance(part.get("text"), str):
        yield "it has no text"
    elif kind == "image_url":
        said = part.get("image_url")
        url = said.get("url") if isinstance(said, Mapping) else said
        if wrong := _wrong_image(url):
            yield f"the picture {wrong}"


def _wrong_image(url: Any) -> str | None:
    if not isinstance(url, str) or not url:
        return "has no url"
    data = _DATA.match(url)
    if data is None:
        return None if _ADDRESS.match(url) else "is neither data:image/…;base64,… nor an address with https://"
    try:
        binascii.a2b_base64(url[data.end() :], strict_mode=True)
    except (binascii.Error, ValueError) as error:
        return f"is not base64: {error}"
    return None if len(url) > data.end() else "has no data"


def _wrong_tools(tools: Collection[Any]) -> Iterator[str]:
    names: set[str] = set()
    for number, tool in enumerate(tools, 1):
        if not isinstance(tool, Mapping) or not isinstance(tool.get("type"), str):
            yield f"tool {number} is no object with a type"
        elif tool["type"] == "function":
            function = _at(tool, "function") or {}
            name, parameters = function.get("name"), function.get("parameters")
            if not isinstance(name, str) or not name:
                yield f"tool {number} has no name"
            elif name in names:
                yield f"the tool {name} is given twice"
            elif parameters is not None and (
                not isinstance(parameters, Mapping) or parameters.get("type", "object") != "object"
            ):
                yield f"the parameters of the tool {name} are no schema of an object"
            names.add(str(name))


def _wrong_choice(prompt: Prompt) -> Iterator[str]:
    choice = prompt.tool_choice
    names = [(_at(tool, "function") or {}).get("name") for tool in prompt.tools]
    if isinstance(choice, str) and choice not in _CHOICES:
        yield f"tool_choice is {choice!r}; known: {', '.join(sorted(_CHOICES))}, or one function"
    elif choice == "required" and not names:
        yield "tool_choice is required, and there are no tools"
    elif isinstance(choice, Mapping) and choice.get("type") == "function":
        name = (_at(choice, "function") or {}).get("name")
        if name not in names:
            yield f"tool_choice names {name!r}, which is not among the tools"


def shows(prompt: Prompt) -> bool:
    """Whether there is a picture in it."""
    messages: Collection[Any] = prompt.messages
    contents = [message.get("content") for message in messages if isinstance(message, _OBJECT)]
    parts = [part for content in contents if isinstance(content, (list, tuple)) for part in content]
    return any(isinstance(part, Mapping) and part.get("type") == "image_url" for part in parts)


def _at(value: Any, *path: str) -> Mapping[str, Any] | None:
    """The object at the path of keys; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else None
