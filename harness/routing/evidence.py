"""What a choice of routes rests on: values of the same cases for every provider, reliability, cost, and where it all is from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.errors import NothingSelected, WrongUse
from harness.late import pd
from harness.routing.asked import Asked
from harness.routing.fading import faded, newest
from harness.stats import (
    CALL_COLUMNS,
    SCORE_COLUMNS,
    Crossed,
    Posterior,
    cases_of,
    crossed_posteriors,
    flags,
    shrink,
    trials_of,
    wilson,
)

_Table = TypeVar("_Table", "pd.DataFrame", "pd.Series")

RELIABLE = 0.9
_ABOUT_CALLS = (
    "suite_hash",
    "simulated",
    "started_at",
    "cost_usd",
    "price_id",
    "latency_s",
    "ttft_s",
    "saturated",
    "model_requested",
)
CALLS, SCORES = (*CALL_COLUMNS, *_ABOUT_CALLS), SCORE_COLUMNS
"""The columns of calls and of scores that routes are chosen by."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """`values`: a row for each (capability, case_hash), a column for each provider, NaN where it has no scored value.

    `clusters` are the rows' clusters. `reliable_at_most` is the upper bound of each provider's reliability, `cost_per_call` in USD is
    infinite where unknown. `created` is the start of the last attempt. `asked` has money and seconds, case by case.
    """

    values: pd.DataFrame
    clusters: pd.Series
    reliable_at_most: dict[str, float]
    cost_per_call: dict[str, float]
    simulated: bool
    run_ids: tuple[str, ...]
    suite_hashes: dict[str, str]
    price_ids: tuple[str, ...]
    created: datetime
    asked: Asked = field(default_factory=Asked)
    _believed: dict[tuple[float, tuple[str, ...]], Crossed] = field(default_factory=dict)
    _heard: dict[float, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def gather(
        cls,
        calls: pd.DataFrame,
        scores: pd.DataFrame,
        half_life_days: float = np.inf,
        trials: pd.DataFrame | None = None,
    ) -> Evidence:
        """Read it from calls and scores, of one run or of several; `trials` is what `trials_of` makes of them, where that is known.

        Of several, old cases fade (`fading.faded`), and a provider's case counts as it was scored last; reliability is over all that still counts.

        Raises:
            NothingSelected: no trial was measured.
            WrongUse: simulated and real rows are mixed.
        """
        measured = calls[(calls["phase"] == "measure").astype(bool)]
        if measured.empty:
            raise NothingSelected("no trial was measured: there is nothing to choose routes from")
        simulated = flags(measured["simulated"])
        if simulated.any() and not simulated.all():
            raise WrongUse(
                "simulated and real providers are mixed, and their evidence says nothing of each other: "
                "run one kind at a time (--only, --simulated)"
            )
        left = faded(measured, half_life_days)
        if trials is None or left is not measured:
            trials = trials_of(left, scores)
        measured = left
        judged = trials[trials["state"] == "scored"]
        cases = cases_of(newest(judged, measured), ["provider", "capability"])
        scored = cases[cases["state"] == "scored"]
        place = ["capability", "case_hash"]
        for name in ("provider", "capability"):  # no categories of nobody
            scored = scored.assign(**{name: scored[name].astype("category").cat.remove_unused_categories()})
        values = _plain(scored.pivot(index=place, columns="provider", values="value").sort_index())
        in_time = measured[["suite", "suite_hash", "started_at"]]
        if not in_time["started_at"].is_monotonic_increasing:
            in_time = in_time.sort_values("started_at", kind="stable")
        paid = measured[~flags(measured["replayed"])]
        suites = in_time[["suite", "suite_hash"]].drop_duplicates(keep="last")
        return cls(
            values=values.set_axis(values.columns.astype(str), axis="columns"),
            clusters=_plain(scored.drop_duplicates(place).set_index(place)["cluster"].sort_index()),
            reliable_at_most=_reliable_at_most(trials),
            cost_per_call=_cost_per_call(measured),
            asked=Asked(newest(paid, measured)),
            simulated=bool(simulated.any()),
            run_ids=_names(measured["run_id"]),
            suite_hashes=dict(zip(suites["suite"].astype(str), suites["suite_hash"].astype(str), strict=True)),
            price_ids=_names(measured["price_id"]),
            created=in_time["started_at"].iloc[-1].floor("us").to_pydatetime(),
        )

    def part(self, rows: NDArray[np.intp]) -> Evidence:
        """The same of some of the cases, by their numbers; who is reliable is known from all."""
        values = self.values.iloc[rows].dropna(axis="columns", how="all")
        return replace(
            self,
            values=values,
            clusters=self.clusters.iloc[rows],
            asked=self.asked.part(values.index),
            _believed={},
            _heard={},
        )

    @property
    def capabilities(self) -> list[str]:
        """The capabilities with a scored case, sorted."""
        return [str(name) for name in self.values.index.unique("capability")]

    @property
    def providers(self) -> list[str]:
        """Everybody who was asked, sorted."""
        return sorted(self.reliable_at_most)

    def scored_in(self, capability: str) -> list[str]:
        """The providers with a scored case in a capability, sorted."""
        return self._scored[capability]

    @cached_property
    def _scored(self) -> dict[str, list[str]]:
        there = self.values.notna().groupby(level="capability", observed=True).any()
        return {
            str(name): [str(one) for one in there.columns[row]]
            for name, row in zip(there.index, there.to_numpy(), strict=True)
        }

    def is_reliable(self, provider: str) -> bool:
        """Whether its reliability may be 0.9 or more; a provider that was never really asked is not."""
        return self.reliable_at_most[provider] >= RELIABLE

    def best_single(self, among: list[str], prior_mass: float) -> str:
        """The best of `among` over all cases: by mean quality; of equals the cheaper one, then the first by name.

        So that a provider with three lucky cases does not win, means are pulled toward 0.5 with `prior_mass`. The centre is fixed: what
        others scored changes nothing between two providers. Who is not reliable is taken only where nobody is.
        """

        def rank(provider: str) -> tuple[bool, float, float, str]:
            cost = self.cost_per_call[provider]
            return not self.is_reliable(provider), -self.rated(provider, prior_mass), cost, provider

        return min(among, key=rank)

    def posterior(self, capability: str, challenger: str, incumbent: str, prior_mass: float) -> Posterior | None:
        """What is believed of challenger − incumbent in a capability; None where they share no scored case."""
        if prior_mass not in self._heard:
            self._heard[prior_mass] = self._who_is_heard(prior_mass)
        names = tuple(sorted(self._heard[prior_mass] | {challenger, incumbent}))
        key = (prior_mass, names)
        if key not in self._believed:
            rows = self.values[list(names)].dropna(how="all")
            groups = rows.index.get_level_values("capability").to_numpy()
            clusters = self.clusters.loc[rows.index].to_numpy()
            self._believed[key] = crossed_posteriors(rows.to_numpy(dtype=float), groups, clusters, prior_mass)
        return self._believed[key].difference(capability, names.index(challenger), names.index(incumbent))

    def seconds_per_call(self, provider: str) -> float:
        """Mean seconds to the last token over its timed cases; infinite where unknown."""
        seconds = self.asked.seconds.get(provider)
        return float(seconds.mean()) if seconds is not None and seconds.notna().any() else np.inf

    def _who_is_heard(self, prior_mass: float) -> frozenset[str]:
        """Whose values say how hard a capability is: the reliable ones, but nobody whom a cheaper one equals or beats in quality.

        Without that a hopeless provider would have a say in the choice between the others. An unknown cost is the highest.
        """
        rated = {name: self.rated(name, prior_mass) for name in self.values.columns if self.is_reliable(name)}
        cost = self.cost_per_call
        return frozenset(
            name
            for name, quality in rated.items()
            if not any(cost[other] < cost[name] and rated[other] >= quality for other in rated)
        )

    def rated(self, provider: str, prior_mass: float) -> float:
        """Mean quality over all cases, pulled toward 0.5."""
        mean, n = self._means[provider]
        return round(shrink(mean, n, 0.5, prior_mass), 12)

    @cached_property
    def _means(self) -> dict[str, tuple[float, int]]:
        """Each provider's mean value, 0.5 where there is none, and of how many cases."""
        known = {str(name): values.dropna() for name, values in self.values.items()}
        return {name: (float(values.mean()) if len(values) else 0.5, len(values)) for name, values in known.items()}


def _reliable_at_most(trials: pd.DataFrame) -> dict[str, float]:
    counts = trials.assign(against=trials["side"] == "provider").groupby("provider")[["answered", "against"]].sum()
    bounds = {}
    for provider, good, bad in counts.itertuples():
        n = int(good) + int(bad)
        bounds[str(provider)] = wilson(int(good), n).high if n else 0.0
    return bounds


def _cost_per_call(measured: pd.DataFrame) -> dict[str, float]:
    paid = measured[~flags(measured["replayed"])]
    means = pd.to_numeric(paid["cost_usd"]).groupby(paid["provider"], observed=True).mean()
    costs = {str(name): np.inf for name in measured["provider"].unique()}
    return costs | {str(name): float(mean) for name, mean in means.dropna().items()}


def _plain(table: _Table) -> _Table:
    """The same with capabilities as plain texts in its index: a million of them are only numbered until here."""
    index = table.index
    assert isinstance(index, pd.MultiIndex)
    return table.set_axis(index.set_levels([str(name) for name in index.levels[0]], level=0))


def _names(column: pd.Series) -> tuple[str, ...]:
    return tuple(sorted(str(name) for name in column.dropna().unique()))
