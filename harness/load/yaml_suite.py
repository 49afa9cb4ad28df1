"""A YAML file as a suite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from harness import document
from harness.ask import Suite
from harness.errors import BadInput, Problem
from harness.load.assembly import assemble, check_complete, check_ids
from harness.load.cases import SaidCase, Shared, build, share
from harness.load.place import Place
from harness.load.records import records
from harness.load.shapes import CasesFrom, SuiteShape, YamlCase, YamlSuite, what_fits
from harness.load.templates import render_case, render_text


def read_yaml_suite(path: Path, limit: int | None, problems: list[Problem]) -> Suite | None:
    """The suite in a YAML file with its first `limit` cases; None where the file cannot be taken as one.

    All cases are checked, whatever the limit. What is wrong is added to `problems`.
    """
    try:
        read = document.read_yaml(path)
    except BadInput as bad:
        problems.extend(bad.problems)
        return None
    place = Place(path, read.line, problems)
    suite = place.check(YamlSuite, read.data)
    if not isinstance(read.data, dict):
        return None
    cases = read.data.get("cases", [] if "cases_from" in read.data else None)
    if not isinstance(cases, list):
        return None
    check_ids(cases, lambda number: place.below("cases", number, "id"), lambda first: _line(place, first))
    shape = suite or what_fits(SuiteShape, read.data)
    shared = share(shape, place)
    variables = _variables(read.data)
    said = [_case(case, variables, shared, place.below("cases", number)) for number, case in enumerate(cases)]
    if suite and suite.cases_from:
        said += _from_file(suite.cases_from, variables, shared, place, limit)
    made = assemble(shape, shared, [one for one in said if one], place)
    if suite:
        check_complete(suite, said)
    return replace(made, cases=made.cases[:limit])


def _from_file(
    source: CasesFrom, variables: Mapping[str, Any], shared: Shared, place: Place, limit: int | None
) -> list[SaidCase | None]:
    """The cases that a file's first `limit` records become; what is wrong is noted with the file's own lines."""
    file = place.file.parent / source.file
    said: list[SaidCase | None] = []
    lines: dict[str, int] = {}
    try:
        for line, record in islice(records(file), limit):
            at = Place(file, lambda _, line=line: line, place.problems)  # type: ignore[misc]  # a key path has no line of its own
            if not isinstance(record, dict):
                at.wrong("is not a record", "a JSON object, whose fields `case` may name")
                continue
            fields = {**variables, **{re.sub(r"\W", "_", key): value for key, value in record.items()}}
            case = render_case({"id": f"{len(said) + 1:05d}", **source.case}, fields, at)
            name = render_text(str(case["id"]), fields, at)
            if lines.setdefault(name, line) != line:
                at.wrong(f"the id '{name}' is taken, first on line {lines[name]}", "give each record its own id")
            said.append(_case({**case, "id": name}, variables, shared, at))
    except BadInput as bad:
        place.problems.extend(bad.problems)
    return said


def _line(place: Place, number: int) -> str:
    return f"first on line {place.below('cases', number, 'id').line}"


def _case(said: Any, variables: Mapping[str, Any], shared: Shared, place: Place) -> SaidCase | None:
    if isinstance(said, dict):
        variables = {**variables, **_variables(said)}
        said = render_case(said, variables, place)
    if shared.system is not None:
        system = render_text(shared.system, variables, replace(place, at=("system",)))
        shared = replace(shared, system=system)
    shape = place.check(YamlCase, said)
    return build(shape, shared, place) if shape else None


def _variables(said: Mapping[str, Any]) -> Mapping[str, Any]:
    variables = said.get("vars")
    return variables if isinstance(variables, dict) else {}
