"""JSON: the words as they are, with everything that was said in full."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from harness.judged import Compared
from harness.render import compared
from harness.render.plain import plain_json
from harness.shown import RunResults


def as_json(value: object) -> Any:
    """Words as plain JSON values: dataclasses as objects, dates in ISO form, sets sorted."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_json(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(as_json(item) for item in value)
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def in_full(value: object) -> str:
    """The words as a JSON document without control characters and marks of direction: they are escaped."""
    return plain_json(json.dumps(as_json(value), indent=2, ensure_ascii=False))


def run(model: RunResults, out: TextIO) -> None:
    """The report, and `results`: each trial."""
    results = [{**as_json(one), "outcome": one.outcome} for one in model.results]
    out.write(in_full({**as_json(model.report), "results": results}) + "\n")


def comparison(model: Compared, out: TextIO) -> None:
    """The whole comparison, with its verdict in a sentence and counts of the cells that say something of their own."""
    counts = Counter(one.verdict for one in model.cells if not one.explained)
    told = {"base": model.base_id, "new": model.new_id, "verdict": compared.verdict(model.cells, model.new)}
    out.write(in_full({**as_json(model), **told, "counts": counts}) + "\n")
