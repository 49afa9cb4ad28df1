"""Two runs held against each other, case by case: what improved, what regressed, what is equal, and what nobody can say yet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import pandas as pd

from harness.errors import WrongUse
from harness.judged import Comparison, Estimate, Measure
from harness.standing.facts import answered, timed
from harness.stats import (
    Interval,
    Paired,
    cases_of,
    false_discovery,
    flags,
    p_growth,
    paired_logs,
    paired_means,
    paired_rates,
    smallest_n,
    trials_of,
)

FALSE_DISCOVERY_RATE = 0.05
MEASURES: tuple[Measure, ...] = get_args(Measure)
MOST_NEEDED = 100_000

_PLACE = ["provider", "capability"]
_CASE = [*_PLACE, "case_hash"]
_FAMILIES: Sequence[Sequence[Measure]] = (("quality",), ("reliability",), ("ttft", "latency"), ("cost",))
_WHAT = {
    "quality": "a judged answer",
    "reliability": "an attempt that counts",
    "ttft": "a time to the first token that counts (measured, not saturated)",
    "latency": "a latency that counts (measured, not saturated)",
    "cost": "a known cost",
}
_LEAST = 1e-9  # seconds or USD: below, two figures are the same, and a cost of 0 has a logarithm


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a measure may move and still be called equal: `quality` and `reliability` by so much, the others by such a share."""

    quality: float = 0.02
    reliability: float = 0.02
    latency: float = 0.10
    cost: float = 0.05

    def worse(self, measure: Measure) -> float:
        """The tolerance on the scale on which changes of this measure are compared: differences, or those of logarithms."""
        if measure in {"quality", "reliability"}:
            return self.quality if measure == "quality" else self.reliability
        return math.log1p(self.cost if measure == "cost" else self.latency)


def compare(
    base_calls: pd.DataFrame,
    base_scores: pd.DataFrame,
    new_calls: pd.DataFrame,
    new_scores: pd.DataFrame,
    tolerance: Tolerance = Tolerance(),
) -> list[Comparison]:
    """A cell for each provider, capability and measure of either run, sorted by these; the columns are those of `standings`.

    What pairs is the same `case_hash` for the same provider, and the unit is the case: repeats are averaged first, and of times and costs
    the median is taken. A case counts for quality if it was judged, for reliability if it was asked and answered or failed on the provider's side,
    for time if its row counts for latency (`timed`), for cost if that is known. The tests:

    - quality: McNemar's for 0/1 without clusters, otherwise cluster-robust t or sign flips (`paired_means`); reliability: McNemar's, or
      the same where repeats make it graded; times and cost: Wilcoxon's on log ratios. p is adjusted (Benjamini–Hochberg at 5 %) within
      each family: quality, reliability, latency (with time to the first token), cost.
    - `regressed`, `improved`: adjusted p ≤ 0.05 and the whole interval lies beyond the tolerance. `equal`: the interval lies within it.
      Otherwise `undecided`.
    - `missing`: BASE has figures and NEW has none. `invalid`: the reverse, no case of both is the same, or neither has a figure.

    Raises:
        WrongUse: a run of simulated providers is held against one of real ones, or a provider is simulated in only one of them.
    """
    made_up = _simulated(base_calls, new_calls)
    both = [_Side.of(base_calls, base_scores), _Side.of(new_calls, new_scores)]
    table = both[0].figures.merge(
        both[1].figures, on=["measure", *_CASE], how="outer", suffixes=("_base", "_new"), sort=True
    )
    rows = dict(iter(table.groupby(["measure", *_PLACE], sort=False)))
    names = both[1].names | both[0].names
    cells = []
    for place in sorted(both[0].places | both[1].places):
        provider, capability = place
        for measure in MEASURES:
            cell = Comparison(provider, capability, measure, made_up[provider], "undecided", "")
            found = rows.get((measure, provider, capability), table.iloc[:0])
            cells.append(_paired(cell, found, names, asked=tuple(place in side.places for side in both)))
    return [_judged(cell, pairs, tolerance) for cell, pairs in _adjusted(cells)]


