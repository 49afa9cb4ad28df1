"""What asking again shows: pass@k, pass^k and the majority of the repeats, for each provider and capability."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.judged import ALL, Estimate, Repeats
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
    trials = trials[trials["state"] == "scored"].join(_answers(scores), on=KEY)
    trials = trials.assign(  # numbers are grouped much faster than texts
        case=trials.groupby(["suite", "case_hash"], observed=True, sort=False).ngroup(),
        answer=pd.factorize(trials["answer"])[0],
    )
    found = []
    for provider, whole in trials.groupby("provider", sort=True, observed=True):
        for capability, rows in [*whole.groupby("capability", sort=True, observed=True), (ALL, whole)]:
            one = _repeats(str(provider), str(capability), rows)
            found += [one] if one else []
    return found


def _answers(scores: pd.DataFrame) -> pd.Series:
    """What the scorers read in each trial's reply, as one text."""
    read = scores.assign(answer=scores["extracted"].astype(object).where(scores["extracted"].notna(), ""))
    read = read.sort_values("scorer", kind="stable")
    several = read.duplicated(KEY, keep=False)
    joined = read[several].groupby(KEY, observed=True)["answer"].agg("\0".join)
    found: pd.Series = pd.concat([read[~several].set_index(KEY)["answer"], joined])
    return found


def _repeats(provider: str, capability: str, trials: pd.DataFrame) -> Repeats | None:
    right = trials.assign(right=trials["value"] >= 1)
    cases = right.groupby("case").agg(n=("right", "size"), right=("right", "sum"), cluster=("cluster", "first"))
    k = int(cases["n"].mode().max())
    if k < 2:
        return None
    cases = cases[cases["n"] >= k]
    counts = [(int(n), int(c)) for n, c in zip(cases["n"], cases["right"], strict=True)]

    def over_cases(values: Sequence[float]) -> Estimate | None:
        return quality_of(pd.DataFrame({"value": values, "cluster": cases["cluster"].to_numpy()}))

    return Repeats(
        provider=provider,
        capability=capability,
        k=k,
        n_cases=len(cases),
        pass_1=over_cases([c / n for n, c in counts]),
        pass_at_k=over_cases([pass_at_k(n, c, k) for n, c in counts]),
        pass_hat_k=over_cases([pass_hat_k(n, c, k) for n, c in counts]),
        majority=over_cases(_majority(trials)[cases.index].tolist()),
    )


def _majority(trials: pd.DataFrame) -> pd.Series:
    """For each case the value of the answer that most of its repeats gave; among equally frequent ones the mean of theirs."""
    votes = trials.groupby(["case", "answer"])["value"].agg(["size", "mean"])
    most = votes.groupby(level="case")["size"].transform("max")
    values: pd.Series = votes.loc[votes["size"] == most, "mean"].groupby(level="case").mean()
    return values
