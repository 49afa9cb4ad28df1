"""Two runs held against each other, case by case: what improved, what regressed, what is equal, and what nobody can say yet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from harness.errors import WrongUse
from harness.judged import ALL, Comparison, Estimate, Measure
from harness.late import pd
from harness.standing.outcomes import CASE, PLACE, who
from harness.standing.tolerance import RATES, TIMES, USUAL, Tolerance
from harness.stats import (
    FALL,
    RISE,
    Interval,
    Paired,
    Tails,
    false_discovery,
    flags,
    p_growth,
    paired_logs,
    paired_means,
    paired_rates,
    smallest_n,
)

FALSE_DISCOVERY_RATE = 0.05
MEASURES: tuple[Measure, ...] = get_args(Measure)
MOST_NEEDED = 100_000

FAMILIES: Sequence[Sequence[Measure]] = (("quality",), ("reliability",), ("ttft", "latency"), ("cost", "tokens"))
_WHAT = {
    "quality": "a judged answer",
    "reliability": "an attempt that counts",
    "ttft": "a time to the first token that counts (measured, not saturated)",
    "latency": "a latency that counts (measured, not saturated)",
    "cost": "a known cost",
    "tokens": "a known number of tokens",
}
_BARS: Mapping[str, tuple[str, frozenset[Measure]]] = {
    "params": ("it was asked with other parameters", frozenset(MEASURES)),
    "scorers": ("it was judged by other scorers (`harness score` judges a run again)", frozenset({"quality"})),
    "price_id": ("its cost is counted by other prices (tokens compare)", frozenset({"cost"})),
}
"""Which conditions keep a case of one run from being held against the same of the other, and for which measures."""

_SATURATED = "{} was timed while the harness was saturated (lower --concurrency, or ask fewer providers at once)"
_REPLAYED = "{} was replayed from the cache"
_LEAST = 1e-9  # seconds or USD: below, two figures are the same, and a cost of 0 has a logarithm


def compare(
    base: pd.DataFrame,
    new: pd.DataFrame,
    tolerance: Tolerance = USUAL,
    *,
    interleaved: bool = False,
    spent: float = 1.0,
) -> list[Comparison]:
    """A cell for each provider, suite, capability and measure of either run, sorted by these; `base` and `new` are tables of `outcomes`.

    Cells that gather several of them stand behind: for a suite with several capabilities, a capability in several suites, and each provider
    (`ALL`); one with the verdict of a cell that it gathers is `explained`. What pairs is the same `case_hash` in the same suite for the same provider, and the unit is the case. A case does not pair where its
    parameters changed; for quality, where its scorers did; for cost, where the prices did. The tests:

    - quality: McNemar's for 0/1 without clusters, otherwise cluster-robust t or sign flips (`paired_means`); reliability: McNemar's, or
      the same where repeats make it graded; times, cost, tokens: Wilcoxon's on log ratios. All are directed: 4 % of error
      are spent on what got worse and half a percent on what got better, and intervals are those of the same tests. p is adjusted (Benjamini–Hochberg at 5 %) within each
      family: quality, reliability, latency (with time to the first token), cost (with tokens).
    - `equal`: the interval lies within the tolerance. `regressed`, `improved`: adjusted p ≤ 0.05, the interval leaves no change out, and the change
      is beyond the tolerance. Otherwise `undecided`.
    - Unless the runs were `interleaved`, case by case, their times differ by the hour as well, which no test knows of: then the whole interval of times has to
      lie beyond the tolerance, for it stands for the hour.
    - Where runs are compared again and again while they grow, each look may spend only a share of the error (`looks`): `spent`.
    - `missing`: BASE has figures and NEW has none. `invalid`: the reverse, no case of both is the same or may be compared, NEW was replayed or
      its times are not the provider's, or neither has a figure.

    Raises:
        WrongUse: a run of simulated providers is held against one of real ones, or a provider is simulated in only one of them.
    """
    made_up = _simulated(base, new)
    table = base.merge(new, on=CASE, how="outer", suffixes=("_base", "_new"), sort=True, indicator=True)
    table["name"] = table["suite"].astype(str) + "::" + table["case_id_base"].fillna(table["case_id_new"]).astype(str)
    cells = []
    for place, rows in _places(table):
        for measure in MEASURES:
            cell = Comparison(*place, measure, made_up[place[0]], "undecided", "")
            cells.append(_paired(cell, rows, spent))
    judged = [_judged(cell, pairs, tolerance, interleaved) for cell, pairs in _adjusted(cells)]
    changed = [one for one in judged if one.verdict in {"regressed", "improved", "missing"}]
    return [replace(one, explained=_explained(one, changed)) for one in judged]


def _explained(cell: Comparison, changed: Sequence[Comparison]) -> bool:
    """Whether a cell that gathers others says nothing more than they do."""
    if ALL in {cell.suite, cell.capability} and cell.verdict in {"missing", "invalid"}:
        return True
    return any(cell.gathers(part) and part.verdict == cell.verdict for part in changed)


def _places(table: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    """The rows of each provider, suite and capability, then of what gathers several of these, provider by provider."""
    for provider, whole in table.groupby("provider", sort=True):
        finest = dict(iter(whole.groupby(PLACE[1:], sort=True)))
        for (suite, capability), rows in finest.items():
            yield (str(provider), str(suite), str(capability)), rows
        for number, name in enumerate(PLACE[1:]):
            for one, rows in whole.groupby(name, sort=True):
                if sum(place[number] == one for place in finest) > 1:
                    yield (str(provider), *((str(one), ALL) if number == 0 else (ALL, str(one)))), rows
        if len({suite for suite, _ in finest}) > 1 and len({capability for _, capability in finest}) > 1:
            yield (str(provider), ALL, ALL), whole


def _simulated(base: pd.DataFrame, new: pd.DataFrame) -> dict[str, bool]:
    """Whether each provider is simulated."""
    sides = [who(base), who(new)]
    if sides[0] and sides[1] and not set(sides[0].values()) & set(sides[1].values()):
        kinds = ["of simulated providers" if any(side.values()) else "of real ones" for side in sides]
        raise WrongUse(f"BASE is a run {kinds[0]} and NEW is one {kinds[1]}: what differs says nothing of either")
    changed = [name for name in sides[0] if sides[1].get(name, sides[0][name]) != sides[0][name]]
    if changed:
        raise WrongUse(
            f"{', '.join(changed)}: simulated in one of the runs and real in the other, so they do not compare"
        )
    return sides[0] | sides[1]


def _paired(cell: Comparison, rows: pd.DataFrame, spent: float) -> tuple[Comparison, Paired | None]:
    """The cell with what its pairs say, before p is adjusted; without pairs it is missing or not comparable."""
    base, new = rows[f"{cell.measure}_base"], rows[f"{cell.measure}_new"]
    in_base, in_new = base.notna(), new.notna()
    if not (in_base.any() or in_new.any()):
        return _without_pairs(cell, rows), None
    bars = _bars(cell.measure, rows)
    free = bars == ""
    both = in_base & in_new & free
    loose = (in_base != in_new) & free
    cell = replace(
        cell,
        n_pairs=int(both.sum()),
        n_missing=int((in_base & ~in_new & free).sum()),
        n_added=int((in_new & ~in_base & free).sum()),
        unpaired=tuple(sorted(rows.loc[loose, "name"])),
        n_barred=int((~free).sum()),
        barred=tuple(sorted(set(bars[~free]))),
    )
    if not cell.n_pairs:
        return _without_pairs(cell, rows), None
    x, y = base[both].to_numpy(dtype=float), new[both].to_numpy(dtype=float)
    tails = (FALL if cell.measure in RATES else RISE).scaled(spent)
    found = _test(cell.measure, (x, y), rows.loc[both, "cluster_base"].to_numpy(), tails)
    typical = np.mean if cell.measure in RATES else np.median
    change = found if cell.measure in RATES else _as_ratio(found)
    interval = change.interval or (None, None)
    estimate = Estimate(change.value, change.n, *interval)
    return replace(cell, base=float(typical(x)), new=float(typical(y)), change=estimate, p=found.p), found


def _bars(measure: Measure, rows: pd.DataFrame) -> pd.Series:
    """Why each case that both runs asked may not be held against the other's; empty where it may."""
    bars = pd.Series("", index=rows.index, dtype=object)
    asked = rows["_merge"] == "both"
    sides = {side: rows[f"{measure}_{side}"].notna() for side in ("base", "new")}
    for side, other in (("base", "new"), ("new", "base")):
        none = asked & sides[other] & ~sides[side]
        if measure in {"ttft", "latency"}:
            bars[none & flags(rows[f"saturated_{side}"])] = _SATURATED.format(side.upper())
        if measure != "quality":
            bars[none & flags(rows[f"replayed_{side}"])] = _REPLAYED.format(side.upper())
    met = asked & sides["base"] & sides["new"]
    for condition, (why, measures) in _BARS.items():
        if measure in measures:
            before, after = rows[f"{condition}_base"], rows[f"{condition}_new"]
            bars[met & before.notna() & after.notna() & (before != after)] = why
    return bars


