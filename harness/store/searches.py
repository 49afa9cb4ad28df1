"""adaptive.json: how the search for the most requests in flight went, for each provider whose concurrency was adaptive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from harness.store import durable
from harness.store.durable import guarded

ADAPTIVE_FILE = "adaptive.json"


def save_searches(folder: Path, searches: Mapping[str, Mapping[str, Any]]) -> None:
    """Write down, by provider's name, `most` (what the search was not to go beyond) and `history`: `at_s`, `in_flight` and `why` of each change.

    Raises:
        StoreError: it cannot be written.
    """
    path = folder / ADAPTIVE_FILE
    with guarded(path, "cannot be written"):
        durable.write(path, orjson.dumps(searches, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def told_searches(folder: Path) -> tuple[str, ...]:
    """A sentence for each provider of a run whose concurrency was adaptive; none where it was fixed.

    Raises:
        StoreError: the file is damaged.
    """
    path = folder / ADAPTIVE_FILE
    if not path.exists():
        return ()
    with guarded(path, "is not a record of adaptive concurrency", "Without it the run can be reported as well"):
        searches = orjson.loads(path.read_bytes())
        return tuple(_told(name, one["most"], one["history"]) for name, one in searches.items())


def _told(name: str, most: int, history: list[Mapping[str, Any]]) -> str:
    end = history[-1]["in_flight"]
    cuts = sum(change["why"] == "cut" for change in history)
    if cuts:
        return f"{name}: adaptive: settled at {end} in flight, cut {cuts} {'time' if cuts == 1 else 'times'}"
    bound = "the most that was allowed" if end == most else "no more were needed, or the run was too short to try"
    return f"{name}: adaptive: rose to {end} in flight, never cut; {bound}"
