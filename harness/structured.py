"""JSON that is asked for: the response format of a model class, and its wording where a provider knows no such format.

A model class is whatever has `model_json_schema`, as pydantic's classes do; no library is needed to read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
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
    no others. A schema with an object of any fields, such as a dict's, goes as it is and is not strict.
    """
    if not callable(getattr(model, "model_json_schema", None)):
        said = f"the response format {model!r} is neither an object in OpenAI's form nor a class with model_json_schema (pydantic's)"
        raise WrongUse(said)
    schema = model.model_json_schema()
    name = _NO_NAME.sub("_", getattr(model, "__name__", "reply")).strip("_")[:_LONGEST_NAME]
    strict = _can_be_strict(schema)
    form = {"name": name, "schema": _strict(schema, schema) if strict else schema, "strict": strict}
    return {"type": "json_schema", "json_schema": form}


def _can_be_strict(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        closed = schema.get("additionalProperties", False) is False
        fields = schema.get("type") != "object" or "properties" in schema or "additionalProperties" in schema
        return closed and fields and all(map(_can_be_strict, schema.values()))
    return all(map(_can_be_strict, schema)) if isinstance(schema, list) else True


def _strict(schema: Any, root: Mapping[str, Any]) -> Any:
    """The schema with every object closed and every field required; a `$ref` stands alone, and null is nobody's default."""
    if isinstance(schema, list):
        return [_strict(one, root) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    ref = schema.get("$ref")
    if isinstance(ref, str) and len(schema) > 1:  # what stands beside it would not count: its target takes its place
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return _strict({**_target(ref, root), **beside}, root)
    made = {name: value if name in _WORDS else _strict(value, root) for name, value in schema.items()}
    for name in ("properties", "$defs", "definitions"):  # names in these are the author's
        if isinstance(schema.get(name), Mapping):
            made[name] = {field: _strict(one, root) for field, one in schema[name].items()}
    if "default" in made and made["default"] is None:
        del made["default"]
    if schema.get("type") == "object":
        made["additionalProperties"] = False
        made["required"] = list(schema.get("properties", ()))
    return made


_WORDS = frozenset({"const", "default", "enum", "examples", "properties", "$defs", "definitions"})
"""Keywords whose values are no schemas, or maps of such."""


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