def _without_pairs(cell: Comparison, rows: pd.DataFrame) -> Comparison:
    what = _WHAT[cell.measure]
    asked = [bool((rows["_merge"] != only).any()) for only in ("right_only", "left_only")]
    if cell.barred and not cell.n_missing:
        return replace(cell, verdict="invalid", why=cell.barred[0])
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


def _test(measure: Measure, pairs: tuple[np.ndarray, np.ndarray], clusters: np.ndarray, tails: Tails) -> Paired:
    base, new = pairs
    if measure not in RATES:
        return paired_logs(np.log(np.maximum(new, _LEAST)) - np.log(np.maximum(base, _LEAST)), tails)
    if measure == "reliability":  # a provider fails by the request, whatever the cases share
        clusters = np.arange(len(base))
    on_their_own = len(pd.unique(clusters)) == len(clusters)
    if on_their_own and np.isin(base, (0.0, 1.0)).all() and np.isin(new, (0.0, 1.0)).all():
        return paired_rates(base, new, tails)
    return paired_means(new - base, clusters, tails)


def _as_ratio(logs: Paired) -> Paired:
    interval = logs.interval and Interval(math.exp(logs.interval.low), math.exp(logs.interval.high))
    return replace(logs, value=math.exp(logs.value), interval=interval)


