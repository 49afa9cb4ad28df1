"""From rows to the unit of every estimate: attempts and scores → trials → cases.

Tables are pandas frames with the columns of `calls.parquet` and `scores.parquet`; what is not needed may be left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

KEY = ["run_id", "trial_id"]
STATES = ("scored", "unscored", "failed")
_IDENTITY = ["provider", "suite", "capability", "case_hash", "cluster"]
_ABOUT_TRIALS = [*_IDENTITY, "attempt", "phase", "status", "replayed", "failure_kind", "failure_side"]


def flags(column: pd.Series) -> pd.Series:
    """A column of truth values as plain booleans, whatever its type; a missing one is false."""
    return column.astype("boolean").fillna(value=False).astype(bool)


def trial_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each trial in `scores`: `run_id`, `trial_id`, `state`, `value`.

    Several criteria of a trial make one value: their mean weighted by `weight` (1 where the column is not there). If one is failed the
    trial is failed, otherwise if one is unscored it is unscored; such a trial's value is NaN.
    """
    state = scores["state"].to_numpy()
    value = pd.to_numeric(scores["value"]).to_numpy(dtype=float, na_value=np.nan)
    weight = scores["weight"].to_numpy(dtype=float) if "weight" in scores else np.ones(len(scores))
    rows = scores[KEY].assign(
        failed=state == "failed", unscored=state == "unscored", weight=weight, weighted=np.nan_to_num(value) * weight
    )
    by_trial = rows.groupby(KEY, sort=False)
    trials = by_trial[["weight", "weighted"]].sum().join(by_trial[["failed", "unscored"]].any())
    trials["state"] = np.select([trials["failed"], trials["unscored"]], ["failed", "unscored"], "scored")
    trials["value"] = (trials["weighted"] / trials["weight"]).where(trials["state"] == "scored")
    return trials[["state", "value"]].reset_index()


def trials_of(calls: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each trial of phase measure, from its attempts and its scores.

    Columns: `run_id trial_id provider suite capability case_hash cluster` (of this suite; a case without one is its own), `answered` (any
    attempt was), `kind` and `side` of the last attempt's failure where none was, `replayed` (any attempt was), and `state` and `value` as
    in `trial_scores`: a trial without a score is failed if it was not answered, otherwise unscored.
    """
    measured = calls.loc[(calls["phase"] == "measure").to_numpy(dtype=bool), [*KEY, *_ABOUT_TRIALS]]
    rows = measured.sort_values("attempt", kind="stable")
    rows = rows.assign(answered=(rows["status"] == "ok").astype(bool), replayed=flags(rows["replayed"]))
    by_trial = rows.groupby(KEY, sort=False)
    identity = rows.drop_duplicates(KEY, keep="last").set_index(KEY)
    trials = identity[_IDENTITY].join(by_trial[["answered", "replayed"]].any())
    lost = ~trials["answered"]
    trials["kind"] = identity["failure_kind"].where(lost)
    trials["side"] = identity["failure_side"].where(lost)
    own = trials["cluster"].isna()
    case = "case:" + trials["case_hash"].astype(str)
    trials["cluster"] = case.where(own, "cluster:" + trials["suite"].astype(str) + ":" + trials["cluster"].astype(str))
    trials = trials.reset_index().merge(trial_scores(scores), on=KEY, how="left")
    missing = np.where(trials["answered"], "unscored", "failed")
    trials["state"] = trials["state"].where(trials["state"].notna(), missing)
    return trials


def cases_of(trials: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """One row for each combination of `by` and `case_hash`: `value`, `state`, `cluster`; sorted by these.

    Repeats are averaged: `value` is the mean over the case's scored trials. The case is scored if one of them is, otherwise unscored if
    one is, otherwise failed.
    """
    keys = [*by, "case_hash"]
    rank = trials["state"].map({state: place for place, state in enumerate(STATES)})
    cases = (
        trials.assign(_rank=rank)
        .groupby(keys, sort=True)
        .agg(value=("value", "mean"), _rank=("_rank", "min"), cluster=("cluster", "first"))
    )
    cases["state"] = np.asarray(STATES, dtype=object)[cases.pop("_rank").to_numpy(dtype=int)]
    return cases.reset_index()
