"""The load of a run in words, and what it came to, as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.judged import LoadLevel, Report
from harness.render.figures import count, seconds
from harness.render.tables import Table


def in_words(load: Mapping[str, Any]) -> str:
    """The load of a run in a line, from its record; empty for a closed loop within each provider's own limits."""
    if load.get("kind") == "sweep":
        first, name = load["stages"][0], "rate" if load["stages"][0]["kind"] == "open" else "concurrency"
        others = ", ".join(f"{one[name]:g}" for one in load["stages"][:-1])
        return in_words({**first, name: f"{others} and then {load['stages'][-1][name]:g}"})
    if load.get("kind") != "open":
        return f"{load['concurrency']} in flight for each provider" if "concurrency" in load else ""
    parts = [f"{_figure(load['rate'])} requests/s to each provider"]
    if "ramp_from" in load:
        parts = [f"{load['ramp_from']:g} to {_figure(load['rate'])} requests/s to each provider"]
    if "duration_s" in load:
        parts.append(f"for {load['duration_s']:g} s")
    shape = f" (burstiness {load['burstiness']:g})" if load["arrivals"] == "gamma" else ""
    parts.append(f"{load['arrivals']} arrivals{shape}")
    if "concurrency" in load:
        parts.append(f"at most {load['concurrency']} in flight")
    if "queue" in load:
        parts.append(f"at most {load['queue']} waiting")
    return ", ".join(parts)


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def levels(report: Report) -> list[Table]:
    """What was achieved at each level, response times from the schedule first; empty for a plain closed loop.

    A column that would hold nothing is left out: p99 where n is too small for it, what failed where nothing did.
    """
    found = report.levels
    if not found:
        return []
    is_open = any(one.is_open for one in found)
    columns = _COLUMNS if is_open else (_COLUMNS[0], *_COLUMNS[4:])
    filled = [
        (name, [tell(one) for one in found]) for name, needed, tell in columns if any(needed(one) for one in found)
    ]
    said = in_words(report.load) or "levels"
    return [
        Table(
            title=f"Under load: {said}{' (simulated)' if report.simulated else ''}",
            head=("provider", "req/s" if is_open else "in flight", *(name for name, _ in filled)),
            rows=tuple(
                (one.provider, f"{one.level:g}", *(cells[number] for _, cells in filled))
                for number, one in enumerate(found)
            ),
            note=_note(found, is_open=is_open),
        )
    ]


def _always(_one: LoadLevel) -> bool:
    return True


def _remark(one: LoadLevel) -> str:
    return ", ".join(word for word, said in (("knee", one.knee), ("invalid", bool(one.invalid))) if said)


_Column = tuple[str, Callable[[LoadLevel], object], Callable[[LoadLevel], str]]
_COLUMNS: tuple[_Column, ...] = (
    ("got/s", _always, lambda one: f"{one.achieved:.3g}"),
    ("response p50", _always, lambda one: seconds(one.response.p50)),
    ("p95", _always, lambda one: seconds(one.response.p95)),
    ("response p99", lambda one: one.response.p99, lambda one: seconds(one.response.p99)),
    ("latency p50", _always, lambda one: seconds(one.latency.p50)),
    ("p95", _always, lambda one: seconds(one.latency.p95)),
    ("TTFT p50", _always, lambda one: seconds(one.ttft.p50)),
    ("p95", _always, lambda one: seconds(one.ttft.p95)),
    (
        "failed",
        lambda one: one.asked - one.answered - one.dropped,
        lambda one: count(one.asked - one.answered - one.dropped),
    ),
    ("dropped", lambda one: one.dropped, lambda one: count(one.dropped)),
    ("remark", _remark, _remark),
)
"""A head, whether a level needs the column, and its cell."""


def _note(found: Sequence[LoadLevel], *, is_open: bool) -> str:
    said = ["got/s: answers a second; a dash where n is too small for an interval"]
    if is_open:
        said.insert(0, "response: from when it was due to its last token; latency: from when it was sent")
    if any(one.invalid for one in found):
        said.append("invalid: it waited on our side, so this is not what the service can do")
    if any(one.knee for one in found):
        said.append("knee: where got/s by mean response time is greatest (Kleinrock 1979)")
        last = {one.provider: one for one in found}
        if any(one.knee for one in last.values()):
            said.append("a knee at the last level may lie beyond it")
    return "; ".join(said)