def _adjusted(cells: list[tuple[Comparison, Paired | None]]) -> Iterable[tuple[Comparison, Paired | None]]:
    """The same with their adjusted p, in the same order."""
    found: dict[int, float] = {}
    for family in FAMILIES:
        tested = {
            place: cell.p for place, (cell, _) in enumerate(cells) if cell.measure in family and cell.p is not None
        }
        found |= zip(tested, false_discovery(list(tested.values())), strict=True)
    for place, (cell, pairs) in enumerate(cells):
        yield replace(cell, p_adjusted=found.get(place)), pairs


def _judged(cell: Comparison, pairs: Paired | None, tolerance: Tolerance, interleaved: bool) -> Comparison:
    if pairs is None:
        return cell
    reach = tolerance.worse(cell.measure)
    if _side(pairs.interval, reach) == 0:
        return replace(cell, verdict="equal", why="the interval lies within the tolerance")
    whole = cell.measure in TIMES and not interleaved
    beyond = _beyond(pairs, reach, whole=whole)
    sure = cell.p_adjusted is not None and cell.p_adjusted <= FALSE_DISCOVERY_RATE
    better = (pairs.value > 0) == (cell.measure in RATES)
    how = "better" if better else "worse"
    if beyond and sure:
        why = f"{how} by more than the tolerance" if whole else f"{how} beyond chance, by about more than the tolerance"
        return replace(cell, verdict="improved" if better else "regressed", why=why)
    needed = _needed(cell, pairs, reach, whole=whole)
    if pairs.interval is None:
        why = "too few independent cases for an interval"
    elif beyond:
        why = "beyond the tolerance, but beside the other cells chance explains it"
    elif sure:
        why = f"{how} beyond chance, and perhaps by less than the tolerance"
    else:
        why = "the interval lies across the tolerance"
    more = f"; about {needed:,} more cases would decide" if needed else ""
    return replace(cell, verdict="undecided", why=why + more, n_needed=needed)


def _beyond(pairs: Paired, reach: float, *, whole: bool) -> bool:
    """Whether a change is beyond the tolerance: its `whole` interval, or else the change itself while the interval leaves no change out."""
    if whole:
        return _side(pairs.interval, reach) in {1, -1}
    return abs(pairs.value) > reach and _side(pairs.interval, 0.0) in {1, -1}


def _side(interval: Interval | None, reach: float) -> int | None:
    """Where an interval lies: 0 within the tolerance, 1 above it, −1 below it, None across one of its ends."""
    if interval is None:
        return None
    if interval.low > reach:
        return 1
    if interval.high < -reach:
        return -1
    return 0 if -reach <= interval.low and interval.high <= reach else None


def _needed(cell: Comparison, pairs: Paired, reach: float, *, whole: bool) -> int | None:
    """About how many more cases would decide, at least one; None if it takes more than `MOST_NEEDED`."""
    if pairs.interval is None:  # or they are many, of one cluster: more of that would not help
        return max(0, smallest_n(0.5) - pairs.n) or None
    if _beyond(pairs, reach, whole=whole) and cell.p and cell.p_adjusted:
        growth = p_growth(cell.p, FALSE_DISCOVERY_RATE * cell.p / cell.p_adjusted)
        return None if growth is None else max(1, math.ceil((growth - 1) * pairs.n))

    def decided(more: int) -> bool:
        then = replace(pairs, interval=pairs.interval_at(pairs.n + more))
        return _side(then.interval, reach) == 0 or _beyond(then, reach, whole=whole)

    if not decided(MOST_NEEDED):
        return None
    low, high = 0, MOST_NEEDED
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return high
