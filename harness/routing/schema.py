"""The form of routing.toml: its JSON Schema, and what in a document does not keep to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, get_args

from harness.judged import Decision, Status

VERSION = 1

_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_COUNT = {"type": "integer", "minimum": 0}
_DIFFERENCE = {"type": "number", "minimum": -1, "maximum": 1}
_NAME = {"type": "string", "minLength": 1}
_NUMBER = {"type": "number"}


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of routing.toml, as a TOML-aware editor uses it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "routing.toml",
        "description": "Which provider gets which share of each capability's traffic, and the evidence. Written by harness route.",
        **_table(
            {
                "simulated": _said("boolean", "the providers are simulated: these routes are for no real traffic"),
                "version": {"const": VERSION},
                "status": {"enum": list(get_args(Status)), "description": "proposed, in force, or replaced"},
                "created": {**_said("string", "when the evidence ends"), "format": "date-time"},
                "objective": _NAME,
                "margin": {**_SHARE, "description": "by how much more than the incumbent a challenger must be better"},
                "confidence": {**_SHARE, "description": "the posterior probability from which on traffic shifts"},
                "prior_mass": {"type": "number", "minimum": 0, "description": "how many imagined cases a prior weighs"},
                "terms": {
                    "type": "object",
                    "additionalProperties": _NUMBER,
                    "description": "what the objective was told: floor, limits in seconds, prices in USD, half-life in days",
                },
                "run_ids": {"type": "array", "items": _NAME},
                "price_ids": {"type": "array", "items": _NAME},
                "suite_hashes": {"type": "object", "additionalProperties": _NAME},
                "parent": {**_NAME, "description": "content address of the table that this one replaced"},
                "routes": {"type": "object", "additionalProperties": _route(), "description": "by capability"},
            },
            optional=("parent", "terms", "status"),
        ),
    }


def _route() -> dict[str, Any]:
    return _table(
        {
            "decision": {"enum": list(get_args(Decision))},
            "incumbent": _NAME,
            "challenger": _NAME,
            "probability": {**_SHARE, "description": "that the challenger is better by more than the margin"},
            "n_needed": {**_COUNT, "description": "how many more cases would decide"},
            "why": _said("string", "the reason in a sentence"),
            "weights": {
                "type": "object",
                "additionalProperties": _SHARE,
                "description": "shares of the traffic; they sum to 1",
            },
            "difference": _table(
                {"value": _DIFFERENCE, "n": _COUNT, "low": _DIFFERENCE, "high": _DIFFERENCE}, ("low", "high")
            ),
            "gain": {
                **_table({"value": _NUMBER, "n": _COUNT, "low": _NUMBER, "high": _NUMBER}, ("low", "high")),
                "description": "challenger − incumbent in the objective's unit: share saved, score, or USD a task",
            },
            "costs": {
                "type": "object",
                "additionalProperties": {"type": "number", "minimum": 0},
                "description": "USD a call",
            },
        },
        optional=("challenger", "probability", "n_needed", "difference", "gain", "costs"),
    )


def _table(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _said(kind: str, description: str) -> dict[str, Any]:
    return {"type": kind, "description": description}


Place = tuple[str | int, ...]

_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float),
}  # fmt: skip


def faults(value: Any, form: Mapping[str, Any], place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where `value` does not keep to `form` (what of JSON Schema is used above; a date-time is TOML's own)."""
    if "const" in form or "enum" in form:
        allowed = [form["const"]] if "const" in form else form["enum"]
        if value not in allowed:
            yield place, f"{value!r} is not {' or '.join(str(one) for one in allowed)}"
    elif not _is(value, form):
        yield place, f"{value!r} is not {_called(form)}"
    elif form["type"] == "object":
        yield from _table_faults(value, form, place)
    elif form["type"] == "array":
        for i, one in enumerate(value):
            yield from faults(one, form["items"], (*place, i))
    elif not form.get("minimum", value) <= value <= form.get("maximum", value):
        yield place, f"{value!r} is not from {form.get('minimum')} to {form.get('maximum', '…')}"


def _is(value: Any, form: Mapping[str, Any]) -> bool:
    if form.get("format") == "date-time":
        return isinstance(value, datetime) and value.tzinfo is not None
    if isinstance(value, bool) and form["type"] != "boolean":
        return False
    return isinstance(value, _KINDS[form["type"]]) and (form.get("minLength", 0) == 0 or value != "")


def _called(form: Mapping[str, Any]) -> str:
    if form.get("format") == "date-time":
        return "a date and time with its offset, such as 2026-11-21T01:45:00Z"
    names = {
        "object": "a table",
        "array": "a list",
        "string": "a text",
        "boolean": "true or false",
        "integer": "a whole number",
    }
    return names.get(form["type"], "a number")


def _table_faults(value: dict[str, Any], form: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, str]]:
    properties = form.get("properties", {})
    for name in form.get("required", ()):
        if name not in value:
            yield place, f"{name!r} is missing"
    for name, one in value.items():
        rest = form["additionalProperties"]
        if name in properties:
            yield from faults(one, properties[name], (*place, name))
        elif rest:
            yield from faults(one, rest, (*place, name))
        else:
            yield (*place, name), f"unknown key {name!r}; known are {', '.join(properties)}"
