"""Human labels: what people said of replies, from CSV, JSON lines or Parquet, with the line in every complaint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness import store
from harness.document import did_you_mean
from harness.errors import BadInput, Problem, WrongUse
from harness.load.records import records

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of a reply: `label`. The `verdict` of a judge may be there, or the `reply` itself with what was asked, or which reply of a run it is."""

    line: int
    label: str
    verdict: str | None = None
    case_id: str | None = None
    provider: str | None = None
    suite: str | None = None
    repeat: str | None = None
    prompt: str | None = None
    reply: str | None = None
    reference: str | None = None
    model: str | None = None


FIELDS = tuple(one.name for one in fields(Label) if one.name != "line")
"""What a label can tell; columns of other names are passed over."""


def read_labels(file: Path, columns: Mapping[str, str]) -> list[Label]:
    """The labels in a file; `columns` names the columns of fields that are called otherwise there.

    Raises:
        WrongUse: there is no such file, or no such field.
        BadInput: it cannot be read, lacks `label`, or a row has none; with file and line.
    """
    if not file.is_file():
        raise WrongUse(f"{file} is no file")
    for name in columns:
        if name not in FIELDS:
            raise WrongUse(f"labels have no field {name!r}; {did_you_mean(name, FIELDS)}")
    named = {field: columns.get(field, field) for field in FIELDS}
    found: list[Label] = []
    problems: list[Problem] = []
    for line, record in _rows(file):
        said = {field: _text(record.get(column)) for field, column in named.items()} if isinstance(record, dict) else {}
        if label := said.pop("label", None):
            found.append(Label(line, label, **said))
        else:
            hint = f"the column '{named['label']}' holds what a person said; --map label=COLUMN names another"
            problems.append(Problem(file, line, "has no label", hint))
    if problems or not found:
        raise BadInput(problems[:MOST_PROBLEMS] or [Problem(file, None, "has no labels")])
    return found


def _rows(file: Path) -> Iterator[tuple[int, Any]]:
    if file.suffix == ".parquet":
        names = store.column_names(file)
        for number, row in enumerate(store.rows_of(file, names), 1):
            yield number, dict(zip(names, row, strict=True))
    else:
        yield from records(file)


def _text(value: object) -> str | None:
    """A cell as text; what is missing is None."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    text = f"{value:g}" if isinstance(value, float) else str(value).strip()
    return text or None
