"""BFCL: tool calls of the Berkeley Function Calling Leaderboard; records of `question` and `function`, answers in other files.

Its categories simple_python, multiple, parallel, parallel_multiple and irrelevance, one turn each. Its loose types become
JSON Schema's, and dots in the names of functions underscores, as providers demand. Texts are compared as loosely as BFCL's own
checker does. https://github.com/ShishirPatil/gorilla, berkeley-function-call-leaderboard
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SHARED: Mapping[str, Any] = {
    "description": "Which tools are called with which arguments, or none: the Berkeley Function Calling Leaderboard",
    "capability": "tool_calls",
    "params": {"temperature": 0, "max_tokens": 1024},
    "score": {"tool_calls": {"loose_text": True}},
}
FILES = ("BFCL_v[0-9]_*.json.gz", "BFCL_v[0-9]_*.json")
NO_CALL = "irrelevance"
CATEGORIES = ("simple_python", "multiple", "parallel", "parallel_multiple", NO_CALL)
TYPES: Mapping[str, str | None] = {
    "dict": "object", "float": "number", "tuple": "array", "list": "array", "any": None,
    "object": "object", "number": "number", "array": "array", "integer": "integer", "string": "string", "boolean": "boolean",
}  # fmt: skip
"""BFCL's types in JSON Schema's words; None: any value."""


def takes(file_name: str) -> bool:
    """Whether a file is of a category that has one turn and Python's types."""
    return category_of(file_name) in CATEGORIES


def category_of(file_name: str) -> str:
    """The category that a file is of: "BFCL_v4_multiple.json.gz" is of "multiple"."""
    return re.sub(r"\ABFCL_v\d+_|\.json(\.gz)?\Z", "", file_name)


def answers(file_name: str) -> tuple[str, ...]:
    """Where the possible answers of a file lie, from its folder; nowhere for questions that no tool answers."""
    category = category_of(file_name)
    if category == NO_CALL:
        return ()
    names = (f"possible_answer_{category}.json.gz", f"possible_answer_{category}.json")
    return (*names, f"possible_answer/{file_name}")


def case(record: Mapping[str, Any], _number: int) -> dict[str, Any]:
    """The case of one record, into which its possible answers were taken; its tag is its category."""
    if len(record["question"]) != 1:
        raise ValueError("it has several turns")
    category = re.sub(r"_\d+(-\d+)*\Z", "", record["id"])
    calls = [] if category == NO_CALL else record["ground_truth"]
    return {
        "id": record["id"],
        "messages": record["question"][0],
        "tools": [_tool(function) for function in record["function"]],
        "expect": [_call(name, arguments) for call in calls for name, arguments in call.items()],
        "tags": [category],
    }


def _name(name: str) -> str:
    return name.replace(".", "_")


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    name, parameters = _name(function["name"]), schema(function["parameters"])
    return {"name": name, "description": function["description"], "parameters": parameters}


def schema(loose: Mapping[str, Any]) -> dict[str, Any]:
    """BFCL's description of a parameter as JSON Schema; `optional` is left out, as `required` says it.

    Raises:
        ValueError: a type that is not one of `TYPES`.
    """
    made = {key: value for key, value in loose.items() if key not in {"type", "optional", "properties", "items"}}
    kind = loose.get("type", "any")
    if kind not in TYPES:
        raise ValueError(f"{kind!r} is none of its types")
    if TYPES[kind] is not None:
        made["type"] = TYPES[kind]
    if "properties" in loose:
        made["properties"] = {name: schema(one) for name, one in loose["properties"].items()}
    if "items" in loose:
        made["items"] = schema(loose["items"])
    return made


def _call(name: str, arguments: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {"name": _name(name), "arguments": {key: _possible(values) for key, values in arguments.items()}}


def _possible(values: list[Any]) -> dict[str, Any]:
    """What an argument may be; "" among the values also says that it may be missing."""
    given = [_within(one) for one in values if one != ""]
    if "" not in values:
        return {"any_of": given}
    return {"any_of": [*given, ""], "optional": True}


def _within(value: Any) -> Any:
    """In a mapping, also in a list, each value is again a list of possible ones."""
    if isinstance(value, dict):
        return {key: _possible(one) if isinstance(one, list) else one for key, one in value.items()}
    if isinstance(value, list):
        return [_within(one) if isinstance(one, dict) else one for one in value]
    return value
