"""Which files are suites, and all of them read, with every problem of every file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.ask import Suite
from harness.errors import BadInput, NothingSelected, Problem, WrongUse
from harness.load.assembly import suite_name
from harness.load.python_suite import read_python_suite
from harness.load.yaml_suite import read_yaml_suite

YAML = frozenset({".yaml", ".yml"})


def suites(paths: Sequence[Path], *, seed: int = 0, limit: int | None = None) -> tuple[Suite, ...]:
    """The suites in files and folders (`*.yaml`, `*.yml` and `suite_*.py`, at any depth), by path.

    `seed` is what Python suites draw their cases by. `limit` takes the first cases of each YAML suite, and as many from
    each Python suite, even where that is more than its `count`.

    Raises:
        BadInput: with every problem of every file.
        NothingSelected: no suite is there.
        WrongUse: a limit below 1.
    """
    if limit is not None and limit < 1:
        raise WrongUse(f"--limit {limit} leaves no case; give 1 or more")
    problems: list[Problem] = []
    found = _once(file for path in paths for file in _files(path, problems))
    _check_names(found, problems)
    made = [_read(file, seed, limit, problems) for file in found]
    if problems:
        raise BadInput(sorted(problems, key=lambda one: (str(one.file), one.line or 0)))
    if not made:
        where = ", ".join(str(path) for path in paths) or "the paths given"
        raise NothingSelected(f"no suites in {where}; a suite is a file *.yaml, *.yml or suite_*.py")
    return tuple(suite for suite in made if suite)


def _once(files: Iterable[Path]) -> list[Path]:
    """A file that is named twice, or lies in a folder that is named too, is one suite."""
    first: dict[Path, Path] = {}
    for file in files:
        first.setdefault(file.resolve(), file)
    return list(first.values())


def _read(file: Path, seed: int, limit: int | None, problems: list[Problem]) -> Suite | None:
    if file.suffix in YAML:
        return read_yaml_suite(file, limit, problems)
    return read_python_suite(file, seed, limit, problems)


def _files(path: Path, problems: list[Problem]) -> Iterator[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.is_file())
        yield from (file for file in inside if _is_suite(file) and not _is_hidden(file.relative_to(path)))
    elif not path.exists():
        problems.append(Problem(path, None, "there is no such file or folder"))
    elif path.suffix in YAML or path.suffix == ".py":
        yield path
    else:
        problems.append(Problem(path, None, "is not a suite", "a suite is a file *.yaml, *.yml or suite_*.py"))


def _is_suite(file: Path) -> bool:
    return file.suffix in YAML or (file.suffix == ".py" and file.stem.startswith("suite_"))


def _is_hidden(inside: Path) -> bool:
    return any(part.startswith(".") for part in inside.parts)


def _check_names(found: Sequence[Path], problems: list[Problem]) -> None:
    """Rows are told apart by the suite's name, so two files may not share one."""
    first: dict[str, Path] = {}
    for file in found:
        other = first.setdefault(suite_name(file), file)
        if other != file:
            message = f"the suite name '{suite_name(file)}' is taken by {other}"
            problems.append(Problem(file, None, message, "rename one of the files"))
