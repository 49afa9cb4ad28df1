"""Going on with a run: the plan without what the run has already."""

from __future__ import annotations

from dataclasses import replace

from harness import store
from harness.errors import WrongUse
from harness.pipeline import Prepared
from harness.spending import spent


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
    paid = spent(run, plan, prepared.max_output_of)
    return replace(prepared, plan=left, before=before, most_usd=most, spent_usd=paid)
