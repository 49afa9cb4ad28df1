"""pytest-benchmark's JSON, so that its `compare` shows providers' times: a benchmark for each provider and capability, and for all of them."""

from __future__ import annotations

import json
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from harness.judged import ALL, Compared
from harness.render.compared import MEASURES
from harness.render.plain import plain
from harness.shown import RunResults

_VERSION = "4.0.0"
"""Of pytest-benchmark, whose form this is."""


def run(model: RunResults, out: TextIO) -> None:
    """Times to first and last token of the trials that count for latency, in seconds. Two such files compare case for case of the same name."""
    timed = [one for one in model.results if one.timed]
    benchmarks = []
    for column, measure in (("ttft_s", "ttft"), ("latency_s", "latency")):
        cells: dict[tuple[str, str], list[float]] = {}
        for one in timed:
            seconds = getattr(one, column)
            if seconds is not None:
                for capability in (ALL, one.capability):
                    cells.setdefault((one.provider, capability), []).append(seconds)
        for place, values in sorted(cells.items()):
            benchmarks.append(_benchmark(measure, place, values, model.report.simulated))
    report = model.report
    _write(benchmarks, report.run_id, report.created.isoformat(), report.harness_version, out)


def comparison(model: Compared, out: TextIO) -> None:
    """The times of each case in BASE and in NEW, two benchmarks in a group: `pytest-benchmark compare --group-by=group` shows them side by side."""
    benchmarks = []
    for one in model.timings:
        for side, values in (("BASE", one.base), ("NEW", one.new)):
            if values:
                names = tuple(
                    dict.fromkeys((one.provider, one.suite, one.capability))
                )  # a suite may be called as its only capability
                found = _benchmark(one.measure, (*names, side), values, model.simulated)
                benchmarks.append({**found, "group": plain(f"{MEASURES[one.measure]} of {', '.join(names)}")})
    _write(benchmarks, model.new_id, "", "", out)


def _benchmark(measure: str, place: Sequence[str], values: Sequence[float], simulated: bool) -> dict[str, Any]:
    param = plain("-".join(place))
    return {
        "group": measure,
        "name": f"{measure}[{param}]",
        "fullname": f"harness::{measure}[{param}]",
        "params": None,
        "param": param,
        "extra_info": {"simulated": simulated},
        "options": {},
        "stats": summary(values),
    }


def summary(values: Iterable[float]) -> dict[str, Any]:
    """What pytest-benchmark tells of a benchmark: its names, its quartiles (halves of the data, Moore and McCabe), its outliers."""
    data = sorted(values)
    n, mean = len(data), statistics.fmean(data)
    stddev = statistics.stdev(data) if n > 1 else 0.0
    lower, upper = (statistics.median(half) for half in (data[: n // 2] or data, data[(n + 1) // 2 :] or data))
    iqr = upper - lower
    low, high = bisect_left(data, lower - 1.5 * iqr), bisect_right(data, upper + 1.5 * iqr)
    far = sum(abs(value - mean) > stddev for value in data)
    return {
        "min": data[0],
        "max": data[-1],
        "mean": mean,
        "stddev": stddev,
        "rounds": n,
        "median": statistics.median(data),
        "iqr": iqr,
        "q1": lower,
        "q3": upper,
        "iqr_outliers": low + n - high,
        "stddev_outliers": far,
        "outliers": f"{far};{low + n - high}",
        "ld15iqr": data[low],
        "hd15iqr": data[high - 1],
        "ops": 1 / mean if mean else 0,
        "total": sum(data),
        "data": data,
        "iterations": 1,
    }


def _write(benchmarks: Sequence[Mapping[str, Any]], run_id: str, when: str, version: str, out: TextIO) -> None:
    whole = {
        "machine_info": {"system": "llm-harness", "release": version},
        "commit_info": {"id": run_id, "time": when, "dirty": False, "branch": ""},
        "benchmarks": benchmarks,
        "datetime": when,
        "version": _VERSION,
    }
    json.dump(whole, out, indent=1)
    out.write("\n")
