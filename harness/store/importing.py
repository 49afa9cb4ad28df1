"""Outcomes that were recorded elsewhere, as a run: facts and scores, each marked as imported, and null for what the source does not tell."""

from __future__ import annotations

import gc
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from harness.errors import NothingSelected, Problem
from harness.judged import ScoreState
from harness.store import parquet
from harness.store.columns import CALLS, SCORES
from harness.store.compaction import CALLS_FOLDER
from harness.store.durable import guarded
from harness.store.info import RunInfo
from harness.store.lock import Lock
from harness.store.manifest import Manifest, Scoring
from harness.store.place import Place
from harness.store.publishing import SCORES_FOLDER, send
from harness.store.runs import Run
from harness.store.scorings import scores_folder, show

IMPORTED = "imported"
"""Stands as `wire`, `timing_source` and `price_id` of rows that were not asked by us."""

UNREAD_FILE, UNREAD_NAMED = "unread.txt", 20
_CHUNK_ROWS = 8192


class Brought(NamedTuple):
    """One outcome as its source tells it. None is what it does not tell.

    `value` is from 0 to 1. `others` are further scores of the same answer, (scorer, value), which are kept with weight 0. With an `error` there was no answer.
    `cost_usd` in USD, `latency_s` in seconds, `question` and `text` as they were sent and came back.
    """

    case_id: str
    capability: str
    provider: str
    suite: str
    value: float | None
    repeat: int = 0
    cluster: str | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    started_at: datetime | None = None
    question: str | None = None
    text: str | None = None
    error: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str | None = None
    scorer: str = IMPORTED
    reason: str | None = None
    extracted: str | None = None
    others: tuple[tuple[str, float], ...] = ()


