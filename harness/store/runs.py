"""Runs that have ended: checked, and read as pandas frames or as outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import orjson
import pyarrow as pa

from harness.ask import Gate, JsonObject, Phase
from harness.errors import WrongUse
from harness.judged import Score
from harness.late import pd
from harness.store import parquet, scorings
from harness.store.columns import CALLS, OUTCOME_COLUMNS, SCORES, outcome, score_row
from harness.store.compaction import DAMAGED_FOLDER, SUPERSEDED_FOLDER, part_paths
from harness.store.durable import guarded
from harness.store.encoding import encode
from harness.store.evidence import Source, frames
from harness.store.info import RunInfo
from harness.store.lock import Lock
from harness.store.manifest import InFlight, Manifest, Part, Scoring, State
from harness.store.place import Place
from harness.store.publishing import fetch_parts, publish
from harness.store.searches import told_searches
from harness.told import Outcome, Truth

TRUTH_FILES = "truth*.jsonl"
NO_GATES: Mapping[str, Gate] = MappingProxyType({})
NAMED = 10
"""So many of the calls that were in flight are named in a note."""

_CALLS_REMEDY = "Restore it from a copy"
_SCORES_REMEDY = "`harness score {}` makes it anew, which costs nothing"


class Run:
    """A run that has ended, complete or interrupted. `open_run` and `load_run` make them.

    Files are checked against the manifest, every byte, when they are first read. Frames have the columns and types that
    `pandas.read_parquet` gives: numbers that may be unknown are floats, with NaN for unknown.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self._manifest = manifest
        self._checked: set[str] = set()

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.info.run_id

    @property
    def info(self) -> RunInfo:
        """What the run stands on."""
        return self._manifest.info

    @property
    def state(self) -> State:
        """Whether all that was planned was asked, or the run ended before."""
        return self._manifest.state

    @property
    def attempts(self) -> int:
        """How many attempts were recorded."""
        return self._manifest.rows

    @property
    def trials(self) -> int:
        """How many trials have an attempt recorded, without warm-ups."""
        return self._manifest.trials

    @property
    def damaged(self) -> int:
        """In how many places of its journals records could not be read."""
        return sum(self._manifest.damaged.values())

    @property
    def in_flight(self) -> tuple[InFlight, ...]:
        """The attempts that were going on when the run was killed: what they came to is not known, and they may have been paid for."""
        return self._manifest.in_flight

    @property
    def ended(self) -> tuple[str, ...]:
        """What kept trials from being asked, in sentences."""
        return self._manifest.ended

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must not miss about the record itself, in sentences."""
        said = [*self._manifest.ended]
        if source := self.info.imported:
            said.append(_imported(source))
        if self.damaged:
            said.append(
                f"The journal of this run was damaged in {self.damaged} places: their records are lost, the others are here; "
                f"what was damaged is kept: {', '.join(f'{DAMAGED_FOLDER}/{name}' for name in self._manifest.damaged)}."
            )
        if self._manifest.torn:
            said.append("The run was killed while a record was being written: that record is lost.")
        if self.in_flight:
            said.append(_possibly_paid(self.in_flight))
        if aside := sum(part.rows for part in self._manifest.superseded):
            said.append(
                f"{aside:,} attempts at cases that were edited since are kept aside in {SUPERSEDED_FOLDER}: they are in no figure."
            )
        return (*said, *told_searches(self.path))

    def calls(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """calls.parquet: one row for each attempt, in the order of recording.

        Raises:
            StoreError: it is missing or damaged, or there is no such column.
        """
        return _frame(self.calls_paths(), columns, CALLS)

    def superseded(self, columns: Sequence[str]) -> pd.DataFrame:
        """Of the attempts at cases that were edited since, these columns of calls.parquet. As `calls`."""
        return _frame(part_paths(self.path, self._manifest.superseded), columns, CALLS)

    def scores(self, columns: Sequence[str] | None = None, *, scoring: int | None = None) -> pd.DataFrame:
        """scores.parquet: one row for each trial and criterion; or what an earlier judging made of them, by its number.

        Raises:
            WrongUse: the run was not scored yet, or not as often.
            StoreError: the file is damaged, or there is no such column.
        """
        return _frame(self.scores_paths(scoring), columns, SCORES)

    def evidence(self, calls: Sequence[str], scores: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Calls and scores by column for what is decided over them: as `calls` and `scores`, but lean.

        Texts are categoricals with sorted categories, and `trial_id` is a number, the same in both frames. A column that the run is too old to have
        is left out.

        Raises:
            WrongUse: scores are asked for, and the run was not scored yet.
            StoreError: a file is missing or damaged.
        """
        paths = self.scores_paths() if scores else []
        first, second = frames(Source(self.calls_paths(), calls, CALLS), Source(paths, scores, SCORES))
        return first, second

    def outcomes(self, phase: Phase = "measure") -> Iterator[Outcome]:
        """What each trial of a phase came to: its deciding attempt, in the order of recording.

        A success decides over failures; among equals the one recorded later does.

        Raises:
            StoreError: calls.parquet is missing or damaged.
        """
        paths = self.calls_paths()
        deciding = _deciding(self.calls(["trial_id", "phase", "status"]), phase)
        start = 0
        for batch in parquet.batches(paths, OUTCOME_COLUMNS):
            mine = batch.filter(deciding[start : start + batch.num_rows])
            start += batch.num_rows
            columns = [mine.column(name).to_pylist() for name in OUTCOME_COLUMNS]
            yield from map(outcome, zip(*columns, strict=True))

    def questions(self, trial_ids: Collection[str]) -> dict[str, JsonObject]:
        """What was asked in these trials: messages, tools, tool_choice, response_format, as a prompt's `as_json` says them. Raises StoreError."""
        rows = self.calls(["trial_id", "messages_json"])
        rows = rows[rows["trial_id"].isin(trial_ids)].drop_duplicates("trial_id")
        return {trial: orjson.loads(said) for trial, said in zip(rows["trial_id"], rows["messages_json"], strict=True)}

    def write_scores(self, scores: Iterable[Score], gates: Mapping[str, Gate] = NO_GATES) -> int:
        """Write one more judging, which is in force from now on, and return its number; earlier ones stay as they are. `gates`: what it is held against, by suite.

        Raises:
            WrongUse: the run was imported: its scores are what its source tells.
            StoreError: it cannot be written, or the run goes on; nothing but scores is lost, and they can be made anew.
        """
        if self.info.imported:
            raise WrongUse(f"{self.run_id} was imported with its scores: nothing of ours could judge it again")
        calls = self.calls(["trial_id", "simulated"])
        every = bool(calls["simulated"].all())  # as a rule it is all or none
        some = frozenset() if every else frozenset(calls.loc[calls["simulated"], "trial_id"])
        rows = (encode(score_row(one, self.run_id, simulated=every or one.ref.trial_id in some)) for one in scores)
        part = scorings.write(self.path, rows)
        with Lock(self.path):
            self._manifest = scorings.put_in_force(self.path, Manifest.load(self.path), part, gates)
            self._checked.discard(part.file)
            publish(self.path)
        return self.scoring_in_force or 0

    @property
    def scorings(self) -> tuple[Scoring, ...]:
        """Every judging of the run, oldest first; their numbers count from 1."""
        return self._manifest.scorings

    @property
    def scoring_in_force(self) -> int | None:
        """The number of the judging that `scores` reads; None where the run was not judged."""
        numbers = [number for number, one in enumerate(self.scorings, 1) if one.part == self._manifest.scores]
        return numbers[0] if numbers else None

    @property
    def gates(self) -> Mapping[str, Gate]:
        """What the judging in force is held against, by suite: the gates of the suites that it was made by."""
        return self.scorings[self.scoring_in_force - 1].gates if self.scoring_in_force else NO_GATES

    @property
    def place(self) -> Place:
        """Where it lies: a folder, or an object store that `path` is the copy of."""
        return Place.holding(self.path)

    def truths(self) -> list[Truth]:
        """What the simulated fleet knows of the requests that it answered; empty for a run without one.

        Raises:
            StoreError: truth.jsonl cannot be read.
        """
        return [truth for path in sorted(self.path.glob(TRUTH_FILES)) for truth in _truths(path)]

    @property
    def scored(self) -> bool:
        """Whether there are scores."""
        return self._manifest.scores is not None

    def calls_paths(self) -> list[Path]:
        """The files of calls.parquet, held against the manifest. Raises StoreError."""
        for part in self._manifest.calls:
            self._check(part.file, _CALLS_REMEDY)
        return part_paths(self.path, self._manifest.calls)

    def scores_paths(self, scoring: int | None = None) -> list[Path]:
        """The file of a judging, held against the manifest; None: of the one in force. Raises WrongUse where there is none, and StoreError."""
        part = self._manifest.scores if scoring is None else self._numbered(scoring)
        if part is None:
            raise WrongUse(
                f"{self.path} has no scores yet: `harness score {self.run_id}` makes them, which costs nothing"
            )
        in_force = part == self._manifest.scores
        self._check(part.file, _SCORES_REMEDY.format(self.run_id) if in_force else _CALLS_REMEDY)
        return [self.path / part.file]

    def _numbered(self, scoring: int) -> Part:
        if not 1 <= scoring <= len(self.scorings):
            raise WrongUse(
                f"{self.run_id} has no judging {scoring}: there are {len(self.scorings)}, counted from 1 (`harness score {self.run_id} --list`)"
            )
        return self.scorings[scoring - 1].part

    def _check(self, file: str, remedy: str) -> None:
        for part in self._manifest.parts:
            if part.file == file and file not in self._checked:
                fetch_parts(self.path, [part])
                parquet.check(self.path, part, remedy)
                self._checked.add(file)