@dataclass(frozen=True)
class _Side:
    """One run: a row for each measure and case with a figure; which provider was asked for what; what the cases are called."""

    figures: pd.DataFrame
    places: set[tuple[str, str]]
    names: dict[str, str]

    @classmethod
    def of(cls, calls: pd.DataFrame, scores: pd.DataFrame) -> _Side:
        trials = trials_of(calls, scores)
        fair = trials[(trials["answered"] & ~trials["replayed"]) | (trials["side"] == "provider")]
        clean, ready = timed(calls), answered(calls)
        cases = cases_of(trials, _PLACE)
        parts: dict[Measure, pd.Series] = {
            "quality": cases[cases["state"] == "scored"].set_index(_CASE)["value"],
            "reliability": fair.assign(value=fair["answered"].astype(float)).groupby(_CASE)["value"].mean(),
            "ttft": _medians(clean, "ttft_s"),
            "latency": _medians(clean, "latency_s"),
            "cost": _medians(ready, "cost_usd"),
        }
        figures = pd.concat(
            [part.rename("value").reset_index().assign(measure=measure) for measure, part in parts.items()]
        )
        figures = figures.merge(cases[[*_CASE, "cluster"]], on=_CASE)
        called = calls.drop_duplicates("case_hash")
        names = called["suite"].astype(str) + "::" + called["case_id"].astype(str)
        places = set(zip(trials["provider"], trials["capability"], strict=True))
        return cls(figures.astype({"value": float}), places, dict(zip(called["case_hash"], names, strict=True)))


def _medians(calls: pd.DataFrame, column: str) -> pd.Series:
    known = calls.assign(value=pd.to_numeric(calls[column])).dropna(subset=["value"])
    return known.groupby(_CASE)["value"].median()


def _simulated(base: pd.DataFrame, new: pd.DataFrame) -> dict[str, bool]:
    """Whether each provider is simulated."""
    sides = [
        flags(calls["simulated"]).groupby(calls["provider"].to_numpy()).any().to_dict()
        for calls in (base[base["phase"] == "measure"], new[new["phase"] == "measure"])
    ]
    if sides[0] and sides[1] and not set(sides[0].values()) & set(sides[1].values()):
        kinds = ["of simulated providers" if any(side.values()) else "of real ones" for side in sides]
        raise WrongUse(f"BASE is a run {kinds[0]} and NEW is one {kinds[1]}: what differs says nothing of either")
    changed = [str(name) for name in sides[0] if sides[1].get(name, sides[0][name]) != sides[0][name]]
    if changed:
        raise WrongUse(
            f"{', '.join(changed)}: simulated in one of the runs and real in the other, so they do not compare"
        )
    return {str(name): bool(flag) for name, flag in (sides[0] | sides[1]).items()}


def _paired(
    cell: Comparison, rows: pd.DataFrame, names: dict[str, str], asked: tuple[bool, ...]
) -> tuple[Comparison, Paired | None]:
    """The cell with what its pairs say, before p is adjusted; without pairs it is missing or not comparable."""
    in_base, in_new = rows["value_base"].notna(), rows["value_new"].notna()
    pairs = rows[in_base & in_new]
    cell = replace(
        cell,
        n_pairs=len(pairs),
        n_missing=int((in_base & ~in_new).sum()),
        n_added=int((in_new & ~in_base).sum()),
        unpaired=tuple(sorted(names[case] for case in rows.loc[in_base != in_new, "case_hash"])),
    )
    if pairs.empty:
        return _without_pairs(cell, asked), None
    found = _test(cell.measure, pairs)
    typical = np.mean if cell.measure in {"quality", "reliability"} else np.median
    change = found if typical is np.mean else _as_ratio(found)
    interval = change.interval or (None, None)
    return replace(
        cell,
        base=float(typical(pairs["value_base"])),
        new=float(typical(pairs["value_new"])),
        change=Estimate(change.value, change.n, *interval),
        p=found.p,
    ), found


def _without_pairs(cell: Comparison, asked: tuple[bool, ...]) -> Comparison:
    what = _WHAT[cell.measure]
    if cell.n_missing and cell.n_added:
        why = f"none of the {cell.n_missing} cases with {what} in BASE is among the {cell.n_added} of NEW"
        return replace(cell, verdict="invalid", why=why)
    if not asked[1]:
        return replace(cell, verdict="missing", why="NEW did not ask for it")
    if cell.n_missing:
        return replace(cell, verdict="missing", why=f"none of its {cell.n_missing} cases has {what} in NEW")
    if not asked[0]:
        return replace(cell, verdict="invalid", why="BASE did not ask for it")
    where = "BASE" if cell.n_added else "either run"
    return replace(cell, verdict="invalid", why=f"no case has {what} in {where}")


