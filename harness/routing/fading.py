"""Several runs as one body of evidence: old cases fade, a case asked again counts as it was last, a replaced model counts no more."""

from __future__ import annotations

import hashlib

import numpy as np

from harness.late import pd


def faded(calls: pd.DataFrame, half_life_days: float) -> pd.DataFrame:
    """The calls that still count: those of the model that a provider has now, and of old runs a part of the cases.

    A run as old as h half-lives, counted in whole days before the newest one, counts with a share of 2^−h of its cases. Which cases these are depends
    on their hashes alone: the same evidence is thinned in the same way each time, a case that is gone stays gone, and what is left keeps its pairs. So
    an interval is as wide as the evidence that is left, as if each case weighed 2^−h.
    """
    if calls["run_id"].nunique() < 2:
        return calls
    rows = calls[_of_its_model(calls)]
    ended = _ends(rows, rows)
    age = (ended.max() - ended) // pd.Timedelta(days=1)
    if not age.any():
        return rows
    left = np.exp2(-age.to_numpy(dtype=float) / half_life_days)
    kept: pd.DataFrame = rows[_draws(rows["case_hash"]) < left]
    return kept


def newest(rows: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Of rows with `provider`, `case_hash` and `run_id` those of the last run that has the provider's case; `calls` tell when a run was."""
    if rows["run_id"].nunique() < 2:
        return rows
    ended = _ends(rows, calls)
    keys = [rows["provider"].astype(str), rows["case_hash"].astype(str)]
    return rows[ended == ended.groupby(keys).transform("max")]


def _ends(rows: pd.DataFrame, calls: pd.DataFrame) -> pd.Series:
    """When the run of each row asked last."""
    last = calls.groupby(calls["run_id"].astype(str))["started_at"].max()
    return rows["run_id"].astype(str).map(last)


def _of_its_model(calls: pd.DataFrame) -> pd.Series:
    """Whether a row is of the model that its provider was last asked for: the name in the registry may have been given to another since."""
    if "model_requested" not in calls:
        return pd.Series(data=True, index=calls.index)
    model = calls["model_requested"].astype("string").fillna("")
    provider = calls["provider"].astype(str)
    last = model.groupby(provider).agg(lambda mine: mine.loc[calls.loc[mine.index, "started_at"].idxmax()])
    return model == provider.map(last)


def _draws(hashes: pd.Series) -> np.ndarray:
    """A number from 0 to below 1 for each case, drawn by its hash."""
    names = hashes.astype(str)
    drawn = {one: int.from_bytes(hashlib.sha256(one.encode()).digest()[:6]) / 2**48 for one in names.unique()}
    numbers: np.ndarray = names.map(drawn).to_numpy(dtype=float)
    return numbers
