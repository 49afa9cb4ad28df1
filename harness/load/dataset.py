"""A public dataset in the user's own file, as a suite."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from harness.ask import Suite
from harness.document import did_you_mean
from harness.errors import BadInput, Problem, WrongUse
from harness.load.assembly import assemble
from harness.load.cases import SaidCase, build, share
from harness.load.datasets import DATASETS, Dataset
from harness.load.place import Place
from harness.load.shapes import CaseShape, SuiteShape

DATASET_NAMES = tuple(sorted(DATASETS))


def dataset(name: str, data: Path, *, limit: int | None = None) -> Suite:
    """The suite of a dataset's first `limit` records.

    `data` is the published file (JSON lines, also gzipped), or a folder that holds it, itself or in a folder of the dataset's name.

    Raises:
        WrongUse: there is no such dataset.
        BadInput: the file is not there, cannot be read, or is not in the published form; with file and line.
    """
    kind = DATASETS.get(name)
    if kind is None:
        raise WrongUse(f"there is no dataset '{name}'; {did_you_mean(name, DATASET_NAMES)}")
    file = _file(name, kind, data)
    problems: list[Problem] = []
    shape = SuiteShape.model_validate(dict(kind.shared))
    top = Place(file, lambda _: None, problems)
    shared = share(shape, top)
    said: list[SaidCase] = []
    for line, record in islice(_records(file), limit):
        place = Place(file, lambda _, line=line: line, problems)  # type: ignore[misc]  # a key path has no line of its own
        checked = place.check(CaseShape, _case(kind, record, line, place))
        built = build(checked, shared, place) if checked else None
        said += [built] if built else []
    suite = assemble(shape, shared, said, top)
    if problems:
        raise BadInput(problems)
    if not said:
        raise BadInput([Problem(file, None, "has no records")])
    return Suite(name, suite.cases, file, suite.description, suite.tags, suite.params, suite.repeat)


def _file(name: str, kind: Dataset, data: Path) -> Path:
    if data.is_file():
        return data
    for wanted in kind.files:
        for file in (data / wanted, *sorted(data.rglob(f"{name}/{wanted}"))):
            if file.is_file():
                return file
    hint = f"give --data the file {kind.files[0]}, or the folder that it lies in"
    raise BadInput([Problem(data, None, f"no file of {name} is there", hint)])


def _records(file: Path) -> Iterator[tuple[int, Any]]:
    opener = gzip.open if file.suffix == ".gz" else open
    number = 0
    try:
        with opener(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, json.loads(line)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput([Problem(file, number or None, f"cannot be read: {error}")]) from error
    except json.JSONDecodeError as error:
        raise BadInput([Problem(file, number, f"is not JSON: {error.msg}", "one JSON object a line")]) from error


def _case(kind: Dataset, record: Any, number: int, place: Place) -> dict[str, Any]:
    try:
        return kind.case(record, number)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BadInput(
            [*place.problems, Problem(place.file, number, f"is not a record of this dataset: {what}")]
        ) from error
