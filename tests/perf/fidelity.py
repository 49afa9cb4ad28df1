"""How true the clocks are: what each client read of streams, beside what the server's own log says of the same streams."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from tests.perf.found import Check, Section, table, times
from tests.perf.paced_server import Served
from tests.perf.work import Client, Job
from tests.perf.worker import NAMES, OURS, TWO

TTFT_S, SPREAD_S = 0.2, 1.2
PLAIN, SLOW = "aiohttp", ("openai", "litellm")
ALWAYS = tuple(name for name in NAMES if name not in (*SLOW, TWO))
"""Who takes part in each round; the others in the first only."""
FIGURES = ("ttft p50", "ttft p99", "total p50", "total p99")


@dataclass(frozen=True, slots=True)
class Shape:
    """So many streams at once, of so many tokens so far apart. `p50` and `p99`: the error in % that is allowed, None: any."""

    streams: int
    tokens: int
    gap_s: float
    p50: float | None = None
    p99: float | None = None

    def __str__(self) -> str:
        return f"{self.streams:,} streams of {self.tokens} tokens, {self.gap_s * 1000:g} ms apart"


SHAPES = (
    Shape(16, 100, 0.01),
    Shape(64, 100, 0.01),
    Shape(256, 100, 0.01, p50=1.0, p99=3.0),
    Shape(1000, 20, 0.05, p50=1.0, p99=15.0),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One client's round: figures in ms of what it read and of what was true, CPU in ms a stream, rows it marked itself as saturated."""

    read: Mapping[str, float]
    true: Mapping[str, float]
    cpu_ms: float
    saturated: int

    def error(self, figure: str) -> float:
        """How far what was read is from what was true, in %."""
        return 100.0 * (self.read[figure] / self.true[figure] - 1.0)


def _figures(ttft_s: list[float], latency_s: list[float]) -> dict[str, float]:
    both = {"ttft": ttft_s, "total": latency_s}
    return {
        f"{name} p{share}": 1000 * float(np.percentile(seconds, share))
        for name, seconds in both.items()
        for share in (50, 99)
    }


def one_round(served: Served, worker: Client, shape: Shape) -> Round:
    """Streams by one client, and the server's log of them; what came before to warm up is left out of both."""
    served.log()
    url = served.stream(TTFT_S, shape.tokens, shape.gap_s)
    done = worker.do(Job(url, shape.streams, spread_s=SPREAD_S))
    seen = sorted(served.log(), key=lambda one: one.read_at)[-shape.streams :]
    true = _figures([one.ttft_s for one in seen], [one.latency_s for one in seen])
    read = _figures(done.ttft_s, done.latency_s)
    return Round(read, true, 1000 * done.cpu_s / shape.streams, done.saturated)


def measure(served: Served, workers: Mapping[str, Client], shapes: tuple[Shape, ...], rounds: int) -> Section:
    """All clients in turn, `rounds` times; slow ones in the first round only."""
    section = Section(
        "Fidelity: what the clients read, beside the server's own log",
        f"Starts are spread over {SPREAD_S:g} s. Each client has rounds of its own, in turn with the others; figures are medians over its rounds, "
        f"errors are against the log of the same round. {times(rounds).capitalize()}; {', '.join(SLOW)}, {TWO} and other harnesses take part in the first.",
    )
    for shape in shapes:
        taken: dict[str, list[Round]] = {name: [] for name in workers}
        for number in range(rounds):
            order = list(workers) if number % 2 == 0 else list(workers)[::-1]
            for name in order:
                if number == 0 or name in ALWAYS:
                    taken[name].append(one_round(served, workers[name], shape))
        section.tables.append(f"### {shape}\n\n{_table(taken)}")
        section.checks += _checks(shape, taken)
        section.data[str(shape)] = {name: [_plain(one) for one in done] for name, done in taken.items()}
    marked = {shape: median(one["saturated"] for one in section.data[str(shape)][OURS]) for shape in shapes}
    if any(marked.values()):
        shares = ", ".join(f"{count:g} of {shape.streams:,}" for shape, count in marked.items())
        section.notes.append(f"Rows that ours marked as saturated, since its loop was late: {shares}.")
    return section


def _table(taken: Mapping[str, list[Round]]) -> str:
    rows: list[list[object]] = []
    truths = [one.true for rounds in taken.values() for one in rounds]
    rows.append(["truth", *_spread([median(true[name] for true in truths) for name in FIGURES]), None])
    for client, rounds in taken.items():
        pairs: list[object] = []
        for group in (FIGURES[:2], FIGURES[2:]):
            pairs += [median(one.read[name] for one in rounds) for name in group]
            pairs += [_percent(median(one.error(name) for one in rounds)) for name in group]
        rows.append([client, *pairs, median(one.cpu_ms for one in rounds)])
    head = ("client", "TTFT p50", "p99 ms", "err %", "p99", "total p50", "p99 ms", "err %", "p99", "CPU ms")
    return table(head, rows)


def _percent(error: float) -> str:
    return f"{error:+.1f}" if abs(error) < 100 else f"{error:+,.0f}"


def _spread(values: list[float]) -> list[object]:
    ttft, ttft_99, total, total_99 = values
    return [ttft, ttft_99, None, None, total, total_99, None, None]


def _checks(shape: Shape, taken: Mapping[str, list[Round]]) -> list[Check]:
    short = f"{shape.streams:,} streams"
    errors = {
        name: {figure: median(abs(one.error(figure)) for one in rounds) for figure in FIGURES}
        for name, rounds in taken.items()
    }
    checks = []
    for share, most in (("p50", shape.p50), ("p99", shape.p99)):
        if most is not None:
            worst = max(errors[OURS][figure] for figure in FIGURES if figure.endswith(share))
            checks.append(Check(f"{short}: error of {share}", f"{worst:.2f} %", f"≤ {most:g} %", worst <= most))
    if PLAIN in errors:
        further = max(errors[OURS][figure] - errors[PLAIN][figure] for figure in FIGURES)
        checks.append(
            Check(f"{short}: further off than plain aiohttp", f"{further:+.2f} points", "≤ 1 point", further <= 1.0)
        )
    if shape.tokens == 100 and shape.p50 is not None and PLAIN in taken:
        ratio = median(one.cpu_ms / base.cpu_ms for one, base in zip(taken[OURS], taken[PLAIN], strict=True))
        checks.append(Check("CPU of a stream of 100 tokens", f"{ratio:.2f} × aiohttp", "≤ 2 ×", ratio <= 2.0))
    return checks


def _plain(one: Round) -> dict[str, Any]:
    cpu_ms = None if math.isnan(one.cpu_ms) else one.cpu_ms
    return {"read_ms": dict(one.read), "true_ms": dict(one.true), "cpu_ms": cpu_ms, "saturated": one.saturated}
