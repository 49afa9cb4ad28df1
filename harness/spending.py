"""What a run has cost so far, as a budget counts it."""

from __future__ import annotations

from collections import Counter

from harness import engine, store
from harness.ask import Provider
from harness.late import pd
from harness.told import SIDES

_MONEY = ("trial_id", "provider", "replayed", "cost_usd", "failure_kind", "http_status")


def spent(run: store.Run, plan: engine.Plan, max_output_of: engine.MaxOutput) -> float:
    """What a run has cost so far in USD: an attempt whose cost nobody told counts as the most that it can have cost."""
    rows = pd.concat([run.calls(_MONEY), run.superseded(_MONEY)])
    rows = rows[~rows["replayed"]]
    known = float(rows["cost_usd"].sum())
    unknown = Counter[tuple[str, str]]()
    for row in rows[rows["cost_usd"].isna()].to_dict("records"):
        kind = row["failure_kind"]
        status = None if pd.isna(row["http_status"]) else int(row["http_status"])
        if not isinstance(kind, str) or not engine.surely_free(kind, SIDES[kind], status):
            unknown[row["provider"], row["trial_id"]] += 1
    most = sum(_most(plan, one, max_output_of(one), unknown) for one in plan.providers)
    return known + most + sum(one.most_usd or 0.0 for one in run.in_flight)


def _most(plan: engine.Plan, provider: Provider, limit: int | None, unknown: Counter[tuple[str, str]]) -> float:
    """The most that these attempts at a provider's trials can have cost; those that the plan does not have any more as much as its dearest."""
    mine = {trial_id: times for (name, trial_id), times in unknown.items() if name == provider.name}
    if not mine:
        return 0.0
    total, dearest = 0.0, 0.0
    for trial in plan.trials(provider):
        usd = engine.most(trial, limit) or 0.0
        dearest = max(dearest, usd)
        total += usd * mine.pop(trial.ref.trial_id, 0)
    return total + dearest * sum(mine.values())