def _truths(path: Path) -> list[Truth]:
    with guarded(
        path, "is not a record of the simulated fleet", "Without it the run can be reported, but not calibrated"
    ):
        lines = path.read_bytes().split(b"\n")
        return [
            Truth.from_json(orjson.loads(line)) for line in lines[:-1]
        ]  # behind the last line end: nothing, or a torn line


def _imported(source: JsonObject) -> str:
    """Where an imported run is from, and how much of it could not be read."""
    text = (
        f"Imported from {source['file']} ({source['format']}, sha256 {source['sha256'][:12]}): scores, costs and times are "
        "as they are told there, and nothing of it was asked or judged by us."
    )
    if source["unread"]:
        text += f" {source['unread']:,} rows could not be read; unread.txt names them."
    if source.get("left"):
        text += f" Not taken: {', '.join(source['left'])}."
    return text


def _possibly_paid(calls: Sequence[InFlight]) -> str:
    """How many calls were in flight, the most that they can have cost, and which they were."""
    known = [one.most_usd for one in calls if one.most_usd is not None]
    most = f"at most ${sum(known):.6f}" if len(known) == len(calls) else "their price is unknown"
    if known and len(known) < len(calls):
        most = f"at most ${sum(known):.6f} for {len(known)} of them, the others' price is unknown"
    names = [f"{one.suite}::{one.case_id} to {one.provider}" for one in calls[:NAMED]]
    named = ", ".join(names) + (", …" if len(calls) > NAMED else "")
    who = "the run" if all(one.journal.startswith("0-") for one in calls) else "the run, or a worker of it,"
    return f"{len(calls):,} calls were in flight when {who} was killed and are possibly paid for ({most}): {named}."


def _frame(paths: Sequence[Path], columns: Sequence[str] | None, schema: pa.Schema) -> pd.DataFrame:
    frame: pd.DataFrame = parquet.read(paths, columns, schema).to_pandas()
    return frame


def _deciding(rows: pd.DataFrame, phase: Phase) -> np.ndarray:
    """Which rows decide their trial, as booleans: of each trial's rows the last of the successes, or else the last."""
    asked = rows[rows["phase"] == phase]
    ranked = asked.assign(ok=asked["status"] == "ok").sort_values("ok", kind="stable")
    chosen = ranked.drop_duplicates("trial_id", keep="last").index
    deciding = np.zeros(len(rows), dtype=bool)
    deciding[chosen] = True
    return deciding
