"""The clock of an attempt from the moments at which things happened."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness.client.calls import Facts
from harness.client.limits import Waited
from harness.told import Clock


def clock_of(facts: Facts, waited: Waited, lag_s: float) -> Clock:
    """Seconds between the moments, as reports/README.md describes them; None where one of the two did not happen."""
    marks, sent = facts.decoded.marks, facts.sent_at
    gaps = sorted(later - earlier for earlier, later in pairwise(marks.pieces))
    return Clock(
        queue_s=waited.queue_s,
        throttle_s=waited.throttle_s,
        connect_s=facts.connect_s,
        ttft_s=_since(sent, marks.first),
        ttfv_s=_since(sent, marks.visible),
        latency_s=_since(sent, marks.last),
        chunk_count=len(marks.pieces),
        itl_p50_s=percentile(gaps, 0.50),
        itl_p95_s=percentile(gaps, 0.95),
        itl_max_s=gaps[-1] if gaps else None,
        source=facts.source,
        loop_lag_s=lag_s,
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The percentile of values in order, by linear interpolation between neighbours; None of none."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _since(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start
