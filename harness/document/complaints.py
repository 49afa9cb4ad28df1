"""What pydantic found wrong, in plain words: the file, the line, what is wrong, what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.document.read import Document, KeyPath, LineOf
from harness.errors import BadInput, Problem

M = TypeVar("M", bound=BaseModel)

_LOOKS_SECRET = re.compile(r"[A-Za-z0-9_\-./+]{20,}")
_NAMES_SECRET = re.compile(r"(^|[_-])(api_?key|key|secret|password|token|authorization)$", re.IGNORECASE)
_SHOWN = 40  # a longer value would hide the sentence around it

_IS_NOT: Mapping[str, str] = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "frozen_set": "a list",
    "set": "a list",
    "dict": "a table of keys and values",
    "mapping": "a table of keys and values",
    "model": "a table of keys and values",
    "model_attributes": "a table of keys and values",
    "none_required": "empty",
}
"""By the stem of pydantic's error type (`string_type`, `int_parsing`, …): what the value should have been."""

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("is not above {}", "gt"),
    "greater_than_equal": ("is below {}", "ge"),
    "less_than": ("is not below {}", "lt"),
    "less_than_equal": ("is above {}", "le"),
    "too_short": ("has fewer than {} items", "min_length"),
    "too_long": ("has more than {} items", "max_length"),
    "string_too_short": ("has fewer than {} characters", "min_length"),
    "string_too_long": ("has more than {} characters", "max_length"),
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: "did you mean 'prompt'?" for the nearest of `known`, otherwise which there are; "" when there are none."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names)}" if names else ""


def check(model: type[M], said: Document | object, file: Path | None = None, line_of: LineOf | None = None) -> M:
    """`said` (a Document, or data with its file and what finds its lines) as an instance of `model`.

    Raises BadInput with every problem found. Values that look like a credential are not quoted in it. Lines are the
    Document's unless `line_of` is given.
    """
    data = said.data if isinstance(said, Document) else said
    if isinstance(said, Document):
        file, line_of = file or said.path, line_of or said.line
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False)
    schema = _Schema(model)
    raise BadInput(list(_problems(found, data, schema, (file or Path("-"), line_of or _nowhere)))) from None


def _nowhere(_key: KeyPath) -> None:
    return None


def _problems(
    found: list[ErrorDetails], data: object, schema: _Schema, place: tuple[Path, LineOf]
) -> Iterator[Problem]:
    """One problem for each place: what the branches of a union say about the same place is one complaint."""
    file, line_of = place
    places: dict[KeyPath, list[ErrorDetails]] = {}
    for error in found:
        places.setdefault(_path_in(data, error), []).append(error)
    # what is above another problem is a union's branch that was not meant
    above = {path[:length] for path in places for length in range(len(path))}
    places = _without_the_misspelt({path: errors for path, errors in places.items() if path not in above}, schema)
    complaints = [(line_of(path), path, errors) for path, errors in places.items()]
    for line, path, errors in sorted(complaints, key=lambda one: one[0] or 0):
        message, hint = _say(path, errors, schema)
        yield Problem(file, line, message, hint)


def _path_in(data: object, error: ErrorDetails) -> KeyPath:
    """Where the error is in the data: pydantic's `loc` without the names of a union's branches."""
    path: list[str | int] = []
    here: Any = data
    for number, part in enumerate(error["loc"]):
        is_last = number == len(error["loc"]) - 1
        if _holds(here, part):
            here = here[part]
        elif not (is_last and error["type"] == "missing"):
            continue
        path.append(part)
    return tuple(path)


def _holds(here: object, part: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, dict) and part in here


def _without_the_misspelt(
    places: dict[KeyPath, list[ErrorDetails]], schema: _Schema
) -> dict[KeyPath, list[ErrorDetails]]:
    """Leaves out that a key is missing where an unknown key beside it is that key misspelt."""
    meant = {
        (*path[:-1], close[0])
        for path, errors in places.items()
        if errors[0]["type"] == "extra_forbidden"
        and (close := difflib.get_close_matches(str(path[-1]), schema.keys(path[:-1]), n=1, cutoff=0.6))
    }
    return {path: errors for path, errors in places.items() if path not in meant or errors[0]["type"] != "missing"}


