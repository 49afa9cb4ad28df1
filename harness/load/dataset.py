"""A public dataset in the user's own file, as a suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from harness.ask import Suite
from harness.document import did_you_mean
from harness.errors import BadInput, Problem, WrongUse
from harness.load.assembly import assemble
from harness.load.cases import SaidCase, build, share
from harness.load.datasets import DATASETS, Dataset
from harness.load.place import Place
from harness.load.records import records
from harness.load.shapes import CaseShape, SuiteShape

Row = tuple[Path, int, Any]
"""A record with its file and line."""

DATASET_NAMES = tuple(sorted(DATASETS))


def dataset(name: str, data: Path, *, limit: int | None = None) -> Suite:
    """The suite of a dataset's first `limit` records, taken in turns where it has several files.

    `data` is the published file (JSON lines, also gzipped), or a folder that holds it, itself or in a folder of the dataset's name.

    Raises:
        WrongUse: there is no such dataset.
        BadInput: the file is not there, cannot be read, or is not in the published form; with file and line.
    """
    kind = DATASETS.get(name)
    if kind is None:
        raise WrongUse(f"there is no dataset '{name}'; {did_you_mean(name, DATASET_NAMES)}")
    files = _files(name, kind, data)
    problems: list[Problem] = []
    shape = SuiteShape.model_validate(dict(kind.shared))
    top = Place(files[0], lambda _: None, problems)
    shared = share(shape, top)
    said: list[SaidCase] = []
    asked = _cases(kind, _in_turns([_whole(kind, file) for file in files]), problems)
    for place, case in islice(asked, limit):
        checked = place.check(CaseShape, case)
        built = build(checked, shared, place) if checked else None
        said += [built] if built else []
    suite = assemble(shape, shared, said, top)
    if problems:
        raise BadInput(problems)
    if not said:
        raise BadInput([Problem(files[0], None, "has no records")])
    return Suite(name, suite.cases, files[0], suite.description, suite.tags, suite.params, suite.repeat)


def _files(name: str, kind: Dataset, data: Path) -> list[Path]:
    if data.is_file():
        return [data]
    for wanted in kind.files:
        found = [*data.glob(wanted)] or [*data.rglob(f"{name}/{wanted}")]
        taken = sorted(file for file in found if file.is_file() and kind.takes(file.name))
        if taken:
            return taken
    hint = f"give --data the file {kind.files[0]}, or the folder that it lies in"
    raise BadInput([Problem(data, None, f"no file of {name} is there", hint)])


def _in_turns(several: Sequence[Iterator[Row]]) -> Iterator[Row]:
    """One of each in turn, until all are at their ends."""
    for turn in zip_longest(*several):
        yield from (one for one in turn if one is not None)


def _whole(kind: Dataset, file: Path) -> Iterator[Row]:
    """The records of a file with what lies apart from them."""
    places = [file.parent / name for name in kind.answers(file.name)]
    beside = next((place for place in places if place.is_file()), None)
    if places and beside is None:
        hint = f"put {places[0].name} beside it"
        raise BadInput([Problem(file, None, "has its possible answers in another file, which is not there", hint)])
    rest = {record.get("id"): record for _, record in records(beside) if isinstance(record, dict)} if beside else {}
    for line, record in records(file):
        known = rest.get(record.get("id")) if isinstance(record, dict) else None
        yield file, line, {**known, **record} if known else record


def _cases(kind: Dataset, rows: Iterator[Row], problems: list[Problem]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The cases as they are said, each with its place; records that cannot be asked are passed over."""
    for file, line, record in rows:
        place = Place(file, lambda _, line=line: line, problems)  # type: ignore[misc]  # a key path has no line of its own
        case = _case(kind, record, line, place)
        if case is not None:
            yield place, case


def _case(kind: Dataset, record: Any, number: int, place: Place) -> dict[str, Any] | None:
    try:
        return kind.case(record, number)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BadInput(
            [*place.problems, Problem(place.file, number, f"is not a record of this dataset: {what}")]
        ) from error
