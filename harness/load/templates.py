r"""`{{name}}` in the texts of YAML suites. `\{{name}}` stands for the braces themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from harness.document import did_you_mean
from harness.load.place import Place

_SLOT = re.compile(r"(?P<literal>\\)?\{\{\s*(?P<name>[^\W\d]\w*)\s*\}\}")

TEMPLATED = ("prompt", "messages", "system", "expect", "reference", "distractor", "capability", "cluster")
"""The keys of a case whose texts may name variables."""


def render_case(case: Mapping[str, Any], variables: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The case with the variables put into its texts; each one that is not defined is noted as wrong.

    An `expect` that is a variable and nothing else takes its value as it is, so a number stays a number.
    """
    done = dict(case)
    for key in TEMPLATED:
        if key in case:
            done[key] = _render(case[key], variables, place.below(key), whole=key == "expect")
    return done


def render_text(text: str, variables: Mapping[str, Any], place: Place) -> str:
    """`text` with the variables put in; each one that is not defined is noted as wrong."""

    def fill(slot: re.Match[str]) -> str:
        if slot["literal"]:
            return slot[0][1:]
        if slot["name"] not in variables:
            hint = did_you_mean(slot["name"], variables) or "define it under `vars`"
            place.wrong(f"undefined variable '{slot['name']}'", rf"{hint}; '\{{{{' writes the braces themselves")
            return slot[0]
        value = variables[slot["name"]]
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return _SLOT.sub(fill, text)


def _render(value: Any, variables: Mapping[str, Any], place: Place, *, whole: bool) -> Any:
    if isinstance(value, list):
        return [_render(item, variables, place.below(number), whole=whole) for number, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _render(item, variables, place.below(key), whole=whole) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    slot = _SLOT.fullmatch(value)
    if whole and slot and not slot["literal"] and slot["name"] in variables:
        return variables[slot["name"]]
    return render_text(value, variables, place)
