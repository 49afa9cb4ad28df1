"""From rows to the unit of every estimate: attempts and scores → trials → cases.

Tables are pandas frames with the columns of `calls.parquet` and `scores.parquet`; what is not needed may be left out.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.late import pd

KEY = ["run_id", "trial_id"]
STATES = ("scored", "unscored", "failed")
_IDENTITY = ["provider", "suite", "capability", "case_hash", "cluster"]
_ABOUT_TRIALS = [*_IDENTITY, "attempt", "phase", "status", "replayed", "failure_kind", "failure_side"]
CALL_COLUMNS, SCORE_COLUMNS = (*KEY, *_ABOUT_TRIALS), (*KEY, "state", "value", "weight")
"""What units are made of: columns of calls and of scores."""


def flags(column: pd.Series) -> pd.Series:
    """A column of truth values as plain booleans, whatever its type; a missing one is false."""
    return column.astype("boolean").fillna(value=False).astype(bool)


def trial_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each trial in `scores`: `run_id`, `trial_id`, `state`, `value`.

    Several criteria of a trial make one value: their mean weighted by `weight` (1 where the column is not there). If one is failed the
    trial is failed, otherwise if one is unscored it is unscored; such a trial's value is NaN.
    """
    state = scores["state"]
    value = pd.to_numeric(scores["value"]).to_numpy(dtype=float, na_value=np.nan)
    weight = scores["weight"].to_numpy(dtype=float) if "weight" in scores else np.ones(len(scores))
    number, first = numbered(scores[KEY])
    failed, unscored = (_sums(number, (state == one).to_numpy(dtype=bool)) > 0 for one in ("failed", "unscored"))
    trials = scores[KEY].iloc[first].reset_index(drop=True)
    trials["state"] = _states().take(np.select([failed, unscored], [2, 1], 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _sums(number, np.nan_to_num(value) * weight) / _sums(number, weight)
    trials["value"] = np.where(failed | unscored, np.nan, mean)
    return trials


def numbered(rows: pd.DataFrame, *, sort: bool = False) -> tuple[NDArray[Any], NDArray[Any]]:
    """Number the different rows by first appearance, or as they sort: the number of each, and where each number appears first."""
    number: NDArray[Any] = np.zeros(len(rows), np.int32)
    n_numbers = 1
    for name in rows.columns:
        codes, n_codes = _codes(rows[name], sort=sort)
        if n_codes > 1:
            fits = n_numbers * n_codes < np.iinfo(np.int32).max  # half as wide is grouped twice as fast
            places = number.astype(np.int32 if fits else np.int64) * n_codes + codes
            number = pd.factorize(places, sort=sort)[0].astype(np.int32)
            n_numbers = int(number.max()) + 1
    first = np.empty(number.max(initial=-1) + 1, np.intp)
    first[number[::-1]] = np.arange(len(rows))[::-1]
    return number, first


def _codes(column: pd.Series, *, sort: bool) -> tuple[NDArray[Any], int]:
    """A number from 0 for each different value, missing ones included, and the number above all of them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes: NDArray[Any] = column.cat.codes.to_numpy(dtype=np.int32, copy=True)
    else:
        codes = pd.factorize(column, sort=sort)[0].astype(np.int32)
    codes -= codes.min(initial=0)  # a missing value is −1
    return codes, int(codes.max(initial=-1)) + 1


def _sums(number: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    return np.bincount(number, weights=values).astype(float)


def trials_of(calls: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each trial of phase measure, from its attempts and its scores.

    Columns: `run_id trial_id provider suite capability case_hash cluster` (of this suite; a case without one is its own), `answered` (any
    attempt was), `kind` and `side` of the last attempt's failure where none was, `replayed` (any attempt was), and `state` and `value` as
    in `trial_scores`: a trial without a score is failed if it was not answered, otherwise unscored.
    """
    measured = (calls["phase"] == "measure").to_numpy(dtype=bool)
    rows = calls.loc[measured, [*KEY, *_ABOUT_TRIALS]]
    if not rows["attempt"].is_monotonic_increasing:
        rows = rows.sort_values("attempt", kind="stable")
    number, first = numbered(rows[KEY])
    last = first.copy()
    last[number] = np.arange(len(rows))
    by_appearance = rows.iloc[last].reset_index(drop=True)
    trials = by_appearance[[*KEY, *_IDENTITY]]
    answered = _sums(number, (rows["status"] == "ok").to_numpy(dtype=bool)) > 0
    trials = trials.assign(
        cluster=_clusters(trials), answered=answered, replayed=_sums(number, flags(rows["replayed"]).to_numpy()) > 0,
        kind=by_appearance["failure_kind"].where(~answered), side=by_appearance["failure_side"].where(~answered),
    )  # fmt: skip
    trials = trials.merge(trial_scores(scores), on=KEY, how="left")
    states = pd.Categorical(trials["state"], STATES)
    missing = np.where(answered, STATES.index("unscored"), STATES.index("failed"))
    trials["state"] = _states().take(np.where(states.codes < 0, missing, states.codes))
    return trials


@functools.cache
def _states() -> pd.Categorical[Any]:
    return pd.Categorical(STATES, STATES)


def _clusters(trials: pd.DataFrame) -> pd.Series:
    """What each trial's case shares with others, as a name: its cluster in its suite, or else the case itself."""
    number, first = numbered(trials[["suite", "cluster", "case_hash"]])
    suite, cluster, case = (trials[name].iloc[first].astype("str") for name in ("suite", "cluster", "case_hash"))
    names = ("cluster:" + suite + ":" + cluster).where(cluster.notna(), "case:" + case)
    codes, different = pd.factorize(names)
    return pd.Series(pd.Categorical.from_codes(codes[number], different))


def cases_of(trials: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """One row for each combination of `by` and `case_hash`: `value`, `state`, `cluster`; sorted by these.

    Repeats are averaged: `value` is the mean over the case's scored trials. The case is scored if one of them is, otherwise unscored if
    one is, otherwise failed.
    """
    keys = [*by, "case_hash"]
    number, first = numbered(trials[keys], sort=True)
    rank = pd.Categorical(trials["state"], STATES).codes
    best = np.full(len(first), len(STATES), rank.dtype)
    np.minimum.at(best, number, rank)
    cases = trials[keys].iloc[first].reset_index(drop=True)
    once = len(first) == len(trials)
    cases["value"] = trials["value"].to_numpy()[first] if once else trials["value"].groupby(number).mean().to_numpy()
    cases["cluster"] = trials["cluster"].iloc[first].array
    cases["state"] = _states().take(best)
    return cases
