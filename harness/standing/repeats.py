"""What asking again shows: pass@k, pass^k and the majority of the repeats, for each provider and capability."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.judged import ALL, Estimate, Repeats
from harness.late import pd
from harness.standing.standings import quality_of
from harness.stats import KEY, numbered, pass_at_k, pass_hat_k, trials_of

REPEATED = ("scorer", "extracted")
"""Columns of scores for this, beside those for standings: the majority needs what was read in each reply."""

_CASE = ["suite", "case_hash"]


def repeated(calls: pd.DataFrame) -> bool:
    """Whether a provider was asked a case more than once."""
    asked = calls.loc[calls["phase"] == "measure", ["provider", *_CASE, "trial_id"]]
    _, cases = numbered(asked[["provider", *_CASE]])
    return len(cases) < asked["trial_id"].nunique()


def repeats(calls: pd.DataFrame, scores: pd.DataFrame, trials: pd.DataFrame | None = None) -> list[Repeats]:
    """One for each provider and capability with a case that was scored more than once, then one for `ALL`; empty where there is none.

    `calls`, `scores` and `trials` as for `standings`; scores with `scorer` and `extracted` besides. A repeat is right with a value of 1. k is
    the number of scored repeats that most cases have; cases with fewer are left out. The majority of a case is the answer that most of its
    repeats gave (what all scorers extracted, taken together); among equally frequent ones the mean of their values.
    """
    trials = trials_of(calls, scores) if trials is None else trials
    trials = trials[trials["state"] == "scored"].merge(_answers(scores), on=KEY, how="left")
    trials = trials.assign(case=numbered(trials[_CASE])[0])
    found: dict[str, list[Repeats]] = {}
    for one in (*_found(trials), *_found(trials.assign(capability=ALL))):
        found.setdefault(one.provider, []).append(one)
    return [one for _, own in sorted(found.items()) for one in own]


def _answers(scores: pd.DataFrame) -> pd.DataFrame:
    """For each trial the number of what the scorers read in its reply, the same for the same readings."""
    rows = scores.assign(read=_numbers(scores["extracted"])).sort_values("scorer", kind="stable")
    trial, first = numbered(rows[KEY])
    answer = np.zeros(len(first), np.int64)
    which = pd.Series(trial).groupby(trial).cumcount().to_numpy()
    for number in range(which.max(initial=-1) + 1):  # one scorer of each trial after the other
        mine = which == number
        read = np.zeros(len(first), np.int64)
        read[trial[mine]] = rows["read"].to_numpy()[mine] + 1
        answer = pd.factorize(answer * (read.max(initial=0) + 1) + read)[0].astype(np.int64)
    return rows[KEY].iloc[first].assign(answer=answer)


def _numbers(texts: pd.Series) -> NDArray[Any]:
    """The number of each text; a missing one is as an empty one."""
    column = texts.astype("category")
    codes: NDArray[Any] = column.cat.codes.to_numpy(dtype=np.int64, copy=True)
    empty = np.flatnonzero(column.cat.categories == "")
    codes[codes < 0] = empty[0] if len(empty) else len(column.cat.categories)
    return codes


@dataclass(frozen=True, slots=True)
class _Cases:
    """For each case of a provider and capability how many repeats were scored, how many were right, what most answered, and its cluster."""

    n: NDArray[np.int64]
    right: NDArray[np.int64]
    majority: NDArray[np.float64]
    cluster: NDArray[Any]

    def at(self, rows: slice | NDArray[np.bool_]) -> _Cases:
        return _Cases(self.n[rows], self.right[rows], self.majority[rows], self.cluster[rows])


def _found(trials: pd.DataFrame) -> Iterator[Repeats]:
    """Of trials with `case` and `answer`, sorted by provider and capability."""
    place = ["provider", "capability"]
    number, first = numbered(trials[[*place, "case"]], sort=True)
    where = trials[[*place, "cluster"]].iloc[first]
    cases = _Cases(
        n=np.bincount(number),
        right=np.bincount(number[(trials["value"] >= 1).to_numpy()], minlength=len(first)),
        majority=_majority(trials, number),
        cluster=where["cluster"].cat.codes.to_numpy(),
    )
    _, begins = numbered(where[place], sort=True)
    for begin, end in pairwise([*begins.tolist(), len(first)]):
        provider, capability = where[place].iloc[begin]
        one = _repeats(str(provider), str(capability), cases.at(slice(begin, end)))
        if one is not None:
            yield one


def _repeats(provider: str, capability: str, cases: _Cases) -> Repeats | None:
    often = np.bincount(cases.n)
    k = int(np.flatnonzero(often == often.max())[-1])
    if k < 2:
        return None
    cases = cases.at(cases.n >= k)
    counts, of_count = np.unique(np.stack([cases.n, cases.right]), axis=1, return_inverse=True)

    def over_cases(values: NDArray[np.float64]) -> Estimate | None:
        return quality_of(values, cases.cluster)

    def chances(chance: Callable[[int, int, int], float]) -> NDArray[np.float64]:
        return np.array([chance(n, right, k) for n, right in counts.T.tolist()])[of_count.ravel()]

    return Repeats(
        provider=provider,
        capability=capability,
        k=k,
        n_cases=len(cases.n),
        pass_1=over_cases(cases.right / cases.n),
        pass_at_k=over_cases(chances(pass_at_k)),
        pass_hat_k=over_cases(chances(pass_hat_k)),
        majority=over_cases(cases.majority),
    )


def _majority(trials: pd.DataFrame, number: NDArray[np.intp]) -> NDArray[np.float64]:
    """For each case, by its number, the value of the answer that most of its repeats gave; among equally frequent ones the mean of theirs."""
    vote, first = numbered(pd.DataFrame({"case": number, "answer": trials["answer"].to_numpy()}), sort=True)
    case, size = number[first], np.bincount(vote)
    most = np.zeros(case.max(initial=-1) + 1, np.int64)
    np.maximum.at(most, case, size)
    value = trials["value"].groupby(vote).mean()
    chosen = size == most[case]
    values: NDArray[np.float64] = value[chosen].groupby(case[chosen]).mean().to_numpy()
    return values
