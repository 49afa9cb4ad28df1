"""What a run's rows say before anybody is judged: which count for latency, what was spent, what a reader must not miss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from harness.late import pd
from harness.stats import flags, trials_of


def answered(calls: pd.DataFrame) -> pd.DataFrame:
    """The rows with an answer that was measured: phase measure, ok, not replayed."""
    fit = (
        (calls["phase"] == "measure").astype(bool) & (calls["status"] == "ok").astype(bool) & ~flags(calls["replayed"])
    )
    return calls[fit]


def timed(calls: pd.DataFrame) -> pd.DataFrame:
    """The rows whose latency is the provider's: answered and measured (`answered`), with a latency, not saturated."""
    rows = answered(calls)
    return rows[rows["latency_s"].notna() & ~flags(rows["saturated"])]


def spend(calls: pd.DataFrame) -> float | None:
    """What the rows cost together, in USD, replayed rows left out; None if the cost of an answered one is unknown."""
    paid = calls[~flags(calls["replayed"])]
    cost = pd.to_numeric(paid["cost_usd"])
    unknown = cost.isna() & (paid["status"] == "ok").astype(bool)
    return None if unknown.any() else float(cost.sum())


def duration(calls: pd.DataFrame) -> float:
    """Seconds from the first attempt's start to the last one's end, warm-ups left out; 0 where no row has a time."""
    calls = calls.loc[
        (calls["phase"] != "warmup").to_numpy(dtype=bool) & calls["started_at"].notna(), ["started_at", "latency_s"]
    ]
    if calls.empty:
        return 0.0
    lasted = pd.to_timedelta(pd.to_numeric(calls["latency_s"]).fillna(0.0), unit="s")
    return float(((calls["started_at"] + lasted).max() - calls["started_at"].min()).total_seconds())


def dated(calls: pd.DataFrame, created: datetime) -> pd.DataFrame:
    """The same, where a row of unknown time, which only an imported run has, counts from when its run was made."""
    begun = calls["started_at"]
    return calls.assign(started_at=begun.fillna(pd.Timestamp(created))) if begun.hasnans else calls


def notes(
    calls: pd.DataFrame,
    scores: pd.DataFrame,
    planned: int,
    in_flight: Mapping[str, int],
    trials: pd.DataFrame | None = None,
) -> list[str]:
    """Sentences that a reader of the run must not miss.

    `planned` is the number of trials, `in_flight` how many requests to each provider were allowed at once. `trials` is what `trials_of` makes of
    calls and scores, where that is known.
    """
    trials = trials_of(calls, scores) if trials is None else trials
    found = []
    if len(trials) < planned:
        found.append(f"{planned - len(trials):,} of {planned:,} planned trials were not asked.")
    found += _silent(calls, trials)
    found += _retried(calls)
    states = trials["state"].value_counts()
    if unscored := int(states.get("unscored", 0)):
        found.append(
            f"{unscored:,} of {len(trials):,} trials have an answer that could not be judged: they are in no quality "
            f"({_reasons(scores)})."
        )
    found += _saturated(calls, in_flight)
    found += _counts(calls)
    return found


def _saturated(calls: pd.DataFrame, in_flight: Mapping[str, int]) -> list[str]:
    """The share of each provider's answers that the harness was too slow to time, and what to lower."""
    rows = answered(calls)
    marked = flags(rows["saturated"])
    if not marked.any():
        return []
    shares = marked.groupby(rows["provider"]).agg(["sum", "size"])
    each = ", ".join(
        f"{provider} {100 * int(n) / int(size):.0f} % of {int(size):,}"
        + (f" with {in_flight[str(provider)]} in flight" if provider in in_flight else "")
        for provider, n, size in shares[shares["sum"] > 0].itertuples()
    )
    how_many = f"{int(marked.sum()):,} of {len(rows):,} answers were timed while the harness was saturated"
    remedy = "Lower --concurrency or --rate, or ask fewer providers at once (--only)"
    return [f"{how_many}: they are in no latency ({each}). {remedy}."]


def _reasons(scores: pd.DataFrame, most: int = 3) -> str:
    """Why answers could not be judged, the commonest reasons first, with how many criteria each kept from judging."""
    counts = (
        scores.loc[scores["state"] == "unscored", "reason"]
        .value_counts()
        .sort_index()
        .sort_values(ascending=False, kind="stable")
    )
    counts = counts[counts > 0]  # a categorical counts what others said as well
    return ", ".join([*(f"{why}: {n:,}" for why, n in counts.items())][:most]) + ("" if len(counts) <= most else ", …")


def _silent(calls: pd.DataFrame, trials: pd.DataFrame) -> list[str]:
    """Providers that answered nothing at all, with what the last of them said."""
    found = []
    for provider, rows in trials.groupby("provider", sort=True):
        if not rows["answered"].any():
            last = calls[calls["provider"] == provider].iloc[-1]
            found.append(
                f"{provider} answered none of its {len(rows):,} trials: {last['failure_kind']}: {last['error']}"
            )
    return found


def _retried(calls: pd.DataFrame) -> list[str]:
    """Requests that failed and were asked again with success: the standings do not show them."""
    lost = calls[(calls["status"] != "ok").to_numpy(dtype=bool)]
    solved = calls.loc[(calls["status"] == "ok").to_numpy(dtype=bool), "trial_id"]
    retried = lost[lost["trial_id"].isin(solved[solved.isin(lost["trial_id"])])]
    if retried.empty:
        return []
    counts = (retried["provider"].astype(str) + ": " + retried["failure_kind"].astype(str)).value_counts().sort_index()
    kinds = ", ".join(f"{what} {n}" for what, n in counts.items())
    return [f"{len(retried):,} of {len(calls):,} requests failed and were answered when asked again ({kinds})."]


def _counts(calls: pd.DataFrame) -> list[str]:
    rows = answered(calls)
    tellers: list[tuple[Callable[[pd.DataFrame], pd.Series], str]] = [
        (lambda table: table["timing_source"] == "client", "were timed around litellm's own call, not on the wire: read their latency with caution"),
        (lambda table: (table["timing_source"] == "imported") & table["latency_s"].notna(), "were timed elsewhere, by a clock that we do not know"),
        (lambda table: table["cost_usd"].isna(), "have no known cost: spend and $ for each solved case are unknown for their providers"),
    ]  # fmt: skip
    counts = [(int(teller(rows).sum()), text) for teller, text in tellers]
    found = [f"{n:,} of {len(rows):,} answers {text}." for n, text in counts if n]
    if replayed := int(flags(calls["replayed"]).sum()):
        found.append(
            f"{replayed:,} of {len(calls):,} rows were replayed from the cache: they count for quality, and for nothing else."
        )
    return found
