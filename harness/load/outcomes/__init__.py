"""Outcomes that others recorded, a family of formats: tables in the long form, logs of inspect_ai and of lm-eval.

`outcomes(file, wishes)` reads any of them, row by row, with file and line in every complaint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from harness.errors import Problem, WrongUse
from harness.load.outcomes import inspect_log, lm_eval, tables
from harness.load.outcomes.contract import FIELDS, REQUIRED, Open, Source, Wishes
from harness.store import Brought

FORMATS: Mapping[str, Open] = MappingProxyType(
    {
        "csv": tables.open_csv,
        "jsonl": tables.open_jsonl,
        "parquet": tables.open_parquet,
        "inspect-eval": inspect_log.open_eval,
        "inspect-json": inspect_log.open_json,
        "lm-eval": lm_eval.open_samples,
    }
)
"""Each format and how it is opened."""

_ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".eval": "inspect-eval",
    ".json": "inspect-json",
}  # fmt: skip


def outcomes(file: Path, wishes: Wishes, kind: str | None = None) -> Source:
    """Open a file of outcomes; `kind` is one of `FORMATS`, None tells it by the name.

    Raises:
        WrongUse: there is no such file, or its format cannot be told.
        BadInput: it is not of this format, or lacks a column; with what it has.
    """
    if not file.is_file():
        raise WrongUse(f"{file} is no file" + ("; name the files in it" if file.is_dir() else ""))
    unknown = [name for name in (*wishes.columns, *wishes.values) if name not in FIELDS]
    if unknown:
        raise WrongUse(f"there is no field {unknown[0]!r}; there are {', '.join(FIELDS)}")
    return FORMATS[kind or _kind(file)](file, wishes)


def _kind(file: Path) -> str:
    if lm_eval.SAMPLES.search(file.name):
        return "lm-eval"
    ending = Path(file.name.removesuffix(".gz")).suffix.lower()
    if ending not in _ENDINGS:
        raise WrongUse(f"{file}: its format cannot be told by its name; --format says it: {', '.join(FORMATS)}")
    return _ENDINGS[ending]


def rows(sources: list[Source]) -> Iterator[Brought | Problem]:
    """The sources' rows one after the other; what cannot be read, and each repetition of a trial, as complaints with file and line."""
    seen: set[int] = set()
    for source in sources:
        for line, row in source.lines:
            if isinstance(row, str):
                yield Problem(source.file, line, row)
                continue
            key = hash((row.suite, row.case_id, row.capability, row.provider, row.repeat))
            if key in seen:
                what = f"case {row.case_id!r} of {row.capability} was told for {row.provider} before"
                yield Problem(source.file, line, what, "a column `repeat` tells repeats apart")
                continue
            seen.add(key)
            yield row


__all__ = ["FIELDS", "FORMATS", "REQUIRED", "Source", "Wishes", "outcomes", "rows"]
