"""The scorer `json`: a reply that is JSON, fits a schema and says what is expected."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import SchemaError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from harness.ask import JsonObject
from harness.scorers.likeness import Likeness, difference
from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.reading import fences
from harness.told import Outcome
from harness.wording import said


@dataclass(frozen=True, slots=True)
class JsonOptions:
    """`json`: the reply is JSON (alone, or in one fenced block), valid against `schema`, and equals `expect`.

    Equality is by value: 1 is 1.0, the order of keys does not count, that of lists does, numbers may differ by
    `tolerance`. `equals: false` leaves the comparison out, as does a case that expects nothing. With `subset` there may be
    more keys than expected, and more items, in any order. `pointer` ("/items/0/name", RFC 6901) picks the part that is
    compared; `schema` is of the whole.
    """

    schema: JsonObject | None = None
    equals: bool = True
    tolerance: float = 0.0
    subset: bool = False
    pointer: str = ""

    def __post_init__(self) -> None:
        if self.tolerance < 0:
            raise Unfit("'tolerance' is 0 or more")
        if self.pointer and not self.pointer.startswith("/"):
            raise Unfit(f"'pointer' starts with '/', as in '/items/0/name', not {self.pointer!r}")


def parse_json(text: str) -> Any:
    """`text` as JSON by the letter of RFC 8259, and stricter where the RFC leaves room.

    Raises:
        ValueError: no JSON (a trailing comma, NaN, …), a key twice, a number beyond a double, nesting too deep.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_float,
            parse_constant=lambda name: _refuse(f"{name} is no JSON"),
        )
    except json.JSONDecodeError as problem:
        raise ValueError(f"it is no JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(why: str) -> Any:
    raise ValueError(why)


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(f"{text} is beyond what JSON readers can hold")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError(f"the key {key!r} is there twice")
        made[key] = value
    return made


def json_text(text: str) -> str:
    """The part of a reply that should be JSON: its last fenced block that is JSON or names no language, else all of it."""
    blocks = [content for language, content in fences(text) if language in {"", "json", "json5", "jsonc"}]
    return blocks[-1].strip() if blocks and not text.startswith(("{", "[", '"')) else text


def _validator(schema: JsonObject) -> Validator:
    kind = validator_for(schema, default=Draft202012Validator)
    return kind(dict(schema), registry=Registry())  # an empty registry: a `$ref` is never fetched


def check_schema(schema: Any) -> None:
    """Checks that `schema` is a JSON Schema.

    Raises:
        Unfit: it is none.
    """
    if not isinstance(schema, Mapping):
        raise Unfit(f"'schema' must be a mapping, not {schema!r}")
    try:
        _validator(schema).check_schema(dict(schema))
    except SchemaError as wrong_schema:
        raise Unfit(f"'schema' is no JSON Schema: {wrong_schema.message}") from None
    if "$id" in json.dumps(schema, default=str):
        return  # its references are relative to that
    resolver = Registry().with_resource("", DRAFT202012.create_resource(dict(schema))).resolver()
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise Unfit(f"'schema' refers to what it does not hold: {reference}") from None


def _references(schema: Any) -> Iterator[str]:
    """Each `$ref` within a schema."""
    parts = list(schema.values()) if isinstance(schema, Mapping) else schema if isinstance(schema, list | tuple) else ()
    if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
    for part in parts:
        yield from _references(part)


def schema_difference(value: Any, schema: JsonObject, place: str = "$") -> str | None:
    """Where `value` breaks `schema`, in words that name it from `place` on; None where it fits.

    Raises:
        RecursionError: it is nested too deeply.
    """
    problem = best_match(_validator(schema).iter_errors(value))
    return None if problem is None else f"{place}{problem.json_path.removeprefix('$')}: {problem.message}"


def _fits(options: JsonOptions, expect: Any) -> None:
    if options.schema is None:
        return
    check_schema(options.schema)
    if expect is None or not options.equals or options.pointer or options.subset:
        return  # a part need not fit the schema of the whole
    problem = best_match(_validator(options.schema).iter_errors(expect))
    if problem is not None:
        raise Unfit(f"'expect' does not fit 'schema': {problem.message}")


def _unlike(options: JsonOptions, expect: Any, got: Any) -> str | None:
    try:
        part = at_pointer(got, options.pointer)
    except LookupError:
        return f"there is nothing at {options.pointer}"
    return difference(part, expect, Likeness(options.tolerance, subset=options.subset), f"${options.pointer}")


def at_pointer(value: Any, pointer: str) -> Any:
    """The part of a JSON value that a JSON Pointer (RFC 6901) names; "" is the whole.

    Raises:
        LookupError: nothing is there.
    """
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value[key]
        elif isinstance(value, list) and re.fullmatch(r"0|[1-9]\d{0,8}", key, re.ASCII):
            value = value[int(key)]
        else:
            raise LookupError(key)
    return value


def _judge(options: JsonOptions, expect: Any, outcome: Outcome) -> Opinion:
    text = json_text(said(outcome.reply))
    try:
        got = parse_json(text)
        why = None if options.schema is None else schema_difference(got, options.schema)
        if why is None and options.equals and expect is not None:
            why = _unlike(options, expect, got)
    except ValueError as no_json:
        return wrong(str(no_json), text)
    except RecursionError:
        return wrong("it is nested too deeply", text)
    return wrong(why, text) if why else right(text)


JSON = Scorer("1", JsonOptions, _fits, _judge)