def _say(path: KeyPath, errors: list[ErrorDetails], schema: _Schema) -> tuple[str, str]:
    """What is wrong at `path` and what would be right."""
    name = _spell(path)
    first = errors[0]
    kinds = {error["type"] for error in errors}
    if kinds == {"missing"}:
        return f"'{path[-1]}' is missing", ""
    if kinds == {"extra_forbidden"}:
        key = str(path[-1])
        return f"unknown key '{key}'", did_you_mean(key, schema.keys(path[:-1]))
    if first["type"] in {"value_error", "assertion_error"}:
        message, _, hint = str(first.get("ctx", {}).get("error", first["msg"])).partition("\n")
        return (f"{name}: {message}" if name else message), hint.strip()
    shown = "" if path and _NAMES_SECRET.search(str(path[-1])) else _shown(first["input"])
    subject = f"{name}: {shown}" if name and shown else name or shown or "this"
    if first["type"] in {"literal_error", "enum"}:
        return f"{subject} is not one of them", f"known: {first['ctx']['expected'].replace(' or ', ', ')}"
    return f"{subject} {_fault(errors)}", ""


def _fault(errors: list[ErrorDetails]) -> str:
    """What the value is not, over all branches of a union: "is neither a number nor a list"."""
    wanted = []
    for error in errors:
        stem = re.sub(r"_(type|parsing|from_float|exact)$", "", error["type"])
        if stem in _IS_NOT and _IS_NOT[stem] not in wanted:
            wanted.append(_IS_NOT[stem])
    if len(wanted) > 1:
        return f"is neither {' nor '.join(wanted)}"
    if wanted:
        return f"is not {wanted[0]}"
    first = errors[0]
    if first["type"] in _BOUNDS:
        words, name = _BOUNDS[first["type"]]
        return words.format(first["ctx"][name])
    if first["type"] == "string_pattern_mismatch":
        return f"does not fit {first['ctx']['pattern']}"
    return f"is wrong: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _spell(path: KeyPath) -> str:
    """The key as a person calls it, within its list's item: `prices.input`, `tags, item 2`; the line says which item."""
    inner = len(path)
    while inner and isinstance(path[inner - 1], int):
        inner -= 1
    items = "".join(f", item {int(number) + 1}" for number in path[inner:])
    start = max((number + 1 for number in range(inner) if isinstance(path[number], int)), default=0)
    return ".".join(str(part) for part in path[start:inner]) + items


def _shown(value: object) -> str:
    """A short value as it was written; "" where it is long, a container, or could be a credential."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str) or len(value) > _SHOWN or "\n" in value or _LOOKS_SECRET.search(value):
        return ""
    return f"'{value}'"


class _Schema:
    """The keys that a model knows at each place, read from its JSON Schema (made only once something is wrong)."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.root: dict[str, Any] = model.model_json_schema()

    def keys(self, path: KeyPath) -> list[str]:
        """The known keys of the table at `path`, over all branches of a union."""
        here = list(self.branches(self.root))
        for part in path:
            here = [branch for node in here for below in self.below(node, part) for branch in self.branches(below)]
        return sorted({key for node in here for key in node.get("properties", {})})

    def branches(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "$ref" in node:
            yield from self.branches(self.root["$defs"][node["$ref"].rpartition("/")[2]])
            return
        yield node
        for word in ("anyOf", "oneOf", "allOf"):
            for branch in node.get(word, []):
                yield from self.branches(branch)

    @staticmethod
    def below(node: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
        if isinstance(part, int):
            below = node.get("items")
        else:
            below = node.get("properties", {}).get(part) or node.get("additionalProperties")
        if isinstance(below, dict):
            yield below
