"""From attempts and scores to standings: quality, reliability, latency and cost of each provider for each capability."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.judged import ALL, Estimate, Percentiles, Standing
from harness.standing.facts import answered, spend, timed
from harness.stats import (
    PRIOR_MASS,
    cases_of,
    clustered_rate,
    flags,
    percentile,
    percentile_interval,
    shrink,
    trials_of,
    wilson,
)

_PLACE = ["provider", "capability"]
_FACTS = ["status", "phase", "replayed", "saturated", "ttft_s", "latency_s", "cost_usd"]


@dataclass(frozen=True)
class _Cell:
    """The rows of one provider and capability (`ALL`: of all its capabilities)."""

    calls: pd.DataFrame
    trials: pd.DataFrame
    cases: pd.DataFrame


def standings(calls: pd.DataFrame, scores: pd.DataFrame) -> list[Standing]:
    """What each provider is worth: one standing for each capability that it was asked about, then one for `ALL`.

    `calls` and `scores` have the columns of `calls.parquet` and `scores.parquet`; those not needed may be left out. Sorted by provider,
    then capability. Only phase measure counts, but spend is of all phases except judge. The terms:

    - The unit of quality is the case: criteria of a trial are averaged by weight, then repeats of a case. `n_cases` is the sum of
      `n_scored`, `n_unscored` and `n_failed`. The interval is Wilson's for 0/1 values without clusters, otherwise cluster-robust t on
      the scale of log odds. Where all clustered or graded values are alike, residuals say nothing, and it is Wilson's with the clusters as n.
    - Reliability is over trials: answered ones, of those that were answered or failed on the provider's side in the end. What was
      replayed is left out: nobody was asked, and only answers are kept.
    - `failures` counts trials without an answer by the kind of their last failure.
    - `cost_per_call` is over attempts with a known cost. `cost_per_solved` is spend over the sum of the trials' values (for 0/1 scores
      the number solved), both without trials replayed from the cache; None if the spend is unknown or nothing was solved.
    - `shrunk_quality` is pulled toward the provider's mean over all cases with a mass of 30 cases; None without a scored case.
    """
    trials = trials_of(calls, scores)
    facts = calls.loc[(calls["phase"] != "judge").to_numpy(dtype=bool), [*_PLACE, "simulated", *_FACTS]]
    simulated = flags(facts["simulated"]).groupby(facts["provider"].to_numpy()).any()
    by_capability, over_all = cases_of(trials, _PLACE), cases_of(trials, ["provider"])
    found = []
    for provider, whole in _cells(facts, trials, over_all, "provider"):
        overall = _standing((provider, ALL), bool(simulated[provider]), whole, None)
        centre = overall.quality.value if overall.quality else None
        cases = by_capability[by_capability["provider"] == provider]
        for capability, cell in _cells(whole.calls, whole.trials, cases, "capability"):
            found.append(_standing((provider, capability), overall.simulated, cell, centre))
        found.append(overall)
    return found


def _cells(calls: pd.DataFrame, trials: pd.DataFrame, cases: pd.DataFrame, by: str) -> Iterator[tuple[str, _Cell]]:
    """The cells that have trials, sorted by their name in the column `by`."""
    calls_at, cases_at = calls.groupby(by).indices, cases.groupby(by).indices
    for name, rows in trials.groupby(by, sort=True):
        yield str(name), _Cell(calls.iloc[calls_at[name]], rows, cases.iloc[cases_at[name]])


def _standing(place: tuple[str, str], simulated: bool, cell: _Cell, centre: float | None) -> Standing:
    """`centre` is what quality is shrunk toward; None is its own value."""
    states = cell.cases["state"].value_counts()
    quality = quality_of(cell.cases[cell.cases["state"] == "scored"])
    clean = timed(cell.calls)
    ready = answered(cell.calls)
    cost = pd.to_numeric(cell.calls.loc[_paid_calls(cell.calls), "cost_usd"]).dropna()
    return Standing(
        provider=place[0],
        capability=place[1],
        simulated=simulated,
        n_cases=len(cell.cases),
        n_scored=int(states.get("scored", 0)),
        n_unscored=int(states.get("unscored", 0)),
        n_failed=int(states.get("failed", 0)),
        quality=quality,
        shrunk_quality=shrink(quality.value, quality.n, quality.value if centre is None else centre, PRIOR_MASS) if quality else None,
        reliability=_reliability(cell.trials[~cell.trials["replayed"]]),
        ttft=percentiles(clean["ttft_s"].dropna().to_numpy(dtype=float)),
        latency=percentiles(clean["latency_s"].to_numpy(dtype=float)),
        n_timed=len(ready),
        n_saturated=int(flags(ready["saturated"]).sum()),
        spend_usd=spend(cell.calls),
        cost_per_call=float(cost.mean()) if len(cost) else None,
        cost_per_solved=_cost_per_solved(cell),
        failures={str(kind): int(n) for kind, n in sorted(cell.trials["kind"].value_counts().items())},
    )  # fmt: skip


def _paid_calls(calls: pd.DataFrame) -> NDArray[np.bool_]:
    return ((calls["phase"] == "measure").astype(bool) & ~flags(calls["replayed"])).to_numpy(dtype=bool)


def quality_of(cases: pd.DataFrame) -> Estimate | None:
    """The mean of `value` over cases (0 to 1) with its interval by `cluster`, as `standings` tells; None without a case."""
    if cases.empty:
        return None
    values = cases["value"].to_numpy(dtype=float)
    clusters = cases["cluster"].to_numpy()
    n_clusters = len(pd.unique(clusters))
    mean = float(values.mean())
    binary = bool(np.isin(values, (0.0, 1.0)).all())
    if binary and n_clusters == len(values):
        interval = wilson(float(values.sum()), len(values))
    elif np.ptp(values) == 0:
        interval = wilson(mean * n_clusters, n_clusters)
    else:
        found = clustered_rate(values, clusters)
        if found is None:
            return Estimate(mean, len(values))
        interval = found
    return Estimate(mean, len(values), *interval)


def _reliability(trials: pd.DataFrame) -> Estimate | None:
    good = int(trials["answered"].sum())
    n = good + int((trials["side"] == "provider").sum())
    return Estimate(good / n, n, *wilson(good, n)) if n else None


def percentiles(seconds: NDArray[np.float64]) -> Percentiles:
    """p50, p95 and p99 of durations, each where there are enough of them for its interval."""

    def at(q: float) -> Estimate | None:
        interval = percentile_interval(seconds, q)
        return Estimate(percentile(seconds, q), len(seconds), *interval) if interval else None

    return Percentiles(p50=at(0.5), p95=at(0.95), p99=at(0.99))


def _cost_per_solved(cell: _Cell) -> float | None:
    total = spend(cell.calls)
    solved = float(cell.trials.loc[~cell.trials["replayed"], "value"].sum())
    return total / solved if total is not None and solved > 0 else None
