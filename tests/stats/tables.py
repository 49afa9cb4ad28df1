"""Builds small calls and scores tables, one trial a line."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Self

import pandas as pd

CALLS = {
    "run_id": "run-1", "attempt": 1, "suite": "smoke", "suite_hash": "s1", "cluster": None, "capability": "math", "repeat": 0,
    "phase": "measure", "provider": "a", "simulated": False, "replayed": False, "status": "ok", "response_id": None,
    "failure_kind": None, "failure_side": None, "ttft_s": 0.2, "latency_s": 1.0, "saturated": False, "prompt_tokens": 10,
    "completion_tokens": 5, "cost_usd": 0.001, "price_id": "p1",
}  # fmt: skip


class Table:
    """Collects trials; `frames()` gives (calls, scores)."""

    def __init__(self):
        self.calls, self.scores = [], []
        self.number = itertools.count()

    def trial(self, case, value=None, state=None, fails=(), **columns) -> Self:
        """One trial of `case`: a (kind, side) in `fails` for each failed attempt, then one that is ok unless `state` is failed."""
        n = next(self.number)
        state = state or ("unscored" if value is None else "scored")
        row = {**CALLS, "trial_id": f"t{n}", "case_id": case, "case_hash": f"h-{case}", **columns}
        row["started_at"] = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=n)
        for attempt, (kind, side) in enumerate(fails, 1):
            lost = {
                "status": "failed",
                "failure_kind": kind,
                "failure_side": side,
                "cost_usd": None,
                "error": f"it said {kind}",
            }
            self.calls.append({**row, **lost, "attempt": attempt})
        if state != "failed":
            self.calls.append({**row, "attempt": len(fails) + 1})
        self.score(row, value, state)
        return self

    def score(self, row, value, state, weight=1.0):
        names = ["run_id", "trial_id", "provider", "suite", "case_id", "case_hash", "cluster", "capability", "repeat"]
        self.scores.append(
            {
                **{n: row[n] for n in names},
                "scorer": "exact",
                "state": state,
                "value": value,
                "reason": "the reply is empty",
                "weight": weight,
            }
        )

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return pd.DataFrame(self.calls), pd.DataFrame(self.scores)
