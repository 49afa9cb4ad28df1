"""For simulated runs: what was measured beside what was true. This is how the harness itself is held to account."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from harness.judged import ALL, Calibration, Estimate
from harness.late import pd
from harness.standing.facts import answered, timed
from harness.standing.standings import standings
from harness.stats import flags, percentile, percentile_interval
from harness.told import Truth

TIME_TOLERANCE = 0.05
COST_TOLERANCE = 1e-9
_TIMES = ("ttft", "latency")
_COUNTS = ("prompt_tokens", "completion_tokens", "cost_usd")


def calibrate(calls: pd.DataFrame, scores: pd.DataFrame, truths: Sequence[Truth]) -> list[Calibration]:
    """What was measured beside what the simulated providers know, for the requests that both saw (joined on `response_id`).

    - quality, for each provider and capability: the standing's estimate beside the mean of the profile's probability; it holds if the
      truth lies in the 95 % interval. A cell without an interval has no entry.
    - `ttft_p50_s` and `latency_p50_s`, for each provider: rows as in latency standings, beside the same requests in the server's own
      log; holds within 5 %.
    - `prompt_tokens`, `completion_tokens` and `cost_usd`, for each provider: sums over answered requests; tokens hold if
      equal, cost to 1e-9 of it. Their n counts the rows whose figure is known; an unknown one adds nothing, so that it does not hold.

    Replayed rows are left out. Sorted by provider; providers that no truth is known of have no entry.
    """
    if not truths:
        return []
    calls = calls[~flags(calls["replayed"])]
    scores = scores[scores["trial_id"].isin(calls["trial_id"])]
    known = pd.DataFrame([asdict(one) for one in truths]).drop_duplicates("response_id", keep="last")
    truth = known.drop(columns=["capability"]).add_prefix("true_").rename(columns={"true_response_id": "response_id"})
    joined = answered(calls).merge(truth, on="response_id", how="inner")
    found = _qualities(calls, scores, joined)
    for provider, rows in joined.groupby("provider", sort=True):
        found += _times(str(provider), timed(rows))
        found += [_sum(str(provider), rows, measure) for measure in _COUNTS]
    return sorted(found, key=lambda one: one.provider)


def share_holding(calibrations: Iterable[Calibration], measure: str = "quality") -> float | None:
    """The share of entries of `measure` that hold, None without any. For quality 0.95 is what the intervals promise."""
    entries = [one.holds for one in calibrations if one.measure == measure]
    return sum(entries) / len(entries) if entries else None


def _qualities(calls: pd.DataFrame, scores: pd.DataFrame, joined: pd.DataFrame) -> list[Calibration]:
    truth = joined.groupby(["provider", "capability"])["true_quality"].mean()
    found = []
    for one in standings(calls, scores):
        place, quality = (one.provider, one.capability), one.quality
        if place not in truth.index or quality is None or quality.low is None or quality.high is None:
            continue
        true = float(truth.loc[place])
        found.append(Calibration(*place, "quality", quality, true, quality.low <= true <= quality.high))
    return found


def _times(provider: str, rows: pd.DataFrame) -> list[Calibration]:
    found = []
    for name in _TIMES:
        both = rows[[f"{name}_s", f"true_{name}_s"]].dropna().to_numpy(dtype=float)
        if len(both) == 0:
            continue
        measured, true = percentile(both[:, 0], 0.5), percentile(both[:, 1], 0.5)
        interval = percentile_interval(both[:, 0], 0.5) or (None, None)
        holds = abs(measured - true) <= TIME_TOLERANCE * true
        found.append(Calibration(provider, ALL, f"{name}_p50_s", Estimate(measured, len(both), *interval), true, holds))
    return found


def _sum(provider: str, rows: pd.DataFrame, measure: str) -> Calibration:
    figures = pd.to_numeric(rows[measure]).to_numpy(dtype=float, na_value=np.nan)
    seen = figures[~np.isnan(figures)]
    measured, true = math.fsum(seen), math.fsum(rows[f"true_{measure}"])
    holds = math.isclose(measured, true, rel_tol=COST_TOLERANCE) if measure == "cost_usd" else measured == true
    return Calibration(provider, ALL, measure, Estimate(measured, len(seen)), true, holds)