def import_rows(reports: Place | Path | str, info: RunInfo, rows: Iterable[Brought | Problem]) -> Run:
    """Write the outcomes as a run that is complete; complaints among them are counted, and written to `unread.txt` beside it.

    Memory is bounded but for a number for each different case. What reading the rows raises passes through, and no run is left.

    Raises:
        NothingSelected: there is no outcome at all.
        StoreError: the run cannot be written.
    """
    place = Place.of(reports).made()
    folder = place.folder / "runs" / info.run_id
    with guarded(folder, "cannot be made"):
        (folder / CALLS_FOLDER).mkdir(parents=True)
    collects = gc.isenabled()
    gc.disable()  # rows make no circles, and looking for them takes a good part of the time
    try:
        with Lock(folder):
            manifest = _write(folder, info, rows)
            manifest.save(folder)
            show(folder, manifest)
            send(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if collects:
            gc.enable()
    return Run(folder, manifest)


def _write(folder: Path, info: RunInfo, rows: Iterable[Brought | Problem]) -> Manifest:
    seen = _Seen(folder / UNREAD_FILE, info.run_id)
    with ExitStack() as stack:
        calls = parquet.FileWriter(folder / CALLS_FOLDER / "0001", CALLS)
        stack.callback(calls.discard)
        scores = parquet.FileWriter(scores_folder(folder) / "rows", SCORES)
        stack.callback(scores.discard)
        stack.callback(seen.close)
        for chunk in _chunks(seen.read(rows)):
            with guarded(folder, "cannot be written"):
                ids = [seen.ids(one) for one in chunk]
                calls.add_table(_calls(chunk, ids, info))
                scores.add_table(_scores(chunk, ids, info))
        if not seen.rows:
            raise NothingSelected(f"nothing to import: {seen.told()}")
        part = calls.finish(lambda sha256: folder / CALLS_FOLDER / f"0001-{sha256[:12]}.parquet")
        part = replace(part, file=f"{CALLS_FOLDER}/{part.file}")
        scored = scores.finish(lambda sha256: folder / SCORES_FOLDER / f"{sha256[:12]}.parquet")
        scored = replace(scored, file=f"{SCORES_FOLDER}/{scored.file}")
    imported = {**info.imported, "rows": seen.rows, "unread": seen.unread, "unread_first": seen.first}
    info = replace(
        info, planned=seen.rows, imported=imported, suites={name: _source(info) for name in seen.cases},
        suite_cases={name: len(cases) for name, cases in seen.cases.items()},
        providers={name: {"model": name, "simulated": None} for name in sorted(seen.providers)},
    )  # fmt: skip
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    scorings = (Scoring(scored, made_at),)
    return Manifest("complete", info, trials=seen.rows, calls=(part,), scores=scored, scorings=scorings)


class _Seen:
    """What passed by: how many rows, which cases and providers, and what could not be read."""

    def __init__(self, unread_file: Path, run_id: str) -> None:
        self.rows = self.unread = 0
        self.first: list[str] = []
        self.cases: dict[str, set[str]] = {}
        self.providers: set[str] = set()
        self._path, self._run_id = unread_file, run_id
        self._file: Any = None
        self._last: tuple[tuple[Any, ...], str] = ((), "")

    def read(self, rows: Iterable[Brought | Problem]) -> Iterator[Brought]:
        for one in rows:
            if isinstance(one, Problem):
                self._complain(str(one))
            else:
                self.rows += 1
                self.providers.add(one.provider)
                yield one

    def ids(self, one: Brought) -> tuple[str, str]:
        """The content addresses of the row's case and of its trial."""
        what = (one.case_id, one.capability, one.question)
        if what != self._last[0]:
            self._last = (what, _address(what))
        case = self._last[1]
        self.cases.setdefault(one.suite, set()).add(case)
        return case, _address((one.suite, one.case_id, case, one.provider, one.repeat, IMPORTED))

    def _complain(self, said: str) -> None:
        self.unread += 1
        if len(self.first) < UNREAD_NAMED:
            self.first.append(said)
        with guarded(self._path, "cannot be written"):
            self._file = self._file or self._path.open("w", encoding="utf-8", errors="backslashreplace")
            self._file.write(f"{said}\n")

    def told(self) -> str:
        return "\n".join(
            ["there is no row" if not self.unread else f"none of {self.unread:,} rows can be read", *self.first]
        )

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _source(info: RunInfo) -> str:
    """What stands for the suite's content: the start of the file's address."""
    return str(info.imported["sha256"])[:16]


def _address(what: Sequence[Any]) -> str:
    return hashlib.sha256(orjson.dumps(what)).hexdigest()[:16]


def _chunks(rows: Iterator[Brought]) -> Iterator[list[Brought]]:
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        yield chunk


def _calls(rows: Sequence[Brought], ids: Sequence[tuple[str, str]], info: RunInfo) -> pa.Table:
    told = _by_field(rows)
    cases, trials = zip(*ids, strict=True)
    columns: dict[str, Any] = {
        "trial_id": trials, "call_key": trials, "suite": told["suite"], "case_id": told["case_id"], "case_hash": cases,
        "cluster": told["cluster"], "capability": told["capability"], "repeat": told["repeat"], "provider": told["provider"],
        "model_requested": told["provider"], "model_served": told["model"], "started_at": told["started_at"],
        "messages_json": [_question(one) for one in told["question"]], "latency_s": told["latency_s"],
        "status": ["ok" if one is None else "failed" for one in told["error"]], "text": told["text"], "error": told["error"],
        "failure_kind": [None if one is None else "client_error" for one in told["error"]],
        "failure_side": [None if one is None else "harness" for one in told["error"]],
        "prompt_tokens": told["prompt_tokens"], "completion_tokens": told["completion_tokens"],
        "token_source": ["none" if one is None else "usage" for one in told["completion_tokens"]],
        "cost_usd": told["cost_usd"], "cost_status": ["unknown" if one is None else "estimated" for one in told["cost_usd"]],
        "price_id": [None if one is None else IMPORTED for one in told["cost_usd"]],
        "metadata": [[*info.metadata.items()]] * len(rows),
    }  # fmt: skip
    alike = {
        "run_id": info.run_id, "attempt": 1, "suite_hash": _source(info), "phase": "measure", "wire": IMPORTED,
        "simulated": False, "replayed": False, "saturated": False, "timing_source": IMPORTED, "worker": "import",
        "harness_version": info.harness_version,
    }  # fmt: skip
    return _table(CALLS, columns, alike, len(rows))


def _scores(rows: Sequence[Brought], ids: Sequence[tuple[str, str]], info: RunInfo) -> pa.Table:
    lines = [
        (one, case, trial, scorer, value, weight)
        for one, (case, trial) in zip(rows, ids, strict=True)
        for scorer, value, weight in ((one.scorer, one.value, 1.0), *((name, more, 0.0) for name, more in one.others))
    ]
    own = [line[0] for line in lines]
    told = _by_field(own)
    _, cases, trials, scorers, values, weights = zip(*lines, strict=True)
    columns: dict[str, Any] = {
        "trial_id": trials, "provider": told["provider"], "suite": told["suite"], "case_id": told["case_id"], "case_hash": cases,
        "cluster": told["cluster"], "capability": told["capability"], "repeat": told["repeat"], "scorer": scorers,
        "state": [_state(one, value) for one, value in zip(own, values, strict=True)], "value": values,
        "extracted": told["extracted"], "reason": told["reason"], "weight": weights,
    }  # fmt: skip
    alike = {"run_id": info.run_id, "suite_hash": _source(info), "scorer_version": IMPORTED, "simulated": False}
    return _table(SCORES, columns, alike, len(lines))


def _by_field(rows: Sequence[Brought]) -> dict[str, tuple[Any, ...]]:
    return dict(zip(Brought._fields, zip(*rows, strict=True), strict=True))


def _state(one: Brought, value: float | None) -> ScoreState:
    if one.error is not None:
        return "failed"
    return "unscored" if value is None else "scored"


def _question(text: str | None) -> str | None:
    return None if text is None else orjson.dumps({"messages": [{"role": "user", "content": text}]}).decode()


def _table(schema: pa.Schema, columns: dict[str, Any], alike: dict[str, Any], rows: int) -> pa.Table:
    def column(field: pa.Field) -> pa.Array:
        if field.name in columns:
            return pa.array(columns[field.name], field.type)
        if field.name in alike:
            return pa.repeat(pa.scalar(alike[field.name], field.type), rows)
        return pa.nulls(rows, field.type)

    return pa.Table.from_arrays([column(field) for field in schema], schema=schema)
