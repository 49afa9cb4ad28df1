"""From a suite's parts to a Suite, with what can only be seen over all of its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import scorers
from harness.ask import Gate, Suite
from harness.load.cases import SaidCase, Shared
from harness.load.place import Place
from harness.load.shapes import SuiteShape


def suite_name(path: Path) -> str:
    """The name of the suite in a file: its stem without `suite_`."""
    return path.stem.removeprefix("suite_")


def assemble(suite: SuiteShape, shared: Shared, said: Sequence[SaidCase], place: Place) -> Suite:
    """The suite. Notes which of its cases do not fit the suite's own criteria."""
    cases = tuple(one.case for one in said)
    _check_shared_criteria(shared, said)
    return Suite(
        name=suite_name(place.file),
        cases=cases,
        path=place.file,
        description=suite.description,
        tags=suite.tags,
        params=suite.params,
        repeat=suite.repeat,
        gate=Gate(suite.gate.min_quality, suite.gate.min_reliability) if suite.gate else None,
    )


def check_complete(suite: SuiteShape, said: Sequence[SaidCase | None]) -> None:
    """Notes cases without a score or a capability where the suite gives none."""
    cases = [one for one in said if one]
    if suite.score is None:
        hint = "say `score` in the suite or in the case, such as exact"
        _note_lack("is not scored", lambda case: not case.has_own_score, cases, hint)
    if suite.capability is None:
        hint = "say `capability` in the suite or in the case, such as arithmetic"
        _note_lack("has no capability", lambda case: not case.case.capability, cases, hint)


def check_ids(said: Sequence[object], place_of: Callable[[int], Place], where: Callable[[int], str]) -> None:
    """Notes each id that an earlier case has; `where(n)` tells of the earlier one. Cases without an id are passed over."""
    first: dict[str, int] = {}
    for number, case in enumerate(said):
        name: Any = case.get("id") if isinstance(case, Mapping) else None
        if not isinstance(name, str):
            continue
        if name in first:
            place_of(number).wrong(f"the id '{name}' is taken, {where(first[name])}", "give each case its own id")
        else:
            first[name] = number


def _check_shared_criteria(shared: Shared, said: Sequence[SaidCase]) -> None:
    """A complaint that all cases share is about the suite's criterion, any other about the case."""
    users = [one for one in said if not one.has_own_score]
    for criterion, place in ((one.criterion, one.place) for one in shared.criteria):
        wrong: dict[str, list[SaidCase]] = {}
        for one in users:
            try:
                scorers.check(criterion, one.case.expect)
            except ValueError as error:
                wrong.setdefault(str(error), []).append(one)
        for message, those in wrong.items():
            for at in [place] if len(those) == len(users) > 1 else [one.place.below("expect") for one in those]:
                with at.expecting_fit():
                    raise ValueError(message)


def _note_lack(what: str, lacks: Callable[[SaidCase], bool], said: Sequence[SaidCase], hint: str) -> None:
    """One complaint for all cases that lack something, at the first of them."""
    lacking = [one for one in said if lacks(one)]
    if lacking:
        others = f" (like {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        lacking[0].place.wrong(f"this case {what}{others}", hint)
