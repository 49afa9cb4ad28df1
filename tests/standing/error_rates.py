"""How often comparisons are wrong where nothing changed, and how often they find what did: by simulation, seeded.

`make calibrate` prints the table with many rounds; test_error_rates.py holds fewer rounds against the promises.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from scipy.stats import binom

from harness import standing, stats
from harness.judged import Measure
from harness.standing.standings import quality_of
from tests.standing.nights import outcomes

NONE = standing.Tolerance(quality=0.0, reliability=0.0, latency=0.0, cost=0.0)
USUAL = None
"""What `harness compare` uses unasked: it depends on whether the runs were interleaved."""
UNKNOWN = dict.fromkeys(("quality", "reliability", "ttft", "latency", "cost", "tokens"), float("nan"))

Pair = tuple[pd.DataFrame, pd.DataFrame]
Rule = standing.Tolerance | None


@dataclass(frozen=True)
class Draw:
    """Draws two runs; `apart`: not interleaved. Another `what` draws other runs, so that lines of a table do not share their chance."""

    what: str
    pair: Callable[[np.random.Generator], Pair]
    apart: bool = False

    def runs(self, seed: int) -> Pair:
        """The two runs of a seed."""
        return self.pair(np.random.default_rng([seed, crc32(self.what.encode())]))


@dataclass(frozen=True)
class Rates:
    """Shares of comparisons: called regressed or improved, and regressed alone."""

    called: float
    regressed: float


def rates(draw: Draw, measure: Measure, tolerance: Rule, rounds: int) -> Rates:
    """Of one cell, so that no other lends it a stricter p."""
    verdicts = []
    together = not draw.apart
    tolerance = tolerance or standing.Tolerance.usual(interleaved=together)
    for seed in range(rounds):
        base, new = draw.runs(seed)
        cells = standing.compare(base, new, tolerance, interleaved=together)
        (cell,) = [one for one in cells if one.measure == measure]
        verdicts.append(cell.verdict)
    regressed, improved = (verdicts.count(verdict) / rounds for verdict in ("regressed", "improved"))
    return Rates(regressed + improved, regressed)


@dataclass(frozen=True)
class Looks(Rates):
    """And the mean share of the cases that were asked until it was decided."""

    asked: float


def looks(draw: Draw, measure: Measure, rounds: int, *, honest: bool = True) -> Looks:
    """The same where it is looked at five times and asked no more once it is decided; not `honest`: each look spends all of the error."""
    verdicts, asked = [], []
    tolerance = standing.Tolerance.usual(interleaved=True)
    for seed in range(rounds):
        base, new = draw.runs(seed)
        for look in range(1, standing.LOOKS + 1):
            n = len(base) * look // standing.LOOKS
            spent = standing.share(look) if honest else 1.0
            cells = standing.compare(base[:n], new[:n], tolerance, interleaved=True, spent=spent)
            (cell,) = [one for one in cells if one.measure == measure]
            if cell.verdict != "undecided":
                break
        verdicts.append(cell.verdict)
        asked.append(n / len(base))
    regressed, improved = (verdicts.count(verdict) / rounds for verdict in ("regressed", "improved"))
    return Looks(regressed + improved, regressed, float(np.mean(asked)))


def table(n: int, **columns: Any) -> pd.DataFrame:
    """`n` cases with nothing known of them but this."""
    return _unknown(n).assign(**columns)


@lru_cache
def _unknown(n: int) -> pd.DataFrame:
    return outcomes(n, **UNKNOWN)


def quality(n: int, lost: float = 0.0, *, wavering: float | None = None) -> Draw:
    """Cases of a difficulty each, of which NEW loses a share. `wavering`: only this share of them can come out either way, as at temperature 0."""

    def draw(rng: np.random.Generator) -> Pair:
        rate = rng.beta(3, 0.8, n) if wavering is None else (rng.random(n) < 0.85).astype(float)
        if wavering is not None:
            rate = np.where(rng.random(n) < wavering, 0.5, rate)
        worse = rate * (1 - lost / rate.mean())
        if wavering is not None:  # a case is lost for good or not at all
            worse = np.where(rng.random(n) < lost / rate.mean(), 0.0, rate)
        return tuple(table(n, quality=(rng.random(n) < each).astype(float)) for each in (rate, worse))  # type: ignore[return-value]

    return Draw(f"quality {n} {lost} {wavering}", draw)


def clustered(n_clusters: int, size: int = 10) -> Draw:
    """Cases of topics that do better on one day and worse on another."""

    def draw(rng: np.random.Generator) -> Pair:
        topic = np.repeat(np.arange(n_clusters), size)
        names = [f"cluster:{one}" for one in topic]
        rate = rng.beta(3, 1, len(topic))
        sides = [np.clip(rate + rng.normal(0, 0.2, n_clusters)[topic], 0, 1) for _ in range(2)]
        return tuple(
            table(len(topic), cluster=names, quality=(rng.random(len(topic)) < each).astype(float)) for each in sides
        )  # type: ignore[return-value]

    return Draw(f"clustered {n_clusters} {size}", draw)


def latency(n: int, drift: float, slower: float = 1.0, *, noise: float = 0.3, apart: bool = False) -> Draw:
    """Prompts of a length each (sd 0.6), `noise`, one in a hundred five times as slow; the provider drifts by `drift` over the run.

    The noise of 0.3 is that of the noisiest simulated provider. Both arms of a case are asked in the same minute, and drift alike; `apart`: each run has its own hour.
    """

    def draw(rng: np.random.Generator) -> Pair:
        prompt = rng.normal(0, 0.6, n)
        hours = [drift * np.cumsum(rng.normal(0, 1, n)) / np.sqrt(n) + rng.normal(0, drift) for _ in range(2)]
        arms = []
        for number in range(2):
            own = rng.normal(0, noise, n) + np.log(5) * (rng.random(n) < 0.01)
            factor = np.log(slower) if number else 0.0
            arms.append(table(n, latency=np.exp(prompt + hours[number if apart else 0] + own + factor)))
        return arms[0], arms[1]

    return Draw(f"latency {n} {drift} {slower} {noise} {apart}", draw, apart)


def failures(n: int, base: float, new: float) -> Draw:
    def draw(rng: np.random.Generator) -> Pair:
        return tuple(table(n, reliability=(rng.random(n) >= rate).astype(float)) for rate in (base, new))  # type: ignore[return-value]

    return Draw(f"failures {n} {base} {new}", draw)


def false_discoveries(rounds: int, tolerance: Rule, n_cells: int = 300, n_true: int = 10) -> tuple[float, float]:
    """The mean share of false ones among the cells called, and the share of the true changes (−30 points) found, over 100 cases a cell."""
    shares, found = [], []
    for seed in range(rounds):
        rng = np.random.default_rng([seed, 2])
        sides: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
        for number in range(n_cells):
            rate = rng.beta(3, 0.8, 100)
            for side, lost in zip(sides, (0.0, 0.3 if number < n_true else 0.0), strict=True):
                right = rng.random(100) < np.clip(rate - lost, 0, 1)
                side.append(table(100, provider=f"p{number:03d}", quality=right.astype(float)))
        cells = standing.compare(pd.concat(sides[0]), pd.concat(sides[1]), tolerance or standing.USUAL)
        called = {int(one.provider[1:]) for one in cells if one.verdict in {"regressed", "improved"}}
        shares.append(sum(one >= n_true for one in called) / max(1, len(called)))
        found.append(sum(one < n_true for one in called) / n_true)
    return float(np.mean(shares)), float(np.mean(found))


def coverage(n: int) -> tuple[float, float]:
    """Of the interval of a rate over `n` cases, for rates from 0.002 to 0.998: on average and at the worst; exact, not simulated."""
    rate, counts = np.linspace(0.002, 0.998, 499), np.arange(n + 1)
    ends = np.array([stats.wilson(int(k), n) for k in counts])
    inside = (ends[:, :1] <= rate) & (ends[:, 1:] >= rate)
    held = (binom.pmf(counts[:, None], n, rate) * inside).sum(axis=0)
    return float(held.mean()), float(held.min())


def clustered_coverage(n_clusters: int, mean: float, rounds: int) -> float:
    """Of the interval of standings over clusters of five cases that share a rate."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(rounds):
        own = np.repeat(rng.beta(5 * mean, 5 * (1 - mean), n_clusters), 5)
        right = (rng.random(len(own)) < own).astype(float)
        found = quality_of(right, np.repeat(np.arange(n_clusters), 5))
        assert found
        assert found.low is not None
        assert found.high is not None
        held += found.low <= mean <= found.high
    return held / rounds


