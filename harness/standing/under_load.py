"""What a load came to: for each provider and level what was achieved, response times from the schedule, and whether the service was measured at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.judged import LoadLevel
from harness.late import pd
from harness.standing.facts import answered, timed
from harness.standing.standings import percentiles
from harness.stats import flags

LATE_SHARE = 0.01
"""If more than this share of the requests went out late, not even the p99 of the rest is the service's."""
LATE_S, LATE_OF_LATENCY = 0.005, 0.01
"""A request is late if it went out more than the larger of these after it was due: seconds, and a share of its latency, as for `saturated`."""
LEVELS_FOR_A_KNEE = 3


def levels(calls: pd.DataFrame, in_flight: Mapping[str, int]) -> list[LoadLevel]:
    """One entry for each provider and level of an open loop or a sweep, in the order of asking; empty for a plain closed loop.

    `in_flight` says how many requests to each provider were allowed at once, for the reasons. With three levels or more one of a provider's is the knee: the
    one of the most power, which is achieved requests a second by mean response time (Kleinrock, Power and deterministic
    rules of thumb for probabilistic problems in computer communications, ICC 1979; Jain, The Art of Computer Systems Performance Analysis,
    1991, section 3.3). Response times are of answered requests, saturated ones included; TTFT and latency are as in standings.
    """
    if "load_level" not in calls:  # a run of before there were loads
        return []
    rows = calls[(calls["phase"] == "measure").astype(bool) & calls["load_level"].notna()]
    found = []
    for provider, own in rows.groupby("provider", sort=True):
        asked = own["load_level"].unique()
        of_this = [
            _level(str(provider), float(level), own[own["load_level"] == level], in_flight.get(str(provider)))
            for level in asked
        ]
        found += _with_knee(of_this)
    return found


def invalid(found: Iterable[LoadLevel]) -> list[str]:
    """A sentence for each provider whose service was not measured, at one level at least."""
    by_provider: dict[str, list[LoadLevel]] = {}
    for one in found:
        by_provider.setdefault(one.provider, []).append(one)
    said = []
    for provider, own in by_provider.items():
        bad = [one for one in own if one.invalid]
        if bad:
            which = f", {len(bad)} of {len(own)} levels" if len(own) > 1 else ""
            said.append(
                f"Invalid as a service measurement: {provider}{which}, at {bad[0].level:g} requests/s: {bad[0].invalid}."
            )
    return said


def _level(provider: str, level: float, rows: pd.DataFrame, in_flight: int | None) -> LoadLevel:
    trials = int(rows["trial_id"].nunique())
    good = answered(rows)
    clean = timed(rows)
    dropped = int((rows["failure_kind"] == "dropped").sum())
    is_open = bool(rows["scheduled_s"].notna().any())
    response = pd.to_numeric(good["response_s"] if is_open else good["latency_s"]).dropna()
    return LoadLevel(
        provider=provider,
        level=level,
        is_open=is_open,
        asked=trials,
        answered=int(good["trial_id"].nunique()),
        dropped=dropped,
        achieved=_achieved(good, trials / level if is_open and level else 0.0),
        ttft=percentiles(clean["ttft_s"].dropna().to_numpy(dtype=float)),
        latency=percentiles(clean["latency_s"].to_numpy(dtype=float)),
        response=percentiles(response.to_numpy(dtype=float)),
        response_mean=float(response.mean()) if len(response) else None,
        invalid=_invalid(rows, dropped, in_flight) if is_open else "",
    )


def _achieved(good: pd.DataFrame, planned_s: float) -> float:
    """Answers a second, from the first request's due time (closed loop: its start) to the last answer; at least over the time planned."""
    if good.empty:
        return 0.0
    latency = pd.to_numeric(good["latency_s"]).fillna(0.0)
    if planned_s:
        begun, ended = good["scheduled_s"], good["scheduled_s"] + good["response_s"].fillna(latency)
        lasted = float(ended.max() - begun.min())
    else:
        ended = good["started_at"] + pd.to_timedelta(latency, unit="s")
        lasted = float((ended.max() - good["started_at"].min()).total_seconds())
    return len(good) / max(lasted, planned_s) if max(lasted, planned_s) else 0.0


def _invalid(rows: pd.DataFrame, dropped: int, in_flight: int | None) -> str:
    """Why what was measured is not the service but what stands before it; empty where it is the service."""
    if dropped:
        return f"{dropped:,} of {rows['trial_id'].nunique():,} requests were dropped, since too many waited already (--queue)"
    first = rows[(rows["attempt"] == 1).astype(bool) & ~flags(rows["replayed"])]
    if first.empty:
        return ""
    latency = pd.to_numeric(first["latency_s"])
    bound = (LATE_OF_LATENCY * latency.fillna(0.0)).clip(lower=LATE_S)
    queued, throttled = pd.to_numeric(first["queue_s"]), pd.to_numeric(first["throttle_s"])
    connecting = pd.to_numeric(first["connect_s"]).fillna(0.0)
    own = (pd.to_numeric(first["response_s"]) - latency - queued - throttled - connecting).fillna(0.0)
    slots = "the only slot" if in_flight == 1 else f"one of {in_flight} slots" if in_flight else "a free slot"
    causes = (
        (queued, f"waited for {slots}", "raise --concurrency, or lower --rate"),
        (throttled, "waited for our own limits on the provider (rpm, tpm)", "raise them, or lower --rate"),
        (own, "were sent late by the harness itself", "lower --rate, or ask fewer providers at once"),
    )
    for lateness, what, remedy in causes:
        late = lateness > bound
        if late.mean() > LATE_SHARE:
            worst = f"{float(lateness.max()):.3g} s"
            return f"{100 * late.mean():.0f} % of the requests {what}, the longest {worst}; {remedy}"
    return ""


def _with_knee(own: list[LoadLevel]) -> list[LoadLevel]:
    powers = [one.achieved / one.response_mean if one.response_mean else 0.0 for one in own]
    if len(own) < LEVELS_FOR_A_KNEE or not any(powers):
        return own
    best = powers.index(max(powers))
    return [replace(one, knee=number == best) for number, one in enumerate(own)]
