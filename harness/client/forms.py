"""Requests without litellm: what its translation makes of plain questions, learned beforehand and shipped in `forms.json`.

To import litellm takes longer than most first answers do. For a question of texts alone, with the usual parameters, the request is
nearly the same for all models of a kind; so `make forms` has litellm translate such questions and keeps what came out, with a hole in place of the model, the
key, the address and each text, and the place of each parameter. A test holds the two against each other. Whatever is not surely so is
litellm's to translate: another version of it, a model whose name it may know something about, settings of its own in the environment.
"""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from harness.ask import JsonObject, Prompt, Provider
from harness.client.translate import Request, finished
from harness.client.wires import Wire, wire_for
from harness.client.wires.contract import Outgoing

FILE = Path(__file__).with_name("forms.json")
FRAMES = ("u", "su", "uau", "suau")
"""The roles of the messages that are known, by their first letters."""

WHOLE_NUMBERS = frozenset({"max_tokens", "max_completion_tokens", "seed"})
_LETTERS = {"system": "s", "user": "u", "assistant": "a"}
_BASE = re.compile(r"https?://[\w.:\[\]-]+(/[\w.~-]+)*")


def request(provider: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Request | None:
    """The request that litellm would make of this, without it; None if only litellm can tell."""
    kind = _kinds().get(provider.kind)
    if kind is None or _heeded(kind, provider) or (provider.simulated and provider.base_url is None):
        return None
    form = _form(kind, provider.model.partition("/")[2])
    return None if form is None else filled(form, provider, prompt, params, stream=stream)


def plain(prompt: Prompt) -> str | None:
    """The roles of a prompt by their first letters, if prompts are alike that have the same; None if it is to be looked at by itself."""
    return None if _texts(prompt) is None else _frame(prompt)


def filled(form: JsonObject, provider: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Request | None:
    """The request by this form; None where it has no place for something."""
    wire = wire_for(provider.kind)
    texts = _texts(prompt)
    if wire is None or texts is None or not _fits(params, form):
        return None
    base = _base(form, wire, provider)
    key = provider.api_key.reveal() if provider.api_key else None
    skeleton = form["bodies"].get(_frame(prompt))
    if skeleton is None or base is None:
        return None
    model = provider.model.partition("/")[2]
    holes = {"{model}": model, **{f"{{{place}}}": text for place, text in enumerate(texts)}}
    body = _with(skeleton[stream], holes)
    for name, value in params.items():
        if name != "api_version":
            _put(body, form["params"][name], value)
    url = form["url"][stream].replace("{model}", model)
    if "{api_version}" in url:
        url = url.replace("{api_version}", str(params.get("api_version") or form["api_version"]))
    headers = {
        name: value.replace("{key}", key or "")
        for name, value in form["headers"].items()
        if key is not None or "{key}" not in value
    }
    out = Outgoing(base + url, headers, body, model, stream, provider.deadlines.total_s)
    return finished(wire, out)


@functools.cache
def _kinds() -> JsonObject:
    """What is known, by kind; nothing where it was learned from another version of litellm."""
    table: JsonObject = orjson.loads(FILE.read_bytes())
    kinds: JsonObject = table["kinds"] if table["litellm"] == version("litellm") else {}
    return kinds


def _heeded(kind: JsonObject, provider: Provider) -> bool:
    """Whether there is something in the key, the address or the environment by which litellm would translate otherwise."""
    key = provider.api_key.reveal() if provider.api_key else ""
    base = provider.base_url or ""
    return (
        any(word in key for word in kind["keys"])
        or any(word in base for word in kind["bases"])
        or any(name in os.environ for name in kind["reads"])
    )


def _form(kind: JsonObject, model: str) -> JsonObject | None:
    """The form of a kind's model. Without an entry of its own it has the first, unless there is something in its name that litellm heeds."""
    models: Mapping[str, int | None] = kind["models"]
    small = model.lower()
    heeded = not model or any(word in small for word in kind["words"])
    place = models.get(model, None if heeded else 0)
    forms: Sequence[JsonObject] = kind["forms"]
    return None if place is None else forms[place]


def _frame(prompt: Prompt) -> str:
    return "".join(_LETTERS[message["role"]] for message in prompt.messages)


def _texts(prompt: Prompt) -> list[str] | None:
    """The texts of the messages; None if there is more to the prompt than roles and texts."""
    if prompt.tools or prompt.tool_choice is not None or prompt.response_format is not None:
        return None
    texts: list[str] = []
    for message in prompt.messages:
        if message.keys() != {"role", "content"} or message["role"] not in _LETTERS:
            return None
        text = message["content"]
        if not isinstance(text, str) or not text.strip() or not _is_unicode(text):
            return None
        texts.append(text)
    return texts


def _is_unicode(text: str) -> bool:
    """Whether there is no half of a surrogate pair in it, which JSON cannot hold."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _fits(params: JsonObject, form: JsonObject) -> bool:
    """Whether each parameter goes where the form says, as it is."""
    if "max_tokens" in params and "max_completion_tokens" in params:
        return False
    return all(
        _is_number(name, value) if name in form["params"] else name == "api_version" and "api_version" in form
        for name, value in params.items()
    )


def _is_number(name: str, value: Any) -> bool:
    if type(value) is not int and (type(value) is not float or name in WHOLE_NUMBERS or not math.isfinite(value)):
        return False
    return 0 <= value < 1 << 31 and (value > 0 or not name.startswith("max_"))


def _base(form: JsonObject, wire: Wire, provider: Provider) -> str | None:
    """What the address begins with."""
    given = provider.base_url
    if given is None or given == wire.endpoints[provider.kind].base:
        known: str | None = form["base"]
        return known
    path = form["url"][0].partition("?")[0]
    usual = form["anywhere"] or given.endswith("/v1")
    return given if usual and _BASE.fullmatch(given) and not given.endswith(path) else None


def _with(value: Any, holes: Mapping[str, str]) -> Any:
    """The JSON with its holes filled; nothing in it is shared."""
    if isinstance(value, dict):
        return {name: _with(one, holes) for name, one in value.items()}
    if isinstance(value, list):
        return [_with(one, holes) for one in value]
    if isinstance(value, str):
        return holes.get(value) or value.replace("{model}", holes["{model}"])
    return value


def _put(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value