@dataclass(frozen=True)
class Ratio:
    """Of 95 % intervals of a typical ratio: how many hold it, their mean width in logarithms, how many of +15 % leave no change out."""

    held: float
    width: float
    found: float


def ratio_intervals(rounds: int, n: int = 100, noise: float = 0.3) -> tuple[Ratio, Ratio]:
    """Those that belong to the signed ranks, and bootstrap intervals (percentile, 999 samples) of the median ratio, on the same pairs."""
    ends: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    truth = float(np.log(1.15))
    for seed in range(rounds):
        rng = np.random.default_rng([seed, 5])
        arms = rng.normal(0, noise, (2, n)) + np.log(5) * (rng.random((2, n)) < 0.01)
        x = arms[1] - arms[0] + truth
        ranks = stats.paired_logs(x).interval
        assert ranks
        ends[0].append(ranks)
        low, high = np.quantile(np.median(rng.choice(x, (999, n)), axis=1), [0.025, 0.975])
        ends[1].append((float(low), float(high)))

    def of(intervals: list[tuple[float, float]]) -> Ratio:
        low, high = np.array(intervals).T
        held = float(((low <= truth) & (truth <= high)).mean())
        return Ratio(held, float((high - low).mean()), float((low > 0).mean()))

    return of(ends[0]), of(ends[1])


