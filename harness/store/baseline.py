"""reports/baseline: the run that others are held against, small enough for git: its case outcomes, where they are from, no texts unless asked.

    baseline.json   which run, when, by which versions, prices and suites; the conditions that rows refer to by number
    cases.csv       a line for each case: suite, id, content address, capability, cluster
    outcomes.csv    a line for each provider and case: figures with six digits, how it failed
    texts.jsonl     only if asked: prompt, reply and what the scorers said

Lines are sorted, so that a new baseline is a readable diff.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from harness.errors import StoreError, WrongUse
from harness.late import pd
from harness.store import durable
from harness.store.durable import guarded

ABOUT, CASES, OUTCOMES, TEXTS = "baseline.json", "cases.csv", "outcomes.csv", "texts.jsonl"
VERSION = 1

_CASE = ["suite", "case_id", "case_hash", "capability", "cluster"]
_TEXT_COLUMNS = ["provider", "suite", "capability", "case_hash", "prompt", "reply", "reason"]
_REMEDY = "`harness bless RUN` writes it anew"


@dataclass(frozen=True)
class Layout:
    """Which columns of the outcomes are numbers, flags, and conditions that many rows share."""

    figures: Sequence[str]
    flags: Sequence[str]
    conditions: Sequence[str]


@dataclass(frozen=True)
class Baseline:
    """What was blessed: `about` is its provenance, `outcomes` the table as it was given, `texts` what was said (empty: not kept)."""

    about: Mapping[str, Any]
    outcomes: pd.DataFrame
    texts: pd.DataFrame
    bytes: int

    @property
    def run_id(self) -> str:
        """The run that was blessed."""
        return str(self.about["run_id"])

    @property
    def created(self) -> datetime:
        """When that run began."""
        return datetime.fromisoformat(self.about["created"])


def save_baseline(
    folder: Path, about: Mapping[str, Any], outcomes: pd.DataFrame, layout: Layout, texts: pd.DataFrame | None = None
) -> int:
    """Write the baseline in place of the one before; returns its size in bytes.

    Raises:
        StoreError: it cannot be written.
    """
    outcomes = outcomes.sort_values(["provider", "suite", "case_id"], kind="stable")
    alone = outcomes["cluster"] == "case:" + outcomes["case_hash"]
    outcomes = outcomes.assign(cluster=outcomes["cluster"].where(~alone, ""))
    conditions = outcomes[[*layout.conditions]].astype(object).where(outcomes[[*layout.conditions]].notna(), None)
    keys = list(conditions.itertuples(index=False, name=None))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    rows = zip(outcomes.to_dict("records"), keys, strict=True)
    head = ["provider", "suite", "case_id", *layout.figures, "failure", "flags", "conditions"]
    simulated = outcomes.groupby("provider")["simulated"].any()
    told = {
        **about,
        "version": VERSION,
        "simulated": sorted(str(name) for name, flag in simulated.items() if flag),
        "conditions": [dict(zip(layout.conditions, key, strict=True)) for key in numbers],
    }
    files = {
        CASES: _csv(_CASE, sorted({tuple(_cell(row[name]) for name in _CASE) for row in outcomes.to_dict("records")})),
        OUTCOMES: _csv(head, (_line(row, layout, numbers[key]) for row, key in rows)),
        ABOUT: orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
    }
    if texts is not None:
        lines = texts[_TEXT_COLUMNS].astype(object).where(texts[_TEXT_COLUMNS].notna(), None).to_dict("records")
        files[TEXTS] = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
    with guarded(folder, "cannot be written"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ABOUT).unlink(missing_ok=True)  # last written: without it the others are no baseline
        (folder / TEXTS).unlink(missing_ok=True)
        for name in sorted(files, key=lambda name: name == ABOUT):
            durable.write(folder / name, files[name])
    return sum(map(len, files.values()))


def has_baseline(folder: Path) -> bool:
    """Whether the folder holds a baseline."""
    return (folder / ABOUT).is_file()


def load_baseline(folder: Path, layout: Layout) -> Baseline:
    """Read the baseline.

    Raises:
        WrongUse: there is none.
        StoreError: it is damaged, or of a newer harness.
    """
    if not has_baseline(folder):
        raise WrongUse(f"{folder} holds no baseline yet: `harness bless RUN` makes one of a run")
    with guarded(folder, "is not a baseline", _REMEDY):
        about = orjson.loads((folder / ABOUT).read_bytes())
        if about["version"] > VERSION:
            raise StoreError(f"{folder} was blessed by a newer llm-harness ({about['harness_version']}): upgrade to read it")  # fmt: skip
        cases = pd.DataFrame(_rows(folder / CASES)).replace({"": None})
        own = "case:" + cases["case_hash"]  # as the table names the cluster of a case that is its own
        cases["cluster"] = cases["cluster"].where(cases["cluster"].notna(), own)
        rows = pd.DataFrame(_rows(folder / OUTCOMES))
        rows["failure"] = rows["failure"].where(rows["failure"] != "", None)
        conditions = pd.DataFrame(about["conditions"], columns=[*layout.conditions], dtype=object)
        shared = conditions.iloc[rows.pop("conditions").astype(int)].reset_index(drop=True)
        flags = rows.pop("flags")
        for name in layout.flags:
            rows[name] = flags.str.contains(name[0], regex=False) if name != "simulated" else rows["provider"].isin(about["simulated"])  # fmt: skip
        for name in layout.figures:
            rows[name] = pd.to_numeric(rows[name])
        table = pd.concat([rows, shared], axis=1).merge(cases, on=["suite", "case_id"], how="left", validate="m:1")
        if table["case_hash"].isna().any():
            raise ValueError(f"{OUTCOMES} has cases that {CASES} has not")
        texts = [orjson.loads(line) for line in (folder / TEXTS).read_bytes().splitlines()] if (folder / TEXTS).exists() else []  # fmt: skip
        size = sum(path.stat().st_size for name in (ABOUT, CASES, OUTCOMES, TEXTS) if (path := folder / name).exists())
    return Baseline(about, table, pd.DataFrame(texts, columns=_TEXT_COLUMNS), size)


def _line(row: Mapping[Any, Any], layout: Layout, conditions: int) -> list[str]:
    figures = ["" if pd.isna(row[name]) else f"{row[name]:.6g}" for name in layout.figures]
    flags = "".join(name[0] for name in layout.flags if name != "simulated" and row[name])
    place = [_cell(row[name]) for name in ("provider", "suite", "case_id")]
    return [*place, *figures, _cell(row["failure"]), flags, str(conditions)]


def _cell(value: object) -> str:
    return value if isinstance(value, str) else ""


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode()


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
