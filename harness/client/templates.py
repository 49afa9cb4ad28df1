"""Requests by template: litellm translates a question's shape once, and the texts of those like it are spliced in.

A translation by litellm takes 0.2 to 0.5 ms of CPU, more than sending it, and says nearly the same for each case of a suite. So a question
whose messages are a role and a text each is translated with a marker in place of each text. If each marker stands once in the body, the
body is cut there, and other texts are written in between, as JSON. The blanks at a text's edges, which some translations strip, belong
to its shape. Whatever is not so plain is translated anew each time: images, tool calls, names, texts of nothing but blanks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

import orjson

from harness.ask import JsonObject, Prompt, Provider
from harness.client import forms
from harness.client.translate import Request, Untranslatable, translate, wire_of

MOST_SHAPES = 256
"""Shapes that are remembered; of more, the one that was not asked for the longest time is forgotten."""

_PLAIN_JSON = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


@dataclass(frozen=True, slots=True)
class Template:
    """A request but for its texts: `parts` of the body, and for each gap between two, which of the texts stands there."""

    request: Request
    parts: tuple[bytes, ...]
    order: tuple[int, ...]

    def filled(self, texts: Sequence[str]) -> Request:
        """The request with these texts."""
        body = [self.parts[0]]
        for place, part in zip(self.order, self.parts[1:], strict=True):
            body += orjson.dumps(texts[place])[1:-1], part
        return replace(self.request, body=b"".join(body))


@dataclass(slots=True)
class _Shape:
    """What is known of a shape: that it was asked; from the second time on its template, if it has one."""

    provider: Provider  # held, so that no other gets the identity that is in the key
    known: bool = False
    template: Template | None = None


class Translator:
    """Translates questions to requests; litellm is asked but twice or thrice for each shape of plain ones."""

    def __init__(self) -> None:
        self._shapes: dict[Hashable, _Shape] = {}

    def request(self, provider: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Request | None:
        """The request for this prompt with these params; None if litellm must call. Raises Untranslatable."""
        split = _split(prompt, params)
        shape = None if split is None else self._shape(provider, (id(provider), stream, *split[0]))
        if shape is None or split is None:
            return _made(provider, prompt, params, stream=stream)
        if not shape.known:
            shape.template = _template(provider, prompt, params, stream=stream)
            shape.known = True
        if shape.template is not None:
            return shape.template.filled(split[1])
        return _made(provider, prompt, params, stream=stream)

    def _shape(self, provider: Provider, key: Hashable) -> _Shape | None:
        """What is known of a shape; None when it is asked for the first time, which may be the last."""
        shape = self._shapes.pop(key, None)
        self._shapes[key] = shape or _Shape(provider)
        if len(self._shapes) > MOST_SHAPES:
            del self._shapes[next(iter(self._shapes))]
        return shape


def _split(prompt: Prompt, params: JsonObject) -> tuple[tuple[Hashable, ...], list[str]] | None:
    """All that litellm sees but the texts, and the texts without the blanks at their edges; None if the question is not plain."""
    frame: list[str] = []
    texts: list[str] = []
    for message in prompt.messages:
        if type(message) is not dict or message.keys() != {"role", "content"}:
            return None
        role, content = message["role"], message["content"]
        if type(role) is not str or type(content) is not str:
            return None
        text = content.strip()
        if not text or not _is_unicode(text):
            return None
        frame += *message, role
        if len(text) != len(content):
            frame += content.split(text, 1)
        texts.append(text)
    asked = (params, prompt.tools, prompt.tool_choice, prompt.response_format)
    if any(value is None or (type(value) is float and math.isnan(value)) for value in params.values()):
        return None  # orjson writes both alike
    try:
        return (tuple(frame), orjson.dumps(asked, default=_plain, option=_PLAIN_JSON)), texts
    except TypeError:
        return None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _is_unicode(text: str) -> bool:
    """Whether there is no half of a surrogate pair in it, which JSON cannot hold."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _made(provider: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Request | None:
    """The request for this one: by its form, which needs no litellm, or by litellm; None if litellm must call. Raises Untranslatable."""
    made = forms.request(provider, prompt, params, stream=stream)
    if made is not None:
        return made
    wire = wire_of(provider, prompt, params)
    return None if wire is None else translate(provider, wire, prompt, params, stream=stream)


def _template(provider: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Template | None:
    """The template of the prompt's shape, held against what is made of this prompt itself; None if it has none."""
    contents = [message["content"] for message in prompt.messages]
    texts = [content.strip() for content in contents]
    markers = [f"Z{token_hex(16)}Z" for _ in texts]
    marked = tuple(
        {**message, "content": content.replace(text, marker, 1)}
        for message, content, text, marker in zip(prompt.messages, contents, texts, markers, strict=True)
    )
    try:
        made = _made(provider, replace(prompt, messages=marked), params, stream=stream)
        whole = _made(provider, prompt, params, stream=stream)
    except Untranslatable:
        return None
    if made is None or whole is None or made.wire.course is not None or made.wire.refuses is not None:
        return None
    cut = re.split("({})".format("|".join(markers)).encode(), made.body)
    found = [marker.decode() for marker in cut[1::2]]
    if sorted(found) != sorted(markers):
        return None
    template = Template(made, tuple(cut[::2]), tuple(markers.index(marker) for marker in found))
    return template if template.filled(texts) == whole else None