UNCHANGED: dict[str, tuple[Draw, Measure]] = {
    "quality, 200 cases": (quality(200), "quality"),
    "quality, 20 topics of 10 cases": (clustered(20), "quality"),
    "quality, 10 topics of 10 cases": (clustered(10), "quality"),
    "latency, 100 cases interleaved, no drift": (latency(100, 0.0), "latency"),
    "latency, interleaved, drift 5 %": (latency(100, 0.05), "latency"),
    "latency, interleaved, drift 15 %": (latency(100, 0.15), "latency"),
    "failure rate of 5 %, 200 cases": (failures(200, 0.05, 0.05), "reliability"),
}
"""Nothing changed: called regressed or improved in at most 5 %."""

CHANGED: dict[str, tuple[Draw, Measure, Rule]] = {
    "quality −10 points, 200 cases at temperature 0": (quality(200, 0.1, wavering=0.1), "quality", USUAL),
    "latency +15 %, 100 cases interleaved": (latency(100, 0.0, 1.15), "latency", USUAL),
    "latency +15 %, 100 cases interleaved, drift 15 %": (latency(100, 0.15, 1.15), "latency", USUAL),
}
"""Something did: found in at least 80 %, by the usual tolerances."""

ALSO: dict[str, tuple[Draw, Measure, Rule]] = {
    "quality −10 points, 200 cases drawn anew each time": (quality(200, 0.1), "quality", USUAL),
    "latency +15 %, noise of 0.35": (latency(100, 0.15, 1.15, noise=0.35), "latency", USUAL),
    "latency +15 %, tolerance 10 %": (latency(100, 0.15, 1.15), "latency", standing.Tolerance(latency=0.10)),
    "latency +5 %, which the tolerance just covers": (latency(100, 0.15, 1.05), "latency", USUAL),
    "failures from 2 to 12 %, 200 cases": (failures(200, 0.02, 0.12), "reliability", USUAL),
    "latency +15 %, two runs apart, no drift": (latency(100, 0.0, 1.15, apart=True), "latency", USUAL),
    "latency +30 %, two runs apart, no drift": (latency(100, 0.0, 1.30, apart=True), "latency", USUAL),
}
"""No promise, but worth knowing."""

APART: dict[str, tuple[Draw, Measure, Rule]] = {
    "latency, two runs apart, drift 5 %": (latency(100, 0.05, apart=True), "latency", USUAL),
    "latency, two runs apart, drift 15 %": (latency(100, 0.15, apart=True), "latency", USUAL),
}
"""What only interleaving mends: a comparison says so in its second line."""


