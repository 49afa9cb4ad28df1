"""JUnit's XML, as CI servers read it: a test for each trial of a run, or for each cell of a comparison."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TextIO
from xml.etree import ElementTree as ET

from harness.judged import Compared, Comparison, Flip, Gated
from harness.render import compared
from harness.render.compared import MEASURES, VERDICTS, place
from harness.render.plain import one_line, plain
from harness.shown import Result, RunResults

MOST_CHARACTERS = 4_000
"""So much of a prompt or reply stands in the XML; JSON has all of it."""

_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class _Test:
    """`kind` is failure, error or skipped; empty for one that passed. `sort` is what kind of failure, `told` what stands in it."""

    group: str
    name: str
    time_s: float | None = None
    kind: str = ""
    sort: str = ""
    message: str = ""
    told: str = ""


def run(model: RunResults, out: TextIO) -> None:
    """A test for each trial: failure where the case is not solved, error where there was no answer, skipped where it could not be judged; and one for each gate of a suite."""
    tests = [*map(_of_trial, model.results), *map(_of_gate, model.report.gates)]
    about = {"run_id": model.report.run_id, "simulated": str(model.report.simulated).lower()}
    _write(f"harness run {model.report.run_id}", tests, about, out)


def _of_trial(one: Result) -> _Test:
    repeat = f" (repeat {one.repeat})" if one.repeat else ""
    test = _Test(f"{one.suite}.{one.provider}", one.case_id + repeat, one.latency_s)
    if one.outcome == "solved":
        return test
    kind, sort = {
        "not solved": ("failure", "not solved"),
        "failed": ("error", one.failure or "failed"),
        "unscored": ("skipped", "unscored"),
    }[one.outcome]
    parts = [("prompt", one.prompt), ("expected", one.expected), ("reply", one.reply), ("reason", one.reason)]
    told = "\n\n".join(f"{name}: {_cut(said)}" for name, said in parts if said)
    return _Test(test.group, test.name, test.time_s, kind, sort, one.reason or sort, told)


def _of_gate(one: Gated) -> _Test:
    test = _Test(f"{one.suite}.{one.provider}", f"gate: {one.measure}")
    return test if one.passed else replace(test, kind="failure", sort="gate not met", message=one.why)


def comparison(model: Compared, out: TextIO) -> None:
    """A test for each cell that says something of its own: failure for a verdict that fails, skipped where nobody can say."""
    lost: dict[tuple[str, str, str], list[Flip]] = {}
    for flip in model.flips:
        if flip.lost:
            lost.setdefault((flip.provider, flip.suite, flip.capability), []).append(flip)
    tests = [_of_cell(one, model.fail_on, lost) for one in model.cells if not one.explained]
    about = {"base": model.base_id, "new": model.new_id, "simulated": str(model.simulated).lower()}
    _write(f"harness compare {model.base} {model.new}", tests, about, out)


def _of_cell(one: Comparison, fail_on: Sequence[str], lost: dict[tuple[str, str, str], list[Flip]]) -> _Test:
    name = f"{place(one)}: {MEASURES[one.measure]}"
    said = f"{VERDICTS[one.verdict]}: {compared.in_a_line(one)}"
    if one.verdict in fail_on:
        flips = lost.get((one.provider, one.suite, one.capability), []) if one.measure == "quality" else []
        told = "\n".join([said, *(f"no longer solved: {flip.suite}::{flip.case_id}" for flip in flips)])
        return _Test(one.provider, name, kind="failure", sort=one.verdict, message=said, told=told)
    if one.verdict in {"undecided", "invalid", "missing"}:
        return _Test(one.provider, name, kind="skipped", message=said)
    return _Test(one.provider, name)


def _write(title: str, tests: Iterable[_Test], about: dict[str, str], out: TextIO) -> None:
    top = ET.Element("testsuites", name=_xml(title))
    total = dict.fromkeys(("failure", "error", "skipped"), 0)
    count = 0
    for group, found in groupby(sorted(tests, key=lambda one: one.group), key=lambda one: one.group):
        suite = ET.SubElement(top, "testsuite", name=_xml(group))
        properties = ET.SubElement(suite, "properties")
        for name, value in about.items():
            ET.SubElement(properties, "property", name=name, value=_xml(value))
        own = list(found)
        for test in own:
            _case(suite, test)
        counts = {kind: sum(one.kind == kind for one in own) for kind in total}
        _count(suite, len(own), counts)
        suite.set("time", f"{sum(one.time_s or 0.0 for one in own):.6f}")
        count += len(own)
        total = {kind: total[kind] + counts[kind] for kind in total}
    _count(top, count, total)
    ET.indent(top)
    out.write('<?xml version="1.0" encoding="utf-8"?>\n')
    out.write(ET.tostring(top, encoding="unicode") + "\n")


def _count(element: ET.Element, tests: int, counts: dict[str, int]) -> None:
    element.set("tests", str(tests))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(counts[kind]))


def _case(suite: ET.Element, test: _Test) -> None:
    case = ET.SubElement(suite, "testcase", classname=_xml(test.group), name=_xml(test.name))
    if test.time_s is not None:
        case.set("time", f"{test.time_s:.6f}")
    if test.kind:
        found = ET.SubElement(case, test.kind, message=_xml(one_line(test.message, _MESSAGE)))
        if test.sort:
            found.set("type", _xml(test.sort))
        if test.told:
            found.text = _xml(test.told)


def _cut(text: str) -> str:
    more = len(text) - MOST_CHARACTERS
    return text[:MOST_CHARACTERS] + (f"… {more:,} more characters" if more > 0 else "")


def _xml(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", plain(text))
