"""What a report's tables say, as text in rows, so that the terminal and Markdown show the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.judged import ALL, Calibration, Estimate, Gated, Repeats, Report, Route, RoutingTable, Standing
from harness.render.figures import DASH, count, percent, plural, seconds, usd


@dataclass(frozen=True, slots=True)
class Table:
    """A title, column heads, rows of as many cells, and a note on how to read it. Columns of numbers align right."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def is_left(self, column: int) -> bool:
        """Whether the column aligns left: the first one, and those with words in them."""
        return column == 0 or any(row[column][:1].isalpha() for row in self.rows)


def _names(standings: Iterable[Standing], *, capability: bool) -> list[str]:
    names = dict.fromkeys(one.capability if capability else one.provider for one in standings)
    return [name for name in names if name != ALL]


def _said(simulated: bool) -> str:
    return " (simulated)" if simulated else ""


def quality(standings: Sequence[Standing], across: int = 5) -> list[Table]:
    """Capability × provider: quality in percent with its interval. At most `across` providers side by side, best first."""
    cells = {(one.provider, one.capability): one for one in standings}
    providers = sorted(_names(standings, capability=False), key=lambda name: -_mean(cells.get((name, ALL))))
    capabilities = [*_names(standings, capability=True), ALL]
    tables = []
    for start in range(0, len(providers), across):
        shown = providers[start : start + across]
        rows = [
            (capability, *(_cell(cells.get((provider, capability))) for provider in shown))
            for capability in capabilities
        ]
        tables.append(
            Table(
                title="Quality, % of scored cases" + _said(any(one.simulated for one in standings)),
                head=("capability", *shown),
                rows=tuple(rows),
                note="mean (95 % interval); * marks cells with unscored or failed cases, counted in the report",
            )
        )
    return tables


def _mean(standing: Standing | None) -> float:
    return standing.quality.value if standing and standing.quality else -1.0


def _cell(standing: Standing | None) -> str:
    if standing is None:
        return DASH
    return percent(standing.quality) + ("*" if standing.n_unscored or standing.n_failed else "")


def providers(standings: Sequence[Standing]) -> Table:
    """One row for each provider over all capabilities: reliability, latency, cost."""
    rows = [
        (
            one.provider,
            percent(one.reliability),
            seconds(one.ttft.p50),
            seconds(one.latency.p50),
            seconds(one.latency.p95),
            usd(_thousand(one.cost_per_call)),
            usd(_thousand(one.cost_per_solved)),
        )
        for one in sorted(standings, key=lambda one: -_mean(one))
        if one.capability == ALL
    ]
    return Table(
        title="Reliability, latency and cost" + _said(any(one.simulated for one in standings)),
        head=("provider", "answered %", "TTFT p50", "p50", "p95", "$/1k calls", "$/1k solved"),
        rows=tuple(rows),
        note="latency to the last token; a dash where n is too small for an interval or a price is unknown",
    )


def _thousand(value: float | None) -> float | None:
    return None if value is None else 1000 * value


def counts(standings: Sequence[Standing]) -> Table:
    """How many cases stand behind the figures, and which failures there were."""
    rows = [
        (
            one.provider,
            count(one.n_cases),
            count(one.n_scored),
            count(one.n_unscored),
            count(one.n_failed),
            f"{count(one.n_saturated)} of {count(one.n_timed)}",
            ", ".join(f"{kind} {number}" for kind, number in sorted(one.failures.items())) or DASH,
        )
        for one in standings
        if one.capability == ALL
    ]
    head = ("provider", "cases", "scored", "unscored", "failed", "saturated", "failed attempts")
    note = "unscored: answered, but not judgeable; failed: no answer; saturated rows are left out of latency"
    return Table("What the figures rest on", head, tuple(rows), note)


def repeats(found: Sequence[Repeats], *, simulated: bool) -> Table:
    """What asking again shows; without a row where nothing was asked twice."""
    rows = [
        (one.provider, one.capability, str(one.k), count(one.n_cases),
         *(percent(each) for each in (one.pass_1, one.pass_at_k, one.pass_hat_k, one.majority)))
        for one in found
    ]  # fmt: skip
    head = ("provider", "capability", "k", "cases", "right, %", "pass@k", "pass^k", "majority")
    note = "pass@k: one of k is right; pass^k: all of k are; majority: the answer that most of a case's repeats gave"
    return Table("Repeats" + _said(simulated), head, tuple(rows), note)


def gates(found: Sequence[Gated], *, simulated: bool) -> Table:
    """One row for each measure of a provider that a suite's gate asks for; without a row where no suite has one."""
    rows = [
        (one.suite, one.provider, one.measure, f"{100 * one.least:g}", _low(one.estimate),
         count(one.estimate.n) if one.estimate else DASH, "yes" if one.passed else "no")
        for one in found
    ]  # fmt: skip
    head = ("suite", "provider", "measure", "at least %", "lower bound %", "n", "met")
    note = "the lower bound of the 95 % interval is held against the gate; n: scored cases of quality, questions of reliability"
    return Table("Gates" + _said(simulated), head, tuple(rows), note)


def _low(estimate: Estimate | None) -> str:
    """In tenths of a percent, rounded down: what is shown as enough is."""
    return DASH if estimate is None or estimate.low is None else f"{math.floor(1000 * estimate.low) / 10:.1f}"


