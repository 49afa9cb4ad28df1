"""The rows of each provider and capability as arrays: a cell of a million rows' table costs no more than its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.judged import ALL
from harness.late import pd
from harness.stats import STATES, cases_of, flags

PLACE = ["provider", "capability"]

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Rows = NDArray[Any]


class Calls(NamedTuple):
    """What of attempts makes a standing, a value for each of them.

    They count for answers (`ready`), saturation, latency (`clean`), the cost of a call (`counted`) and spend (`fresh`); or for a spend that
    nobody knows (`unknown`).
    """

    ready: Flags
    saturated: Flags
    clean: Flags
    counted: Flags
    fresh: Flags
    unknown: Flags
    ttft_s: Numbers
    latency_s: Numbers
    cost_usd: Numbers

    def at(self, rows: Rows) -> Calls:
        """Of these rows alone."""
        return Calls._make(column[rows] for column in self)

    @classmethod
    def of(cls, calls: pd.DataFrame) -> Calls:
        """Of rows of calls.parquet."""
        ok, measured = _equal(calls["status"], "ok"), _equal(calls["phase"], "measure")
        fresh, saturated = ~flags(calls["replayed"]).to_numpy(), flags(calls["saturated"]).to_numpy()
        ttft_s, latency_s, cost_usd = (_numbers(calls[name]) for name in ("ttft_s", "latency_s", "cost_usd"))
        counted = measured & fresh
        ready = counted & ok
        clean = ready & ~np.isnan(latency_s) & ~saturated
        unknown = fresh & ok & np.isnan(cost_usd)
        return cls(ready, ready & saturated, clean, counted, fresh, unknown, ttft_s, latency_s, cost_usd)


class Trials(NamedTuple):
    """What of trials makes a standing: `blamed` is the provider's failure, `kind` the place of the failure among all kinds, −1 for none."""

    asked: Flags
    answered: Flags
    blamed: Flags
    value: Numbers
    kind: Rows

    def at(self, rows: Rows) -> Trials:
        """Of these rows alone."""
        return Trials._make(column[rows] for column in self)

    @classmethod
    def of(cls, trials: pd.DataFrame, kind: Rows) -> Trials:
        """Of what `trials_of` gives."""
        answered, asked = trials["answered"].to_numpy(dtype=bool), ~trials["replayed"].to_numpy(dtype=bool)
        return cls(asked, answered, _equal(trials["side"], "provider"), _numbers(trials["value"]), kind)


class Cases(NamedTuple):
    """What of cases makes a standing: the place of their state in `STATES`, their value, the number of their cluster."""

    state: Rows
    value: Numbers
    cluster: Rows

    def at(self, rows: Rows) -> Cases:
        """Of these rows alone."""
        return Cases._make(column[rows] for column in self)

    @classmethod
    def of(cls, cases: pd.DataFrame) -> Cases:
        """Of what `cases_of` gives."""
        state = pd.Categorical(cases["state"], STATES).codes
        return cls(state, _numbers(cases["value"]), cases["cluster"].cat.codes.to_numpy())


@dataclass(frozen=True, slots=True)
class Cell:
    """All of one provider and capability (`ALL`: of all its capabilities). `kinds` are those that the trials' kinds are the places in."""

    provider: str
    capability: str
    calls: Calls
    trials: Trials
    cases: Cases
    kinds: tuple[str, ...]


def cells(calls: pd.DataFrame, trials: pd.DataFrame) -> Iterator[Cell]:
    """One for each provider (`ALL`), sorted, then one for each provider and capability."""
    kind, kinds = pd.factorize(trials["kind"], sort=True)
    facts, own = Calls.of(calls), Trials.of(trials, kind)
    for by in (PLACE[:1], PLACE):
        cases = cases_of(trials, by)
        told = Cases.of(cases)
        rows_of = [_rows_of(table, by) for table in (calls, trials, cases)]
        for place in sorted(rows_of[2]):
            of_calls, of_trials, of_cases = (rows[place] for rows in rows_of)
            parts = facts.at(of_calls), own.at(of_trials), told.at(of_cases)
            provider, capability = (*place, ALL)[:2]
            yield Cell(provider, capability, *parts, tuple(map(str, kinds)))


def _rows_of(table: pd.DataFrame, by: list[str]) -> dict[tuple[str, ...], Rows]:
    """Where the rows of each combination of names are, in their order."""
    found = table.groupby(by, observed=True).indices
    names = ((place if isinstance(place, tuple) else (place,), rows) for place, rows in found.items())
    return {tuple(map(str, place)): np.asarray(rows) for place, rows in names}


def _equal(column: pd.Series, word: str) -> Flags:
    return (column == word).to_numpy(dtype=bool, na_value=False)


def _numbers(column: pd.Series) -> Numbers:
    return pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
