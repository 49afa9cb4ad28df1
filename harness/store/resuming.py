"""What a run has already of what a plan asks: for resuming it."""

from __future__ import annotations

from collections import defaultdict
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
    answered = set(rows.loc[rows["status"] == "ok", "trial_id"])
    ends = rows.drop_duplicates("trial_id", keep="last")
    unanswered = ends[~ends["trial_id"].isin(answered)]
    last = {row.trial_id: row for row in unanswered.itertuples(index=False)}
    places: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for trial_id, *place in zip(*(ends[name].tolist() for name in ("trial_id", *_PLACE)), strict=True):
        places[tuple(place)].add(trial_id)
    done: set[str] = set()
    stale: set[str] = set()
    before: dict[str, int] = {}
    failed = 0
    for trial in trials:
        ref = trial.ref
        known = places.get((ref.provider, ref.suite, ref.case_id, ref.repeat))
        if known and known != {ref.trial_id}:
            stale |= known - {ref.trial_id}
        attempt = last.get(ref.trial_id)
        if ref.trial_id in answered:
            done.add(ref.trial_id)
        elif attempt is not None and not retry_failed and for_good(attempt, trial.provider.retries.max_retries):
            done.add(ref.trial_id)
            failed += 1
        elif attempt is not None:
            before[ref.trial_id] = int(attempt.attempt)
    return Remainder(run, frozenset(done), failed, frozenset(stale), before)


def for_good(last: Any, max_retries: int) -> bool:
    """Whether the last attempt at a trial was the last that would have been made."""
    return last.failure_kind not in NEVER_ASKED and not (last.retryable and last.attempt <= max_retries)