SEQUENTIAL: dict[str, tuple[Draw, Measure]] = {
    "quality, 200 cases, nothing changed": (quality(200), "quality"),
    "latency, 100 cases, nothing changed": (latency(100, 0.15), "latency"),
    "quality −10 points, 200 cases at temperature 0": (quality(200, 0.1, wavering=0.1), "quality"),
    "quality −20 points, 200 cases drawn anew": (quality(200, 0.2), "quality"),
    "latency +15 %, 100 cases": (latency(100, 0.15, 1.15), "latency"),
    "latency +30 %, 100 cases": (latency(100, 0.15, 1.30), "latency"),
}
"""Looked at five times, as `--until decided` does."""


def _print_looks(rounds: int) -> None:
    print(
        "\nLooked at five times, until decided: called regressed or improved (in brackets what was asked of the cases)"
    )
    for name, (draw, measure) in SEQUENTIAL.items():
        found = looks(draw, measure, rounds)
        promise = "≤ 5 %" if "nothing" in name else ""
        print(f"{name:60}{f'{100 * found.called:.1f} %':>10}  {promise:8}({100 * found.asked:.0f} %)", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="comparisons for each line (default: 1000)")
    rounds = parser.parse_args().rounds
    head = f"{'':60}{'measured':>10}  promised"
    print(
        f"Nothing changed: called regressed or improved ({rounds:,} comparisons a line, of which a true 5 % calls up to "
        f"{100 * binom.ppf(0.975, rounds, 0.05) / rounds:.1f} %; in brackets with no tolerance)\n{head}"
    )
    for name, (draw, measure) in UNCHANGED.items():
        usual, none = (rates(draw, measure, tolerance, rounds).called for tolerance in (USUAL, NONE))
        print(f"{name:60}{f'{100 * usual:.1f} %':>10}  ≤ 5 %   ({100 * none:.1f} %)", flush=True)
    for group, promise in ((CHANGED, "≥ 80 %"), (ALSO, "")):
        print("\nSomething changed: found" + ("" if promise else ", without a promise"))
        for name, (draw, measure, tolerance) in group.items():
            print(
                f"{name:60}{f'{100 * rates(draw, measure, tolerance, rounds).regressed:.1f} %':>10}  {promise}",
                flush=True,
            )
    print("\nNothing changed, but the hour: called regressed or improved (interleaving mends it)")
    for name, (draw, measure, tolerance) in APART.items():
        print(f"{name:60}{f'{100 * rates(draw, measure, tolerance, rounds).called:.1f} %':>10}", flush=True)
    _print_looks(max(100, rounds // 4))
    print(
        "\nIntervals of a typical ratio of latencies, 100 pairs, +15 %, two-sided: hold it (width in logarithms; leave no change out)"
    )
    for name, one in zip(
        ("signed ranks (Hodges and Lehmann)", "bootstrap of the median"), ratio_intervals(rounds), strict=True
    ):
        print(
            f"{name:60}{f'{100 * one.held:.1f} %':>10}  94–97 %  ({one.width:.3f}; {100 * one.found:.0f} %)", flush=True
        )
    print("\n300 cells, 10 of them worse by 30 points")
    for word, tolerance in (("usual tolerance", USUAL), ("tolerance 0", NONE)):
        false, found = false_discoveries(max(2, rounds // 20), tolerance)
        print(
            f"{f'false among those called, {word}':60}{f'{100 * false:.1f} %':>10}  ≤ 6 %   (found {100 * found:.0f} %)",
            flush=True,
        )
    print("\nIntervals of standings: 95 % hold the truth, on average over rates (and at the worst rate)")
    for n in (20, 50, 200, 1000):
        mean, worst = coverage(n)
        print(f"{f'{n:,} cases':60}{f'{100 * mean:.1f} %':>10}  94–97 %, never below 90 %   ({100 * worst:.1f} %)")
    for n_clusters in (20, 50):
        for mean in (0.5, 0.8, 0.9):
            held = clustered_coverage(n_clusters, mean, 4 * rounds)
            print(
                f"{f'{n_clusters} clusters of 5, quality {mean:g}':60}{f'{100 * held:.1f} %':>10}  93–97 %", flush=True
            )


if __name__ == "__main__":
    main()
