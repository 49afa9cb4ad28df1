"""What judging took: the calls of the judges and their cost, apart from those of who was judged."""

from __future__ import annotations

import re
from typing import NamedTuple

from harness.judged import Judging
from harness.late import pd
from harness.standing.facts import spend


class Parted(NamedTuple):
    """A run's calls without those of its judges, what these came to, and the scores."""

    calls: pd.DataFrame
    judging: tuple[Judging, ...]
    scores: pd.DataFrame


def parted(calls: pd.DataFrame, scores: pd.DataFrame) -> Parted:
    """The calls of the run's own trials, and those of its judges as one entry for each judge, by name.

    Needs of calls `phase`, `provider`, `trial_id`, `status`, `replayed`, `cost_usd`, of scores `state` and `reason`.
    """
    theirs = (calls["phase"] == "judge").to_numpy(dtype=bool)
    if not theirs.any():
        return Parted(calls, (), scores)
    reasons = scores.loc[scores["state"] == "unscored", "reason"].astype(object).fillna("").astype(str)
    rows = calls[theirs]
    found = [_judging(str(name), own, reasons) for name, own in rows.groupby(rows["provider"].astype(str))]
    return Parted(calls[~theirs], tuple(found), scores)


def _judging(name: str, rows: pd.DataFrame, reasons: pd.Series) -> Judging:
    answered = rows.loc[rows["status"] == "ok", "trial_id"].nunique()
    return Judging(
        judge=name,
        questions=int(rows["trial_id"].nunique()),
        answered=int(answered),
        attempts=len(rows),
        replayed=int(rows["replayed"].sum()),
        n_unscored=int(reasons.str.match(rf"the \w+ {re.escape(name)} ").sum()),
        spend_usd=spend(rows),
    )
