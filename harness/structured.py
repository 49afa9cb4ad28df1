"""JSON that is asked for: the response format of a model class, and its wording where a provider knows no such format.

A model class is whatever has `model_json_schema`, as pydantic's classes do; no library is needed to read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from harness.errors import WrongUse


class HasSchema(Protocol):
    """A class that knows the JSON Schema of its objects."""

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        """The schema."""
        ...


class Readable(Protocol):
    """A class that reads its objects from JSON, and raises a ValueError that says what does not fit."""

    @classmethod
    def model_validate_json(cls, json_data: str, /) -> Self:
        """The object."""
        ...


Model = TypeVar("Model", bound=Readable)

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 64


def response_format(model: type[HasSchema]) -> dict[str, Any]:
    """The model class as a response format in OpenAI's form, strict where its schema can be; raises WrongUse for another class.

    Strict (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas): every object has all of its fields and
    no others. A schema with what strictness does not know, such as an object of any fields (a dict), goes as it is and is not strict.
    """
    if not callable(getattr(model, "model_json_schema", None)):
        said = f"the response format {model!r} is neither an object in OpenAI's form nor a class with model_json_schema (pydantic's)"
        raise WrongUse(said)
    schema = model.model_json_schema()
    if "$ref" in schema:  # pydantic's form of a class within itself; OpenAI's root is an object
        schema = {**_target(schema["$ref"], schema), **{name: one for name, one in schema.items() if name != "$ref"}}
    name = _NO_NAME.sub("_", getattr(model, "__name__", "reply")).strip("_")[:_LONGEST_NAME] or "reply"
    strict = _can_be_strict(schema)
    form = {"name": name, "schema": _strict(schema, schema) if strict else schema, "strict": strict}
    return {"type": "json_schema", "json_schema": form}


_MAPS, _LISTS = ("properties", "$defs", "definitions"), ("anyOf",)
"""Keywords whose values are schemas by name, or a list of schemas; `items` is one schema."""
_KINDS = frozenset({"type", "enum", "const", "anyOf", "$ref"})
_NEVER_STRICT = frozenset(
    {
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "prefixItems",
    }
)


def _can_be_strict(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and all(map(_fits, _schemas(schema)))


def _fits(schema: Any) -> bool:
    if not isinstance(schema, Mapping) or _NEVER_STRICT & schema.keys() or not _KINDS & schema.keys():
        return False
    named = schema.get("type") != "object" or "properties" in schema
    return named and schema.get("additionalProperties", False) is False


def _schemas(schema: Any) -> Iterator[Any]:
    """The schema and those within it."""
    yield schema
    if isinstance(schema, Mapping):
        within = [one for name in _MAPS for one in schema.get(name, {}).values()]
        within += [one for name in _LISTS for one in schema.get(name, ())]
        within += [schema["items"]] if "items" in schema else []
        for one in within:
            yield from _schemas(one)


def _strict(
    schema: Mapping[str, Any], root: Mapping[str, Any], unfolded: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The schema with every object closed, every field required and so without a default, every `$ref` alone."""
    ref = schema.get("$ref")
    if isinstance(ref, str):  # what stood beside it would not count: its target takes its place, but within itself
        if len(schema) == 1 or ref in unfolded:
            return {"$ref": ref}
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return _strict({**_target(ref, root), **beside}, root, unfolded | {ref})
    made = {name: value for name, value in schema.items() if name != "default"}
    for name in _MAPS:
        if name in made:
            made[name] = {field: _strict(one, root, unfolded) for field, one in made[name].items()}
    for name in _LISTS:
        if name in made:
            made[name] = [_strict(one, root, unfolded) for one in made[name]]
    if "items" in made:
        made["items"] = _strict(made["items"], root, unfolded)
    if made.get("type") == "object":
        made |= {"additionalProperties": False, "required": list(made["properties"])}
    return made


def _target(ref: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    target: Mapping[str, Any] = found
    return target


ONLY_JSON = "Answer with JSON and nothing else: no words around it, no code fence."
_OBJECT = f"{ONLY_JSON}\nIt must be one JSON object."
_SCHEMA = f"{ONLY_JSON}\nIt must fit this JSON Schema:\n"


def asks_for_json(form: Any) -> bool:
    """Whether this response format is one of JSON."""
    return isinstance(form, Mapping) and form.get("type") in ("json_object", "json_schema")


def stated(messages: Sequence[Mapping[str, Any]], form: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The messages with a response format of JSON in words at the end of the system text, which begins them where there is none."""
    words = _OBJECT if form["type"] == "json_object" else _SCHEMA + _written(form["json_schema"]["schema"])
    found = next((place for place, one in enumerate(messages) if one.get("role") in ("system", "developer")), None)
    if found is None:
        return ({"role": "system", "content": words}, *messages)
    said = messages[found].get("content")
    more = [*said, {"type": "text", "text": words}] if isinstance(said, list | tuple) else f"{said}\n\n{words}"
    return (*messages[:found], {**messages[found], "content": more}, *messages[found + 1 :])


def _written(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, default=dict, ensure_ascii=False)


def without_words(text: str) -> str:
    """The text without what `stated` may have put into it."""
    if _SCHEMA not in text:
        return text.replace(_OBJECT, "")
    before, _, rest = text.partition(_SCHEMA)
    try:
        _, end = json.JSONDecoder().raw_decode(rest)
    except ValueError:
        return text
    return before + rest[end:]


_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL | re.IGNORECASE)


def unfenced(text: str) -> str:
    """The text within a code fence, if it is nothing but that: models put JSON into one unasked."""
    found = _FENCED.fullmatch(text)
    return found.group(1) if found else text
