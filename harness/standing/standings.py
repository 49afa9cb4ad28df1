"""From attempts and scores to standings: quality, reliability, latency and cost of each provider for each capability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.judged import Estimate, Percentiles, Standing
from harness.late import pd
from harness.standing.cells import Cell, Trials, cells
from harness.stats import (
    PRIOR_MASS,
    STATES,
    clustered_rate,
    flags,
    percentile,
    percentile_interval,
    shrink,
    trials_of,
    wilson,
)


def standings(calls: pd.DataFrame, scores: pd.DataFrame, trials: pd.DataFrame | None = None) -> list[Standing]:
    """What each provider is worth: one standing for each capability that it was asked about, then one for `ALL`.

    `calls` and `scores` have the columns of `calls.parquet` and `scores.parquet`; those not needed may be left out. `trials` is what
    `trials_of` makes of them, where that is known. Sorted by provider, then capability. Only phase measure counts, but spend is of all phases
    except judge. The terms:

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
    trials = trials_of(calls, scores) if trials is None else trials
    calls = calls[(calls["phase"] != "judge").to_numpy(dtype=bool)]
    simulated = flags(calls["simulated"]).groupby(calls["provider"].to_numpy()).any()
    whole: dict[str, Standing] = {}
    found: dict[str, list[Standing]] = {}
    for cell in cells(calls, trials):
        if cell.provider not in whole:
            whole[cell.provider] = _standing(cell, bool(simulated[cell.provider]), None)
        else:
            over_all = whole[cell.provider]
            centre = over_all.quality.value if over_all.quality else None
            found.setdefault(cell.provider, []).append(_standing(cell, over_all.simulated, centre))
    return [one for provider, over_all in whole.items() for one in (*found[provider], over_all)]


def _standing(cell: Cell, simulated: bool, centre: float | None) -> Standing:
    """`centre` is what quality is shrunk toward; None is its own value."""
    calls, trials, cases = cell.calls, cell.trials, cell.cases
    scored, unscored, failed = (cases.state == number for number in range(len(STATES)))
    quality = quality_of(cases.value[scored], cases.cluster[scored])
    cost = calls.cost_usd[calls.counted & ~np.isnan(calls.cost_usd)]
    spend = None if calls.unknown.any() else float(np.nan_to_num(calls.cost_usd[calls.fresh]).sum())
    solved = float(np.nan_to_num(trials.value[trials.asked]).sum())
    counts = np.bincount(trials.kind[trials.kind >= 0], minlength=len(cell.kinds))
    return Standing(
        provider=cell.provider,
        capability=cell.capability,
        simulated=simulated,
        n_cases=len(cases.state),
        n_scored=int(scored.sum()),
        n_unscored=int(unscored.sum()),
        n_failed=int(failed.sum()),
        quality=quality,
        shrunk_quality=shrink(quality.value, quality.n, quality.value if centre is None else centre, PRIOR_MASS) if quality else None,
        reliability=_reliability(trials),
        ttft=percentiles(calls.ttft_s[calls.clean]),
        latency=percentiles(calls.latency_s[calls.clean]),
        n_timed=int(calls.ready.sum()),
        n_saturated=int(calls.saturated.sum()),
        spend_usd=spend,
        cost_per_call=float(cost.mean()) if len(cost) else None,
        cost_per_solved=spend / solved if spend is not None and solved > 0 else None,
        failures={kind: int(n) for kind, n in zip(cell.kinds, counts, strict=True) if n},
    )  # fmt: skip


def quality_of(values: NDArray[np.float64], clusters: NDArray[np.generic]) -> Estimate | None:
    """The mean of cases' values (0 to 1) with its interval by their clusters, as `standings` tells; None without a case."""
    if not len(values):
        return None
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


def _reliability(trials: Trials) -> Estimate | None:
    good = int((trials.answered & trials.asked).sum())
    n = good + int((trials.blamed & trials.asked).sum())
    return Estimate(good / n, n, *wilson(good, n)) if n else None


def percentiles(seconds: NDArray[np.float64]) -> Percentiles:
    """p50, p95 and p99 of durations, each where there are enough of them for its interval; NaN is no duration."""
    known = np.sort(seconds[~np.isnan(seconds)])

    def at(q: float) -> Estimate | None:
        interval = percentile_interval(known, q)
        return Estimate(percentile(known, q), len(known), *interval) if interval else None

    return Percentiles(p50=at(0.5), p95=at(0.95), p99=at(0.99))
