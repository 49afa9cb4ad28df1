"""Gates: whether the cases of a suite come to what the suite asks of every provider."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from harness.ask import Gate
from harness.judged import ALL, Estimate, Gated, Measure, Standing
from harness.late import pd
from harness.standing.standings import standings

Z = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""


def gates(wanted: Mapping[str, Gate], calls: pd.DataFrame, scores: pd.DataFrame) -> Iterator[Gated]:
    """What each gate comes to, by suite and provider; `wanted` are the gates by suite.

    Frames as for `standings`, with the column `suite` in `calls`; the judges' own calls are not among them (`parted`).
    """
    for suite, gate in wanted.items():
        mine = calls[calls["suite"] == suite]
        theirs = scores[scores["trial_id"].isin(mine["trial_id"])]
        for one in standings(mine, theirs) if len(mine) else ():
            if one.capability == ALL:
                yield from _held(suite, gate, one)


def _held(suite: str, gate: Gate, standing: Standing) -> Iterator[Gated]:
    asked: tuple[tuple[Measure, float | None, Estimate | None, str], ...] = (
        ("quality", gate.min_quality, standing.quality, "scored cases"),
        ("reliability", gate.min_reliability, standing.reliability, "questions"),
    )
    for measure, least, estimate, what in asked:
        if least is not None:
            passed = estimate is not None and estimate.low is not None and estimate.low >= least
            why = _why(measure, least, estimate, what, passed=passed)
            yield Gated(suite, standing.provider, measure, least, estimate, passed, why)


def _why(measure: Measure, least: float, estimate: Estimate | None, what: str, *, passed: bool) -> str:
    if estimate is None:
        return f"{measure}: nothing was measured, and at least {least:g} is asked"
    if estimate.low is None or estimate.high is None:
        return f"{measure} {estimate.value:.3f} over {estimate.n:,} {what}: too few for an interval, and at least {least:g} is asked of its lower bound"
    told = f"{measure} {estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f}) over {estimate.n:,} {what}"
    if passed:
        return f"{told}: its lower bound is at least {least:g}"
    needed = math.ceil(Z * Z * least / (1 - least))  # Wilson's lower bound where all are right: n / (n + z²)
    few = f"; even with all of them right it takes {needed:,}" if estimate.n < needed else ""
    return f"{told}: its lower bound is below {least:g}{few}"
