"""What a run has already of what a plan asks: for resuming it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.ask import Trial
from harness.store.runs import Run

NEVER_ASKED = frozenset({"cancelled", "budget_stop", "dropped"})
"""Kinds of failure that say nothing about the provider: such trials are asked again."""

_COLUMNS = (
    "trial_id", "attempt", "provider", "suite", "case_id", "repeat", "phase", "status", "failure_kind", "retryable",
)  # fmt: skip


_PLACE = ("provider", "suite", "case_id", "repeat")


@dataclass(frozen=True, slots=True)
class Remainder:
    """`done`: trials that need not be asked, of which `failed` have no answer. `stale`: trials of the run that the plan asks in other words now.

    `before` is how many attempts were made at trials that are to be asked again, by trial_id.
    """

    run: Run
    done: frozenset[str]
    failed: int
    stale: frozenset[str]
    before: Mapping[str, int]


def remainder(run: Run, trials: Iterable[Trial], *, retry_failed: bool = False) -> Remainder:
    """Which of the trials a run has answered, or has seen fail for good; with `retry_failed` only what it has answered is done.

    A trial's id is the content address of what is asked: with an edited prompt, model or parameter it is another trial, and the one that
    the run has in its place is stale. A success counts, whatever failed before or after it.

    Raises:
        StoreError: the run cannot be read.
    """
    rows: Any = run.calls(_COLUMNS)
    rows = rows[rows["phase"] == "measure"]
    answered = set(rows.loc[rows["status"] == "ok", "trial_id"].tolist())
    failed_rows = rows[rows["status"] != "ok"].drop_duplicates("trial_id", keep="last")
    last = {row.trial_id: row for row in failed_rows.itertuples(index=False) if row.trial_id not in answered}
    ends = rows.drop_duplicates("trial_id", keep="last")
    places = _places(zip(*(ends[name].tolist() for name in ("trial_id", *_PLACE)), strict=True))
    done: set[str] = set()
    stale: set[str] = set()
    before: dict[str, int] = {}
    failed = 0
    for trial in trials:
        ref = trial.ref
        trial_id = ref.trial_id
        known = places.get((ref.provider, ref.suite, ref.case_id, ref.repeat), trial_id)
        if known != trial_id:
            stale.update({known} if isinstance(known, str) else known - {trial_id})
        if trial_id in answered:
            done.add(trial_id)
            continue
        attempt = last.get(trial_id)
        if attempt is not None and not retry_failed and for_good(attempt, trial.provider.retries.max_retries):
            done.add(trial_id)
            failed += 1
        elif attempt is not None:
            before[trial_id] = int(attempt.attempt)
    return Remainder(run, frozenset(done), failed, frozenset(stale), before)


def _places(ends: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], str | set[str]]:
    """The trials that a run has in each place: mostly one, as its id, otherwise a set of them."""
    places: dict[tuple[Any, ...], str | set[str]] = {}
    for trial_id, *rest in ends:
        place = tuple(rest)
        there = places.setdefault(place, trial_id)
        if there != trial_id:
            places[place] = {trial_id, there} if isinstance(there, str) else there | {trial_id}
    return places


def for_good(last: Any, max_retries: int) -> bool:
    """Whether the last attempt at a trial was the last that would have been made."""
    return last.failure_kind not in NEVER_ASKED and not (last.retryable and last.attempt <= max_retries)
