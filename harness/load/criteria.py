"""The forms of `score`: `exact` · `{number: {tolerance: 0.5}}` · `{exact: {}, weight: 2, not: true, extract: boxed}` · a list of these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness import scorers
from harness.ask import Criterion
from harness.document import did_you_mean
from harness.load.place import Place

_AROUND = ("weight", "not", "extract")


@dataclass(frozen=True)
class Said:
    """A criterion and where it was said."""

    criterion: Criterion
    place: Place


def read_score(said: Any, place: Place) -> tuple[Said, ...]:
    """The criteria of a `score`, of which there are none where None is said; what is wrong is noted."""
    if said is None:
        return ()
    if isinstance(said, list):
        if not said:
            place.wrong("`score` is an empty list", f"name a scorer: {', '.join(scorers.NAMES)}")
        items = [(item, place.below(number)) for number, item in enumerate(said)]
    else:
        items = [(said, place)]
    found = [(_criterion(item, where), where) for item, where in items]
    return tuple(Said(criterion, where) for criterion, where in found if criterion)


def _criterion(said: Any, place: Place) -> Criterion | None:
    if isinstance(said, str):
        return Criterion(said)
    if not isinstance(said, Mapping):
        place.wrong("a scorer is a name or a mapping", "exact, or {number: {tolerance: 0.5}}")
        return None
    name = _scorer_in(said, place)
    if name is None or not _is_well_formed(name, said, place):
        return None
    extract = said.get("extract", ())
    parts = (extract,) if isinstance(extract, str) else tuple(extract)
    return Criterion(name, dict(said[name] or {}), float(said.get("weight", 1)), said.get("not", False), parts)


def _is_well_formed(name: str, said: Mapping[str, Any], place: Place) -> bool:
    options, weight, negate = said[name], said.get("weight", 1), said.get("not", False)
    faults = []
    if options is not None and not isinstance(options, Mapping):
        faults.append((name, f"the options of {name} are not a mapping", f"{{{name}: {{option: value}}}}"))
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
        faults.append(("weight", f"weight: {weight!r} is not a number above 0", "weight: 2"))
    if not isinstance(negate, bool):
        faults.append(("not", f"not: {negate!r} is neither true nor false", "not: true"))
    extract = said.get("extract", "all")
    if not isinstance(extract, str) and not (
        isinstance(extract, list) and extract and all(isinstance(one, str) for one in extract)
    ):
        faults.append(
            (
                "extract",
                f"extract: {extract!r} names no part of a reply",
                f"one or several of {', '.join(scorers.PARTS)}",
            )
        )
    for key, message, hint in faults:
        place.below(key).wrong(message, hint)
    return not faults


def _scorer_in(said: Mapping[str, Any], place: Place) -> str | None:
    """The one key that names a scorer. A lone unknown one is taken for a name too: the scorers say what they have."""
    keys = [key for key in said if key not in _AROUND]
    named = [key for key in keys if key in scorers.NAMES]
    if len(named) > 1:
        place.wrong(f"{' and '.join(named)} stand in one item", "write a list, one item for each scorer")
        return None
    if not keys:
        place.wrong("no scorer is named", f"known: {', '.join(scorers.NAMES)}")
        return None
    if len(keys) == 1:
        return keys[0]
    for key in keys:
        if key not in named:
            owner = f"; an option stands under its scorer: {{{named[0]}: {{{key}: …}}}}" if named else ""
            place.below(key).wrong(f"unknown key '{key}' beside a scorer", f"{did_you_mean(key, _AROUND)}{owner}")
    return None
