"""How each figure went over many runs: a step, however slowly it came, and whether the last run is unusual."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from harness.judged import ALL, Estimate, Measure, RunPoint, Trend
from harness.late import pd
from harness.standing.comparison import FALSE_DISCOVERY_RATE, FAMILIES, MEASURES
from harness.standing.outcomes import CASE, PLACE
from harness.standing.tolerance import RATES
from harness.stats import Prediction, Step, false_discovery, prediction, step

FEWEST_SHARED = 0.5
"""A run takes part in a figure if it has at least this share of the last run's cases with that figure."""

_LEAST = 1e-9  # as in a comparison


@dataclass(frozen=True)
class Night:
    """One run of a history: its name, when it began, its table of outcomes."""

    run_id: str
    created: datetime
    outcomes: pd.DataFrame


@dataclass(frozen=True)
class _Found:
    trend: Trend
    next_one: Prediction | None = None
    step: Step | None = None


def history(nights: Sequence[Night]) -> list[Trend]:
    """A trend for each provider of the last run, each suite and capability and all of them (`ALL`), and each measure; `nights` are oldest first.

    Runs do not all have a figure of each case, and cases differ more than runs do, so a run's value is the mean (of quality and reliability) or the
    median (of times, cost and tokens, as logarithms) of what its cases are off their own mean over the runs, beside the mean over all. Only cases of the
    last run count, asked with the same parameters; for quality, judged by the same scorers; for cost, with the same prices.

    - `step`: the level changed (`stats.step`), from the run `since` on; p is adjusted (Benjamini–Hochberg at 5 %) within each family of measures.
    - `unusual`: the last run lies outside what past runs predict (`stats.prediction`), with p adjusted likewise, and there is no step yet.
    - `few`: there are fewer than four runs; `steady` otherwise.
    """
    if not nights:
        return []
    whole = _long(nights)
    found = [
        _trend(nights, place, measure, rows)
        for place, rows in _places(whole)
        for measure in MEASURES
        if _has(rows, measure)
    ]
    return [_judged(one, *ps) for one, *ps in _adjusted(found)]


def _long(nights: Sequence[Night]) -> pd.DataFrame:
    """The outcomes of all runs, only what compares with the last one; figures that do not are NaN."""
    last = nights[-1].outcomes
    conditions = ["params", "scorers", "price_id"]
    parts = [night.outcomes.assign(night=number) for number, night in enumerate(nights)]
    table = pd.concat(parts, ignore_index=True).merge(last[[*CASE, *conditions]], on=CASE, suffixes=("", "_last"))
    bars: dict[str, Sequence[Measure]] = {"params": MEASURES, "scorers": ("quality",), "price_id": ("cost",)}
    for condition, measures in bars.items():
        now, then = table[condition], table[f"{condition}_last"]
        other = now.notna() & then.notna() & (now != then)
        table.loc[other, list(measures)] = np.nan
    return table


def _places(table: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    for provider, whole in table.groupby("provider", sort=True):
        places = list(whole.groupby(PLACE[1:], sort=True))
        if len(places) > 1:
            yield (str(provider), ALL, ALL), whole
        for (suite, capability), rows in places:
            yield (str(provider), str(suite), str(capability)), rows


def _has(rows: pd.DataFrame, measure: Measure) -> bool:
    last = rows["night"] == rows["night"].max()
    return bool(rows.loc[last, measure].notna().any())


def _trend(nights: Sequence[Night], place: tuple[str, str, str], measure: Measure, rows: pd.DataFrame) -> _Found:
    known = rows.dropna(subset=[measure])
    x = known[measure].to_numpy(dtype=float)
    if measure not in RATES:
        x = np.log(np.maximum(x, _LEAST))
    values = known.assign(x=x)
    own = values.groupby(CASE)["x"].transform("mean")
    off = values.assign(off=x - own).groupby("night")["off"]
    level, sizes = (off.mean() if measure in RATES else off.median()), off.size()
    enough = sizes[sizes >= FEWEST_SHARED * sizes.iloc[-1]].index
    centre = float(
        values.groupby(CASE)["x"].mean().mean() if measure in RATES else values.groupby(CASE)["x"].mean().median()
    )
    series = (level[enough] + centre).tolist()
    back: Callable[[float], float] = float if measure in RATES else math.exp
    points = tuple(
        RunPoint(nights[int(number)].run_id, nights[int(number)].created, back(value), int(sizes[number]))
        for number, value in zip(enough, series, strict=True)
    )
    trend = Trend(*place, measure, bool(rows["simulated"].any()), points, "few")
    *past, last = series
    next_one, change = prediction(past, last), step(series)
    if next_one is not None:
        trend = replace(trend, verdict="steady", expected=_expected(next_one, len(past), measure))
    if change is not None:
        trend = replace(trend, since=points[change.at].run_id, before=back(change.before), after=back(change.after))
    return _Found(trend, next_one, change)


def _expected(next_one: Prediction, n: int, measure: Measure) -> Estimate:
    low, high = next_one.interval
    if measure in RATES:
        return Estimate(next_one.mean, n, max(0.0, low), min(1.0, high))
    return Estimate(math.exp(next_one.mean), n, math.exp(low), math.exp(high))


def _adjusted(found: Sequence[_Found]) -> Iterator[tuple[_Found, float | None, float | None]]:
    """Each with its adjusted p of no step and of no unusual last run."""
    steps: dict[int, float] = {}
    lasts: dict[int, float] = {}
    for family in FAMILIES:
        mine = [(number, one) for number, one in enumerate(found) if one.trend.measure in family]
        with_step = {number: one.step.p for number, one in mine if one.step}
        with_next = {number: one.next_one.p for number, one in mine if one.next_one}
        steps |= zip(with_step, false_discovery(list(with_step.values())), strict=True)
        lasts |= zip(with_next, false_discovery(list(with_next.values())), strict=True)
    for number, one in enumerate(found):
        yield one, steps.get(number), lasts.get(number)


def _judged(one: _Found, p_step: float | None, p_last: float | None) -> Trend:
    trend = replace(one.trend, p_step=p_step, p_last=p_last)
    better = 1 if trend.measure in RATES else -1
    if p_step is not None and p_step <= FALSE_DISCOVERY_RATE and trend.before is not None and trend.after is not None:
        return replace(trend, verdict="step", worse=better * (trend.after - trend.before) < 0)
    trend = replace(trend, since=None, before=None, after=None)
    if p_last is not None and p_last <= FALSE_DISCOVERY_RATE and trend.expected is not None:
        return replace(trend, verdict="unusual", worse=better * (trend.points[-1].value - trend.expected.value) < 0)
    return trend
