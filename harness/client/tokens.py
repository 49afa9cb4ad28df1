"""Token counts without a provider: for estimates, and for answers whose usage is missing.

The tokenizers are files in litellm's package, read without importing it, so nothing is fetched: OpenAI's o200k, cl100k and p50k by tiktoken, Anthropic's
of Claude 2 by tokenizers. Which one counts for a model is litellm's choice. For the others cl100k stands in, and such a count is approximate: by
experience within some 30 % for prose, and further off for other scripts and for code.
Loading one takes 0.1 to 0.4 s, when it is first needed; a thousand tokens take 0.3 ms.
"""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.ask import JsonObject, Prompt
from harness.errors import HarnessError
from harness.told import Reply, Usage

STAND_IN = "cl100k_base"
_FILES: Mapping[str, str] = MappingProxyType(
    {
        "anthropic": "anthropic_tokenizer.json",
        "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
        "o200k_harmony": "fb374d419588a4632f3f557e76b4b70aebbca790",
        "p50k_base": "ec7223a39ce59f226a68acc30dc1af2788490e15",
    }
)
"""The tokenizers that litellm brings; tiktoken looks for a file by the SHA-1 of the address that it would fetch it from."""

_PIECE = 100_000
"""Longer texts are counted in pieces of so many characters: a text without any space in it takes time by its square."""

# OpenAI's rule for chats, https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
_PER_MESSAGE, _PER_NAME, _BEFORE_REPLY = 3, 1, 3
_AROUND_TOOLS, _SYSTEM_WITH_TOOLS, _AROUND_CHOICE = 9, -4, 7  # as litellm counts them, from what OpenAI's usage says

_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Count:
    """The tokens of a prompt. `approximate`: by another model's tokenizer, or with tools or a schema, whose form providers do not tell.

    `uncounted` is the number of its parts whose tokens only the provider knows: images, sound, files.
    """

    tokens: int
    tokenizer: str
    approximate: bool
    uncounted: int = 0


def tokenizer_of(model: str) -> tuple[str, bool]:
    """The name of the tokenizer that counts for a model, by litellm's name of it, and whether it is the model's own."""
    import tiktoken.model  # noqa: PLC0415  needed only where tokens are counted

    name = model.rpartition("/")[2]
    if "claude" in name:
        return (STAND_IN, False) if "claude-3" in name else ("anthropic", False)
    if "gpt-4o" in name:
        return "o200k_base", True
    try:
        found = tiktoken.model.encoding_name_for_model(name)
    except KeyError:
        return STAND_IN, False
    return (found, True) if found in _FILES else (STAND_IN, False)


def count(model: str, prompt: Prompt) -> Count:
    """The tokens of a prompt for a model, by litellm's name of it. Raises HarnessError where litellm's files are missing."""
    name, own = tokenizer_of(model)
    measure = _measure(name)
    tokens = _BEFORE_REPLY + sum(_of_message(message, measure) for message in prompt.messages)
    if prompt.tools:
        tokens += _AROUND_TOOLS + measure(_definitions(prompt.tools))
        tokens += _SYSTEM_WITH_TOOLS * any(message.get("role") == "system" for message in prompt.messages)
    if prompt.tool_choice == "none":
        tokens += 1
    elif isinstance(prompt.tool_choice, Mapping):
        tokens += _AROUND_CHOICE + measure(str(_inside(prompt.tool_choice, "function").get("name", "")))
    if prompt.response_format is not None:
        tokens += measure(json.dumps(prompt.response_format, default=dict, ensure_ascii=False))
    guessed = not own or bool(prompt.tools) or prompt.response_format is not None
    uncounted = sum(part.get("type") != "text" for message in prompt.messages for part in _parts(message))
    return Count(tokens, name, guessed, uncounted)


def count_text(model: str, text: str) -> int:
    """The tokens of a text for a model."""
    return _measure(tokenizer_of(model)[0])(text)


def counted_usage(model: str, prompt: Prompt, reply: Reply) -> Usage:
    """The usage of an exchange that nobody told, as `source` says; unknown where the prompt has parts that cannot be counted."""
    asked = count(model, prompt)
    if asked.uncounted:
        return Usage()
    said = [reply.text, reply.reasoning, *(call.name + call.arguments for call in reply.tool_calls)]
    return Usage(asked.tokens, sum(count_text(model, text) for text in said), source="tokenizer")


@functools.cache
def _loaded(name: str) -> Callable[[str], int]:
    spec = find_spec("litellm")
    folder = Path(spec.origin or "").parent / "litellm_core_utils" / "tokenizers" if spec else Path()
    if not (folder / _FILES[name]).exists():
        raise HarnessError(f"litellm's tokenizer {name} is not installed: run `make setup`")
    if name == "anthropic":
        import tokenizers  # noqa: PLC0415  loaded when a token is first counted

        claude = tokenizers.Tokenizer.from_file(str(folder / _FILES[name]))
        return lambda text: len(claude.encode(text).ids)
    import tiktoken  # noqa: PLC0415  the same

    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        encoding = tiktoken.get_encoding(name)
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _measure(name: str) -> Callable[[str], int]:
    with _LOADING:
        counted = _loaded(name)
    return lambda text: sum(counted(_whole(text[at : at + _PIECE])) for at in range(0, len(text), _PIECE))


def _whole(text: str) -> str:
    """Half of a surrogate pair, which no tokenizer takes, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _of_message(message: JsonObject, measure: Callable[[str], int]) -> int:
    tokens = _PER_MESSAGE + (_PER_NAME if isinstance(message.get("name"), str) else 0)
    for value in message.values():
        if isinstance(value, str):
            tokens += measure(value)
    tokens += sum(measure(str(part.get("text") or "")) for part in _parts(message) if part.get("type") == "text")
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list | tuple) else []:
        tokens += measure(str(_inside(call, "function").get("arguments") or ""))
    return tokens


def _parts(message: JsonObject) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return [part for part in content if isinstance(part, Mapping)] if isinstance(content, list | tuple) else []


def _inside(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _definitions(tools: tuple[JsonObject, ...]) -> str:
    """Tools as OpenAI seems to write them for the model, in the manner of TypeScript."""
    lines = ["namespace functions {", ""]
    for tool in tools:
        function = _inside(tool, "function")
        if function.get("description"):
            lines.append(f"// {function['description']}")
        fields = list(_fields(_inside(function, "parameters"), 0))
        if fields:
            lines += [f"type {function.get('name')} = (_: {{", *fields, "}) => any;", ""]
        else:
            lines += [f"type {function.get('name')} = () => any;", ""]
    return "\n".join([*lines, "} // namespace functions"])


def _fields(schema: Mapping[str, Any], indent: int) -> Iterator[str]:
    required = schema.get("required") or ()
    for name, field in _inside(schema, "properties").items():
        said = field if isinstance(field, Mapping) else {}
        if said.get("description"):
            yield f"{' ' * indent}// {said['description']}"
        yield f"{' ' * indent}{name}{'' if name in required else '?'}: {_type(said, indent)},"


def _type(schema: Mapping[str, Any], indent: int) -> str:
    kind = schema.get("type")
    if kind in {"string", "integer", "number"} and isinstance(schema.get("enum"), list):
        return " | ".join(f'"{one}"' for one in schema["enum"])
    if kind == "array":
        return f"{_type(_inside(schema, 'items'), indent)}[]"
    if kind == "object":
        return "{\n" + "\n".join(_fields(schema, indent + 2)) + "\n}"
    if kind in {"integer", "number"}:
        return "number"
    return str(kind) if kind in {"string", "boolean", "null"} else "any"
