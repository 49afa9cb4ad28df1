"""The scorer `json`: a reply that is JSON, fits a schema and says what is expected."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from jsonschema.exceptions import SchemaError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from harness.ask import JsonObject
from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.reading import fences
from harness.told import Reply
from harness.wording import said


@dataclass(frozen=True, slots=True)
class JsonOptions:
    """`json`: the reply is JSON (alone, or in one fenced block), valid against `schema`, and equals `expect`.

    Equality is by value: 1 is 1.0, the order of keys does not count, that of lists does, numbers may differ by
    `tolerance`. `equals: false` leaves the comparison out, as does a case that expects nothing.
    """

    schema: JsonObject | None = None
    equals: bool = True
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        if self.tolerance < 0:
            raise Unfit("'tolerance' is 0 or more")


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


def difference(got: Any, wanted: Any, tolerance: float = 0.0, place: str = "$") -> str | None:
    """Where two JSON values first differ, in words; None where they are equal. true is not 1, but 1 is 1.0.

    In `wanted`, a mapping with the single key `any_of` stands for each of the values that it lists.
    """
    if isinstance(wanted, Mapping) and set(wanted) == {"any_of"} and isinstance(wanted["any_of"], list | tuple):
        if any(difference(got, one, tolerance, place) is None for one in wanted["any_of"]):
            return None
        return f"{place} is {_short(got)}, not one of {_short(list(wanted['any_of']))}"
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return _mapping_difference(got, wanted, tolerance, place)
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple):
        if len(got) != len(wanted):
            return f"{place} has {len(got)} items, not {len(wanted)}"
        pairs = enumerate(zip(got, wanted, strict=True))
        return next((why for i, (a, b) in pairs if (why := difference(a, b, tolerance, f"{place}[{i}]"))), None)
    return None if _same(got, wanted, tolerance) else f"{place} is {_short(got)}, not {_short(wanted)}"


def _mapping_difference(got: Mapping[str, Any], wanted: Mapping[str, Any], tolerance: float, place: str) -> str | None:
    for key in wanted:
        if key not in got:
            return f"{place} lacks {key!r}"
    for key in got:
        if key not in wanted:
            return f"{place} has {key!r}, which is not expected"
    return next(
        (why for key in wanted if (why := difference(got[key], wanted[key], tolerance, f"{place}.{key}"))), None
    )


def _same(got: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(got, int | float) and isinstance(wanted, int | float):
        return got == wanted or (tolerance > 0 and abs(_exact(got) - _exact(wanted)) <= _exact(tolerance))
    if isinstance(got, str) and isinstance(wanted, str):
        return unicodedata.normalize("NFC", got) == unicodedata.normalize("NFC", wanted)
    return got is None and wanted is None


def _exact(number: float) -> Fraction:
    """What a number says in decimal, not what its bits hold: 0.3 − 0.1 is within 0.2."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"
    return text if len(text) <= 80 else text[:79] + "…"


def _validator(schema: JsonObject) -> Validator:
    kind = validator_for(schema, default=Draft202012Validator)
    return kind(dict(schema), registry=Registry())  # an empty registry: a `$ref` is never fetched


def _fits(options: JsonOptions, expect: Any) -> None:
    if options.schema is not None:
        validator = _validator(options.schema)
        try:
            validator.check_schema(dict(options.schema))
            problem = None if expect is None or not options.equals else best_match(validator.iter_errors(expect))
        except SchemaError as wrong_schema:
            raise Unfit(f"'schema' is no JSON Schema: {wrong_schema.message}") from None
        except Unresolvable as unknown:
            raise Unfit(f"'schema' refers to what it does not hold: {unknown}") from None
        if problem is not None:
            raise Unfit(f"'expect' does not fit 'schema': {problem.message}")


def _judge(options: JsonOptions, expect: Any, reply: Reply) -> Opinion:
    text = json_text(said(reply))
    try:
        got = parse_json(text)
        problem = None if options.schema is None else best_match(_validator(options.schema).iter_errors(got))
        why = difference(got, expect, options.tolerance) if options.equals and expect is not None else None
    except ValueError as no_json:
        return wrong(str(no_json), text)
    except RecursionError:
        return wrong("it is nested too deeply", text)
    if problem is not None:
        return wrong(f"{problem.json_path}: {problem.message}", text)
    return wrong(why, text) if why else right(text)


JSON = Scorer("1", JsonOptions, _fits, _judge)