def _test(measure: Measure, pairs: pd.DataFrame) -> Paired:
    base, new = pairs["value_base"].to_numpy(dtype=float), pairs["value_new"].to_numpy(dtype=float)
    if measure not in {"quality", "reliability"}:
        return paired_logs(np.log(np.maximum(new, _LEAST)) - np.log(np.maximum(base, _LEAST)))
    cases = pairs["case_hash"].to_numpy()
    clusters = pairs["cluster_base"].to_numpy() if measure == "quality" else cases
    on_their_own = len(pd.unique(clusters)) == len(clusters)
    if on_their_own and np.isin(base, (0.0, 1.0)).all() and np.isin(new, (0.0, 1.0)).all():
        return paired_rates(base, new)
    return paired_means(new - base, clusters)


def _as_ratio(logs: Paired) -> Paired:
    interval = logs.interval and Interval(math.exp(logs.interval.low), math.exp(logs.interval.high))
    return replace(logs, value=math.exp(logs.value), interval=interval)


def _adjusted(cells: list[tuple[Comparison, Paired | None]]) -> Iterable[tuple[Comparison, Paired | None]]:
    """The same with their adjusted p, in the same order."""
    found: dict[int, float] = {}
    for family in _FAMILIES:
        tested = {
            place: cell.p for place, (cell, _) in enumerate(cells) if cell.measure in family and cell.p is not None
        }
        found |= zip(tested, false_discovery(list(tested.values())), strict=True)
    for place, (cell, pairs) in enumerate(cells):
        yield replace(cell, p_adjusted=found.get(place)), pairs


def _judged(cell: Comparison, pairs: Paired | None, tolerance: Tolerance) -> Comparison:
    if pairs is None:
        return cell
    reach = tolerance.worse(cell.measure)
    side = _side(pairs.interval, reach)
    sure = cell.p_adjusted is not None and cell.p_adjusted <= FALSE_DISCOVERY_RATE
    if side == 0:
        return replace(cell, verdict="equal", why="the interval lies within the tolerance")
    if side is not None and sure:
        better = side > 0 if cell.measure in {"quality", "reliability"} else side < 0
        how = "better" if better else "worse"
        return replace(cell, verdict="improved" if better else "regressed", why=f"{how} by more than the tolerance")
    needed = _needed(cell, pairs, reach)
    if pairs.interval is None:
        why = "too few independent cases for an interval"
    elif side is None:
        why = "the interval lies across the tolerance"
    else:
        why = "beyond the tolerance, but beside the other cells chance explains it"
    more = f"; about {needed:,} more cases would decide" if needed else ""
    return replace(cell, verdict="undecided", why=why + more, n_needed=needed)


def _side(interval: Interval | None, reach: float) -> int | None:
    """Where an interval lies: 0 within the tolerance, 1 above it, −1 below it, None across one of its ends."""
    if interval is None:
        return None
    if interval.low > reach:
        return 1
    if interval.high < -reach:
        return -1
    return 0 if -reach <= interval.low and interval.high <= reach else None


def _needed(cell: Comparison, pairs: Paired, reach: float) -> int | None:
    """About how many more cases would decide, at least one; None if it takes more than `MOST_NEEDED`."""
    if pairs.interval is None:  # or they are many, of one cluster: more of that would not help
        return max(0, smallest_n(0.5) - pairs.n) or None
    if _side(pairs.interval, reach) is not None and cell.p is not None and cell.p_adjusted:
        growth = p_growth(cell.p, FALSE_DISCOVERY_RATE * cell.p / cell.p_adjusted)
        return None if growth is None else max(1, math.ceil((growth - 1) * pairs.n))
    if _side(pairs.interval_at(pairs.n + MOST_NEEDED), reach) is None:
        return None
    low, high = 0, MOST_NEEDED
    while high - low > 1:
        middle = (low + high) // 2
        decided = _side(pairs.interval_at(pairs.n + middle), reach) is not None
        low, high = (low, middle) if decided else (middle, high)
    return high
