"""What asking again shows: pass@k, pass^k and the majority of the repeats, for each provider and capability."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from harness.judged import ALL, Repeats
from harness.standing.columns import SCORES
from harness.standing.standings import quality_of
from harness.stats import KEY, pass_at_k, pass_hat_k, trials_of

REPEATED = (*SCORES, "scorer", "extracted")
"""Columns of scores for this: the majority needs what was read in each reply."""


def repeated(calls: pd.DataFrame) -> bool:
    """Whether a provider was asked a case more than once."""
    asked = calls.loc[calls["phase"] == "measure", ["provider", "suite", "case_hash", "trial_id"]].drop_duplicates()
    return bool(asked.duplicated(["provider", "suite", "case_hash"]).any())


def repeats(calls: pd.DataFrame, scores: pd.DataFrame) -> list[Repeats]:
    """One for each provider and capability with a case that was scored more than once, then one for `ALL`; empty where there is none.

    `calls` and `scores` as for `standings`, with `scorer` and `extracted` besides. A repeat is right with a value of 1. k is the number
    of scored repeats that most cases have; cases with fewer are left out. The majority of a case is the answer that most of its
    repeats gave (what all scorers extracted, taken together); among equally frequent ones the mean of their values.
    """
    trials = trials_of(calls, scores)
    trials = trials[trials["state"] == "scored"]
    read = scores.assign(extracted=scores["extracted"].astype(object).where(scores["extracted"].notna(), ""))
    answers = read.sort_values("scorer", kind="stable").groupby(KEY, observed=True)["extracted"].agg("\0".join)
    trials = trials.join(answers.rename("answer"), on=KEY)
    found = []
    for provider, whole in trials.groupby("provider", sort=True, observed=True):
        for capability, rows in [*whole.groupby("capability", sort=True, observed=True), (ALL, whole)]:
            one = _repeats(str(provider), str(capability), rows)
            found += [one] if one else []
    return found


def _repeats(provider: str, capability: str, trials: pd.DataFrame) -> Repeats | None:
    by_case = trials.groupby(["suite", "case_hash"], observed=True)
    times = by_case.size()
    k = int(times.mode().max())
    if k < 2:
        return None
    enough = [rows for _, rows in by_case if len(rows) >= k]

    def over_cases(value: Callable[[pd.DataFrame], float]) -> pd.DataFrame:
        return pd.DataFrame(
            {"value": [value(rows) for rows in enough], "cluster": [rows["cluster"].iloc[0] for rows in enough]}
        )

    def right(rows: pd.DataFrame) -> int:
        return int((rows["value"] >= 1).sum())

    return Repeats(
        provider=provider,
        capability=capability,
        k=k,
        n_cases=len(enough),
        pass_1=quality_of(over_cases(lambda rows: right(rows) / len(rows))),
        pass_at_k=quality_of(over_cases(lambda rows: pass_at_k(len(rows), right(rows), k))),
        pass_hat_k=quality_of(over_cases(lambda rows: pass_hat_k(len(rows), right(rows), k))),
        majority=quality_of(over_cases(_majority)),
    )


def _majority(rows: pd.DataFrame) -> float:
    votes = rows.groupby("answer")["value"].agg(["size", "mean"])
    return float(votes.loc[votes["size"] == votes["size"].max(), "mean"].mean())
