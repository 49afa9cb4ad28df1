"""Token counts as providers tell them: what is no count is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.told import Usage


def count(value: Any) -> int | None:
    """A count of tokens; None for what is none: negative, not a whole number, text, true."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and float(value).is_integer() else None


def inside(value: Any, *path: str) -> Any:
    """What stands at the path of keys in nested objects; None where the path ends early."""
    for key in path:
        if value is None or not isinstance(
            value, (dict, Mapping)
        ):  # a dict is known at once, and most of what is none is None
            return None
        value = value.get(key)
    return value


def usage_of(
    prompt: int | None,
    completion: int | None,
    *,
    cached: int | None = None,
    cache_write: int | None = None,
    reasoning: int | None = None,
    cache_write_1h: int | None = None,
) -> Usage:
    """The usage with its source: "usage" if the provider counted the prompt or the reply, else "none" and nothing is known.

    A prompt has tokens: whoever tells 0 has not counted it, nor the reply if that is 0 as well.
    """
    if prompt == 0:
        prompt, completion = None, completion or None
    if prompt is None and completion is None:
        return Usage()
    return Usage(prompt, completion, cached, cache_write, reasoning, "usage", cache_write_1h)