def gaps(found: Sequence[Gated]) -> list[str]:
    """Why a gate is not met, a sentence for each."""
    return [f"{one.suite}, {one.provider}: {one.why}" for one in found if not one.passed]


def judging(report: Report) -> Table:
    """One row for each judge: what asking it took, apart from everything else; without a row where nobody was asked."""
    rows = [
        (one.judge, count(one.questions), count(one.answered), count(one.attempts - one.replayed), count(one.n_unscored),
         usd(one.spend_usd))
        for one in report.judging
    ]  # fmt: skip
    head = ("judge", "questions", "answered", "requests", "unscored", "cost")
    note = "unscored: opinions that are missing since the judge did not answer, or not in its form; nothing here is in any other figure"
    return Table("Judging, its cost apart" + _said(report.simulated), head, tuple(rows), note)


def routes(table: RoutingTable) -> Table:
    """One row for each capability: the decision and the weights."""
    rows = [(one.capability, one.decision, weights(one), _chance(one)) for one in table.routes]
    return Table(
        title=f"Routing weights by {table.objective}" + _said(table.simulated),
        head=("capability", "decision", "weights", "P(better)"),
        rows=tuple(rows),
        note="P(better): posterior probability that the best challenger beats the incumbent",
    )


def reasons(table: RoutingTable) -> list[str]:
    """Why, a sentence for each capability; those with the same reason share one: "code, facts: a stays: …"."""
    said: dict[str, list[str]] = {}
    for route in table.routes:
        said.setdefault(route.why, []).append(route.capability)
    return [f"{', '.join(names)}: {why}" for why, names in said.items()]


def weights(route: Route) -> str:
    """The shares of traffic, largest first: "sim-careful 96 %, sim-swift 4 %"."""
    return shares(route.weights)


def shares(weights: Mapping[str, float]) -> str:
    """The same of weights alone."""
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in ordered if share > 0)


def _chance(route: Route) -> str:
    return DASH if route.probability is None else f"{route.probability:.2f}"


def calibration(cells: Sequence[Calibration]) -> list[Table]:
    """What was measured beside what was true: first time, tokens and cost, then quality by capability."""
    figures = [
        (
            one.provider,
            one.measure,
            _figure(one.measure, one.measured.value),
            _figure(one.measure, one.truth),
            _off(one),
        )
        for one in cells
        if one.measure != "quality"
    ]
    qualities = [one for one in cells if one.measure == "quality"]
    rows = [
        (one.provider, one.capability, percent(one.measured), f"{100 * one.truth:.0f}", "yes" if one.holds else "no")
        for one in qualities
    ]
    held = sum(one.holds for one in qualities)
    share = (
        f"{held} of {plural(len(qualities), 'interval')} ({100 * held / len(qualities):.0f} %) hold the truth"
        if qualities
        else ""
    )
    return [
        Table("Measured beside true: time, tokens, cost (simulated)", ("provider", "figure", "measured", "true", "off"), tuple(figures)),
        Table(
            "Measured beside true: quality (simulated)",
            ("provider", "capability", "measured %", "true %", "holds"),
            tuple(rows),
            share,
        ),
    ]  # fmt: skip


def calibration_brief(cells: Sequence[Calibration]) -> Table:
    """One row for each provider: how many quality intervals hold the truth, how far time, tokens and cost are off it."""
    names = dict.fromkeys(one.provider for one in cells)
    measures = ("ttft_p50_s", "latency_p50_s", "prompt_tokens", "completion_tokens", "cost_usd")
    rows = []
    for name in names:
        own = [one for one in cells if one.provider == name]
        figures = {one.measure: one for one in own}
        qualities = [one.holds for one in own if one.measure == "quality"]
        rows.append(
            (
                name,
                f"{sum(qualities)} of {len(qualities)}",
                *(_off(figures[measure]) if measure in figures else DASH for measure in measures),
            )
        )
    held = [one.holds for one in cells if one.measure == "quality"]
    return Table(
        "Calibration: what was measured, against what is true (simulated)",
        ("provider", "true quality in interval", "TTFT p50", "latency p50", "tokens in", "tokens out", "cost"),
        tuple(rows),
        f"{sum(held)} of {len(held)} intervals of 95 % hold the true quality ({100 * sum(held) / len(held):.0f} %)"
        if held
        else "",
    )


def _figure(measure: str, value: float) -> str:
    if measure.endswith("_s"):
        return f"{1000 * value:.1f} ms"
    return f"${value:.6f}" if measure.endswith("usd") else count(round(value))


def _off(one: Calibration) -> str:
    if one.measured.value == one.truth:
        return "equal"
    if one.measure == "cost_usd" and one.holds:
        return "equal"
    return f"{100 * (one.measured.value / one.truth - 1):+.1f} %" if one.truth else DASH


def summary(report: Report) -> str:
    """The run in one line: suites, providers, trials, spend, time."""
    parts = [
        plural(len(report.suites), "suite"),
        plural(len(report.providers), "provider"),
        plural(report.trials, "trial") + (f" of {report.planned:,}" if report.planned > report.trials else ""),
        plural(report.attempts, "request") + (f" and {report.replayed:,} from the cache" if report.replayed else ""),
        f"{usd(report.spend_usd)} {'simulated ' if report.simulated else ''}spend",
        seconds(report.duration_s or None),
    ]
    return " · ".join(parts)
