"""What a run's process and its workers agree on: a worker's job, how it is given, and what becomes of what a killed one has recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import engine, store
from harness.settings import Places, Selection, Terms
from harness.told import SIDES, Tally

PRELOAD = "litellm"
"""What a worker is told that will need litellm: it loads it while it waits for its job."""


def command(*, preload: bool) -> tuple[str, ...]:
    """What starts a worker, with the number of its end of the pipe behind it."""
    return (sys.executable, "-m", "harness.worker", *([PRELOAD] if preload else []))


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is told first, pickled. No key is in it: the worker reads the registry and the environment itself, and the suites too.

    `names` are the providers that it asks, `addresses` where those of them are served that the run's process serves, `basis` what registry and suites must still
    be. `folder` and `info` are the run's; of the plan, trials that are `done` are not asked, and others had so many attempts `before`.
    """

    places: Places
    selection: Selection
    terms: Terms
    basis: Mapping[str, str]
    addresses: Mapping[str, str]
    warm_up: bool
    folder: Path
    info: store.RunInfo
    anchor: engine.Anchor
    done: frozenset[str] = frozenset()
    before: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    worker: str = ""


def basis(registry_hash: str, suites: Mapping[str, str]) -> dict[str, str]:
    """The content addresses of what trials are made of: of the registry, and of the suites by name."""
    return {"the registry": registry_hash, **{f"suite {name}": address for name, address in suites.items()}}


def work(job: Job, shares: Iterable[engine.Share], planned: int) -> engine.Work:
    """The work of all workers; `job` is what is the same for each."""
    known_parts = store.part_names(job.folder)

    def own(worker: str, share: engine.Share, so_far: engine.Remains) -> Job:
        return replace(
            job,
            worker=worker,
            names=tuple(one.name for one in share),
            done=job.done | so_far.done,
            before={**job.before, **so_far.before},
        )

    def remains(worker: str, share: engine.Share) -> engine.Remains:
        left = store.left_behind(job.folder, worker, known_parts)
        return _remains(left, {one.name: one.retries.max_retries for one in share})

    return engine.Work(tuple(shares), planned, own, remains)


def _remains(left: store.LeftBehind, max_retries: Mapping[str, int]) -> engine.Remains:
    done = left.done(max_retries)
    answered = {row.trial_id for row in left.rows if row.phase == "measure" and row.status == "ok"}
    paid = [row for row in left.rows if not row.replayed]
    return engine.Remains(
        tally=Tally(
            planned=0,
            done=len(done),
            failed=len(done - answered),
            attempts=len(left.rows),
            spend_usd=sum(row.cost_usd or 0.0 for row in paid),
            unpriced=sum(row.status == "ok" and row.cost_usd is None for row in paid),
        ),
        done=done,
        before={trial_id: number for trial_id, number in left.attempts.items() if trial_id not in done},
        in_flight=len(left.in_flight),
        at_most_usd=sum(map(_at_most, paid)) + sum(usd or 0.0 for usd in left.in_flight),
    )


def _at_most(row: store.Row) -> float:
    """What a budget counts for an attempt, in USD: one whose cost nobody told, the most that it can have cost."""
    if row.cost_usd is not None:
        return float(row.cost_usd)
    kind = row.failure_kind
    free = kind is not None and engine.surely_free(kind, SIDES[kind], row.http_status)
    return 0.0 if free else row.most_usd or 0.0
