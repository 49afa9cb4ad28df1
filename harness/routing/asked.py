"""What asking came to beside quality: money and seconds of the same cases for every provider, and which requests kept a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from harness.late import pd
from harness.stats import Posterior, flags, special

PLACE = ["capability", "case_hash"]
REQUESTS = ["capability", "provider", "latency_s", "ttft_s"]
MOST_SATURATED = 0.2
"""With a larger share of its calls timed while the harness itself was saturated, nothing is known of a provider's latency."""


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=PLACE))


@dataclass(frozen=True, slots=True)
class Sides:
    """One figure of challenger and incumbent over the `n` cases they share: both means, and the standard error of their difference."""

    challenger: float
    incumbent: float
    error: float
    n: int


@dataclass(frozen=True, eq=False)
class Asked:
    """Of measured calls that were not replayed what they cost and how long they took, each counted when it is first looked at.

    Where only figures of cases are known, `given` has them in place of calls: `costs` and `seconds`, as below, one request for each case.
    """

    calls: pd.DataFrame = field(default_factory=lambda: pd.DataFrame())  # noqa: PLW0108 - not before it is needed
    given: tuple[pd.DataFrame, pd.DataFrame] | None = None

    @cached_property
    def costs(self) -> pd.DataFrame:
        """USD a call: a row for each (capability, case_hash), a column for each provider, the mean over the case's attempts, NaN where unknown."""
        return _by_case(self.calls, "cost_usd") if self.given is None else self.given[0]

    @cached_property
    def seconds(self) -> pd.DataFrame:
        """The same of seconds to the last token, of answers that count for latency."""
        if self.given is not None:
            return self.given[1]
        timed = self._timed
        return _by_case(timed[timed["status"] == "ok"], "latency_s") if len(timed) else _nothing()

    @cached_property
    def requests(self) -> pd.DataFrame:
        """A row for each timed request, with infinite seconds where the provider failed to answer."""
        if self.given is not None:
            long = self.given[1].melt(ignore_index=False, var_name="provider", value_name="latency_s").dropna()
            return long.reset_index().assign(ttft_s=np.nan)[REQUESTS]
        timed = self._timed
        if timed.empty:
            return pd.DataFrame(columns=REQUESTS)
        answered = (timed["status"] == "ok").to_numpy()
        waits = {name: np.where(answered, _numbers(timed, name), np.inf) for name in REQUESTS[2:]}
        requests = timed[REQUESTS[:2]].assign(**waits)
        return requests[requests[REQUESTS[2:]].notna().any(axis=1)]

    @cached_property
    def saturated(self) -> dict[str, float]:
        """Each provider's share of calls that were timed while the harness was saturated; they are left out of what was timed."""
        if self.calls.empty:
            return {}
        late = flags(self.calls["saturated"]).groupby(self.calls["provider"].to_numpy())
        return {str(name): float(share) for name, share in late.mean().items()}

    @property
    def _timed(self) -> pd.DataFrame:
        calls = self.calls
        if calls.empty:
            return calls
        return calls[~flags(calls["saturated"]) & ((calls["status"] == "ok") | (calls["failure_side"] == "provider"))]

    def part(self, cases: pd.Index) -> Asked:
        """The same of some cases, by (capability, case_hash)."""
        if self.given is not None:
            return Asked(given=(self.given[0].loc[cases], self.given[1].loc[cases]))
        if self.calls.empty:
            return self
        return Asked(self.calls[self.calls["case_hash"].isin(cases.get_level_values(1)).to_numpy()])

    def cost(self, capability: str, challenger: str, incumbent: str) -> Sides | None:
        """USD a call; None where they share no case with a known cost."""
        return _sides(self.costs, capability, challenger, incumbent)

    def wait(self, capability: str, challenger: str, incumbent: str) -> Sides | None:
        """Seconds to the last token; None where they share no timed case."""
        return _sides(self.seconds, capability, challenger, incumbent)

    def within(self, capability: str, provider: str, column: str, limit_s: float) -> tuple[int, int]:
        """How many of a provider's timed requests kept a limit, and how many there are. One without the figure has not."""
        mine = self.requests[(self.requests["capability"] == capability) & (self.requests["provider"] == provider)]
        return int((mine[column].to_numpy(dtype=float) <= limit_s).sum()), len(mine)

    def is_timed(self, provider: str) -> bool:
        """Whether its latency is known, rather than the harness's own."""
        return self.saturated.get(provider, 0.0) <= MOST_SATURATED


def keeps(kept: int, n: int, share: float) -> float:
    """The probability that at least such a share of all requests keeps a limit, when `kept` of `n` did: a Beta posterior on a uniform prior."""
    return 1.0 - float(special.betainc(kept + 1, n - kept + 1, share))


def normal(mean: float, error: float, n: int) -> Posterior:
    """A belief with this mean and standard error, made of n pairs."""
    error = max(error, 1e-12)
    one = np.ones(1)
    return Posterior(n=n, variance=n * error**2, weights=one, means=mean * one, sds=error * one)


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    numbers: np.ndarray = pd.to_numeric(rows[name]).to_numpy(dtype=float, na_value=np.nan)
    return numbers


def _by_case(calls: pd.DataFrame, column: str) -> pd.DataFrame:
    if calls.empty:
        return _nothing()
    keys = [*PLACE, "provider"]
    known = calls[keys].assign(value=_numbers(calls, column)).dropna(subset="value")
    if known.empty:
        return _nothing()
    found = known.groupby(keys, observed=True, sort=True)["value"].mean().unstack("provider")
    return found.set_axis(found.columns.astype(str), axis="columns")


def _sides(frame: pd.DataFrame, capability: str, challenger: str, incumbent: str) -> Sides | None:
    if not {challenger, incumbent} <= set(frame.columns) or capability not in frame.index:
        return None
    rows = frame.index.get_loc(capability)
    both = np.column_stack([frame[name].to_numpy()[rows] for name in (challenger, incumbent)])
    both = both[~np.isnan(both).any(axis=1)]
    n = len(both)
    if n == 0:
        return None
    one, other = both.mean(axis=0)
    differences = both[:, 0] - both[:, 1]
    # one imagined case lies a whole mean away: two equal pairs are no certainty
    variance = (((differences - differences.mean()) ** 2).sum() + max(one, other) ** 2) / n
    return Sides(float(one), float(other), math.sqrt(variance / n), n)
