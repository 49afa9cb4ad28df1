"""A Python module as a suite: its names are the API, `cases(rng)` yields what a case in YAML would say."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import itertools
import random
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.addressed import content_address
from harness.ask import Suite
from harness.errors import Problem
from harness.load.assembly import assemble, check_complete, check_ids, suite_name
from harness.load.cases import SaidCase, Shared, build, share
from harness.load.place import Place
from harness.load.shapes import CaseShape, PythonSuite, what_fits

MOST = 10_000
"""So many cases a generator may yield where the suite does not say `count`; more is taken for an endless one."""

REPEATS = 1_000
"""After so many cases in a row that ask what was asked before, a generator is taken to have no other."""

_ASKED = ("system", "prompt", "messages", "params", "response_schema")
_NAMES = (*PythonSuite.model_fields, "cases")
_SIGNATURE = "def cases(rng: random.Random) -> Iterator[dict[str, Any]]"


def read_python_suite(path: Path, seed: int, limit: int | None, problems: list[Problem]) -> Suite | None:
    """The suite in a Python file, its cases drawn with `random.Random("NAME:SEED")`; None where there is none to take.

    Drawn are `limit` cases, otherwise the module's `count`, otherwise all. What is wrong is added to `problems`; an
    exception in the module is, too, with the line in it that raised.
    """
    said = _said_at_the_top(path, problems)
    if said is None:
        return None
    place = Place(path, lambda key: said[str(key[0])].lineno if key and key[0] in said else 1, problems)
    _check_spelling(said, place)
    with _imported(path, place) as module:
        if module is None:
            return None
        attributes = _attributes(module)
        suite = place.check(PythonSuite, attributes)
        shape = suite or what_fits(PythonSuite, attributes)
        drawn = _draw(module, shape.count, seed, limit, place)
    places = [replace(place.below("cases"), problems=[]) for _ in drawn]
    check_ids(drawn, places.__getitem__, lambda first: f"by case {first + 1}")
    shared = share(shape, place)
    cases = [_case(case, shared, at) for case, at in zip(drawn, places, strict=True)]
    if suite:
        check_complete(suite, cases)
    made = assemble(shape, shared, [case for case in cases if case], place)
    problems.extend(_gathered(drawn, places))
    return made


def _case(said: Any, shared: Shared, place: Place) -> SaidCase | None:
    shape = place.check(CaseShape, said)
    return build(shape, shared, place) if shape else None


def _gathered(drawn: Sequence[Any], places: Sequence[Place]) -> Iterator[Problem]:
    """What is wrong with the cases, which all stand on one line: once, with the first case of which it is true."""
    whose: dict[Problem, list[int]] = {}
    for number, place in enumerate(places):
        for problem in place.problems:
            whose.setdefault(problem, []).append(number)
    for problem, numbers in whose.items():
        case = drawn[numbers[0]]
        name = case.get("id") if isinstance(case, Mapping) else None
        which = f"case {numbers[0] + 1}" + (f" ('{name}')" if isinstance(name, str) else "")
        others = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
        yield replace(problem, message=f"{which}{others}: {problem.message}")


def _said_at_the_top(path: Path, problems: list[Problem]) -> dict[str, ast.stmt] | None:
    """What the module assigns or defines at its top, by name; None where it is no Python."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        problems.append(Problem(path, None, f"cannot be read: {error.strerror or error}"))
    except (SyntaxError, ValueError) as error:  # which of the two a null byte is depends on the version
        line, message = getattr(error, "lineno", None), getattr(error, "msg", str(error))
        problems.append(Problem(path, line, f"is not Python: {message}"))
    else:
        said: dict[str, ast.stmt] = {}
        for node in tree.body:
            for name in _named(node):
                said.setdefault(name, node)
        return said
    return None


def _named(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _check_spelling(said: Mapping[str, ast.stmt], place: Place) -> None:
    """A misspelt name of the API would be passed over in silence, as Python lets a module say what it likes."""
    for name, node in said.items():
        if name in _NAMES or not name.islower() or not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        if close := difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.8):
            hint = f"did you mean '{close[0]}'? names of your own are in capitals or begin with '_'"
            place.below(name).wrong(f"unknown name '{name}'", hint)


@contextmanager
def _imported(path: Path, place: Place) -> Iterator[ModuleType | None]:
    """The module, run under a name of its own; None where it raises, which is noted.

    While the block lasts it may import modules that lie beside it. Afterwards nothing is left: no entry in `sys.path`, no
    module, no bytecode.
    """
    file = path.resolve()
    name = f"_suite_{content_address(str(file))}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    paths, bytecode, known = sys.path[:], sys.dont_write_bytecode, set(sys.modules)
    sys.path.append(str(file.parent))
    sys.dont_write_bytecode = True
    sys.modules[name] = module  # dataclasses and the like look their module up
    try:
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a suite raises is a complaint about it
            _note(error, "the module raises", place)
            yield None
        else:
            yield module
    finally:
        sys.path[:], sys.dont_write_bytecode = paths, bytecode
        for other in sys.modules.keys() - known:
            origin = getattr(sys.modules[other], "__file__", None)
            if origin and Path(origin).parent == file.parent:
                del sys.modules[other]


def _note(error: BaseException, what: str, place: Place) -> None:
    """Notes an exception at the last line of the suite's own file that it came through."""
    file = str(place.file.resolve())
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    here = replace(place, line_of=lambda _key: lines[-1]) if lines else place
    here.wrong(f"{what} {type(error).__name__}: {error}".rstrip(": "))


def _attributes(module: ModuleType) -> dict[str, Any]:
    return {name: getattr(module, name) for name in PythonSuite.model_fields if hasattr(module, name)}


def _new(made: Iterable[Any]) -> Iterator[Any]:
    """The cases that ask what none before them asked; ends when so many in a row are repeats that no more is to be had."""
    seen: set[str] = set()
    repeats = 0
    for case in made:
        asked = content_address([case.get(name) for name in _ASKED], 32) if isinstance(case, dict) else repr(case)
        if asked in seen:
            repeats += 1
            if repeats > REPEATS:
                return
            continue
        seen.add(asked)
        repeats = 0
        yield case


def _draw(module: ModuleType, count: int | None, seed: int, limit: int | None, place: Place) -> list[Any]:
    """What `cases` yields, so many as are wanted and no more."""
    place = place.below("cases")
    make = getattr(module, "cases", None)
    if not callable(make):
        place.wrong("`cases` is missing" if make is None else "`cases` is not a function", _SIGNATURE)
        return []
    wanted = limit or count
    rng = random.Random(f"{suite_name(place.file)}:{seed}")  # noqa: S311 - the same seed has to give the same cases
    drawn: list[Any] = []
    try:
        made = make(rng)
        if not isinstance(made, Iterable):
            place.wrong(f"cases() returns {type(made).__name__} and yields no case", _SIGNATURE)
            return []
        new = _new(made) if wanted else made
        for case in itertools.islice(new, wanted or MOST + 1):
            drawn.append(case)  # noqa: PERF402 - what came before an exception is kept
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a suite raises is a complaint about it
        _note(error, f"cases() raises, after {len(drawn)} cases,", place)
        return drawn
    if not drawn:
        place.wrong("cases() yields no case", "a suite needs at least one")
    if wanted is None and len(drawn) > MOST:
        place.wrong(f"cases() yields more than {MOST:,} cases", "say how many are wanted: count = 40")
        return []
    if limit is None and count and len(drawn) < count:
        place.wrong(f"count is {count}, but cases() yields only {len(drawn)}", "say the count that there is, or none")
    return drawn
