"""Going on with a run: the plan without what the run has already."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pandas as pd

from harness import engine, store
from harness.ask import Provider
from harness.errors import WrongUse
from harness.pipeline import Prepared
from harness.told import SIDES

_MONEY = ("trial_id", "provider", "replayed", "cost_usd", "failure_kind", "http_status")


def going_on(prepared: Prepared, run: store.Run, *, retry_failed: bool = False) -> Prepared:
    """The same, without what a run has already: to be recorded into that run.

    Raises:
        WrongUse: the run was imported.
        StoreError: the run cannot be read.
    """
    if run.info.imported:
        raise WrongUse(f"{run.run_id} was imported: it cannot be resumed, since nothing of it was asked by us")
    plan = prepared.plan
    trials = (trial for provider in plan.providers for trial in plan.trials(provider))
    before = store.remainder(run, trials, retry_failed=retry_failed)
    left = replace(plan, done=before.done)
    most = left.most_it_can_cost(prepared.max_output_of)
    return replace(prepared, plan=left, before=before, most_usd=most, spent_usd=_spent(prepared, run))


def _spent(prepared: Prepared, run: store.Run) -> float:
    """What a run has cost so far in USD, as a budget counts it: an attempt whose cost nobody told counts as the most that it can have cost."""
    rows = pd.concat([run.calls(_MONEY), run.superseded(_MONEY)])
    rows = rows[~rows["replayed"]]
    known = float(rows["cost_usd"].sum())
    unknown = Counter[tuple[str, str]]()
    for row in rows[rows["cost_usd"].isna()].to_dict("records"):
        kind = row["failure_kind"]
        status = None if pd.isna(row["http_status"]) else int(row["http_status"])
        if not isinstance(kind, str) or not engine.surely_free(kind, SIDES[kind], status):
            unknown[row["provider"], row["trial_id"]] += 1
    most = sum(_most(prepared, one, unknown) for one in prepared.plan.providers)
    return known + most + sum(one.most_usd or 0.0 for one in run.in_flight)


def _most(prepared: Prepared, provider: Provider, unknown: Counter[tuple[str, str]]) -> float:
    """The most that these attempts at a provider's trials can have cost; those that the plan does not have any more as much as its dearest."""
    mine = {trial_id: times for (name, trial_id), times in unknown.items() if name == provider.name}
    if not mine:
        return 0.0
    limit, total, dearest = prepared.max_output_of(provider), 0.0, 0.0
    for trial in prepared.plan.trials(provider):
        usd = engine.most(trial, limit) or 0.0
        dearest = max(dearest, usd)
        total += usd * mine.pop(trial.ref.trial_id, 0)
    return total + dearest * sum(mine.values())
