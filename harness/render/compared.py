"""The cells of a comparison of two runs, as text in rows: what changed in full, counts of the rest, and what could not be compared."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from harness.judged import ALL, Comparison, Measure, Trend, Verdict
from harness.render.figures import DASH, count, plural, seconds, usd
from harness.render.tables import Table

MEASURES: dict[Measure, str] = {
    "quality": "quality",
    "reliability": "answered",
    "ttft": "TTFT",
    "latency": "latency",
    "cost": "cost",
    "tokens": "tokens",
}
"""What each measure is called in a report."""

VERDICTS: dict[Verdict, str] = {
    "regressed": "regressed",
    "missing": "missing",
    "improved": "improved",
    "equal": "equal",
    "undecided": "undecided",
    "invalid": "not comparable",
}
"""What each verdict is called in a report, in the order in which they are shown."""

_IN_FULL: tuple[Verdict, ...] = ("regressed", "improved")
_RATES = {"quality", "reliability"}
_NAMED = 3


def verdict(cells: Sequence[Comparison], new: str) -> str:
    """The outcome in one sentence; `new` is the run that was held against another."""
    cells = [one for one in cells if not one.explained]
    counts = Counter(one.verdict for one in cells)
    said = [
        f"{counts[name]:,} {VERDICTS[name]}"
        for name in VERDICTS
        if name not in {"regressed", "missing"} and counts[name]
    ]
    rest = f"of {plural(len(cells), 'cell')} {', '.join(said)}" if said else ""
    bad = []
    if counts["regressed"]:
        bad.append(f"{plural(counts['regressed'], 'cell')} regressed")
    if counts["missing"]:
        bad.append(f"{plural(counts['missing'], 'cell')} of BASE {'is' if counts['missing'] == 1 else 'are'} missing")
    if bad:
        return f"{new} is worse: {' and '.join(bad)}" + (f"; {rest}." if rest else ".")
    return f"Nothing is known to be worse in {new}: {rest}."


def changed(cells: Iterable[Comparison]) -> list[Table]:
    """A row for each cell that regressed or improved, or did so beyond chance alone; what is missing; counts of all.

    A cell that gathers another and says the same is left out.
    """
    cells = [one for one in cells if not one.explained]
    said = " (simulated)" if any(one.simulated for one in cells) else ""
    tables = []
    for name, title in VERDICTS.items():
        found = [one for one in cells if one.verdict == name]
        if found and name in _IN_FULL:
            tables.append(Table(title.capitalize() + said, *_in_full(found)))
        if found and name == "missing":
            rows = tuple((one.provider, place(one), what, one.why) for one, what in _folded(found))
            tables.append(Table("Missing" + said, ("provider", "suite: capability", "what", "why"), rows))
    if open_ := [one for one in cells if one.verdict == "undecided" and "beyond chance" in one.why]:
        tables.append(Table("Changed beyond chance, perhaps by less than the tolerance" + said, *_in_full(open_)))
    return [*tables, _counts(cells, said)]


def every(cells: Iterable[Comparison]) -> Table:
    """A row for each cell, whatever its verdict."""
    cells = list(cells)
    said = " (simulated)" if any(one.simulated for one in cells) else ""
    head, rows, note = _in_full(cells)
    told = tuple((*row, VERDICTS[one.verdict], count(one.n_needed) if one.n_needed else DASH) for one, row in zip(cells, rows, strict=True))  # fmt: skip
    return Table(f"All cells{said}", (*head, "verdict", "more"), told, f"{note}; more: cases that would decide it")


def in_a_line(cell: Comparison) -> str:
    """The cell in a line: "90 % → 50 %, -40 (-55…-25), p 0.012, n 40"; where nothing pairs, why."""
    if cell.change is None:
        return cell.why
    figures = f"{_figure(cell, cell.base)} → {_figure(cell, cell.new)}"
    return f"{figures}, {change_in_words(cell)}, p {p_in_words(cell.p_adjusted)}, n {count(cell.n_pairs)}"


def place(cell: Comparison | Trend) -> str:
    """Which suite and capability: "math" where both have the name, otherwise "suite: capability"."""
    return cell.suite if cell.suite == cell.capability else f"{cell.suite}: {cell.capability}"


def gaps(cells: Sequence[Comparison]) -> list[str]:
    """Sentences on what could not be compared: cells, by their reason, and cases that did not pair, by measure."""
    cells = [one for one in cells if ALL not in {one.suite, one.capability}]
    invalid = sorted((one for one in cells if one.verdict == "invalid"), key=lambda one: one.why)
    found = []
    for why, group in groupby(invalid, key=lambda one: one.why):
        names = [f"{one.provider} on {place(one)} ({what})" for one, what in _folded(list(group))]
        found.append(f"not comparable: {_first(names)}: {why}")
    for measure, name in MEASURES.items():
        partly = [one for one in cells if one.measure == measure and one.n_pairs and one.unpaired]
        if partly:
            missing, added = sum(one.n_missing for one in partly), sum(one.n_added for one in partly)
            cases = sorted({case for one in partly for case in one.unpaired})
            found.append(f"{name}: {_sides(missing, added)}, so they do not pair: {_first(cases)}")
    barred = Counter(
        (why, MEASURES[one.measure])
        for one in cells
        if one.verdict != "invalid"
        for why in one.barred
        for _ in range(one.n_barred)
    )
    return [*found, *(f"{name}: {plural(n, 'case')} left out: {why}" for (why, name), n in barred.items())]


def _sides(missing: int, added: int) -> str:
    sides = [f"{plural(n, 'case')} in {where} only" for n, where in ((missing, "BASE"), (added, "NEW")) if n]
    return " and ".join(sides)


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _folded(cells: Sequence[Comparison]) -> list[tuple[Comparison, str]]:
    """One for each provider, capability and reason, with the measures that share it."""
    groups: dict[tuple[str, str, str, str], list[Comparison]] = {}
    for one in cells:
        groups.setdefault((one.provider, one.suite, one.capability, one.why), []).append(one)
    return [
        (group[0], "everything" if len(group) == len(MEASURES) else ", ".join(MEASURES[one.measure] for one in group))
        for group in groups.values()
    ]


def _in_full(cells: Sequence[Comparison]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], str]:
    rows = tuple(
        (
            one.provider,
            place(one),
            MEASURES[one.measure],
            f"{_figure(one, one.base)} → {_figure(one, one.new)}",
            change_in_words(one),
            p_in_words(one.p_adjusted),
            count(one.n_pairs),
        )
        for one in cells
    )
    head = ("provider", "suite: capability", "measure", "BASE → NEW", "change", "p", "n")
    note = "change with its 95 % interval: points, or % of the typical case; p: adjusted for the other cells; n: cases that pair"
    return head, rows, note


def p_in_words(value: float | None) -> str:
    """Such as "0.012", "<0.001"; a dash for none."""
    if value is None:
        return DASH
    return f"{value:.2g}" if value >= 0.001 else "<0.001"


def _figure(cell: Comparison, value: float | None) -> str:
    if value is None:
        return DASH
    if cell.measure in _RATES:
        return f"{100 * value:.0f} %"
    if cell.measure == "tokens":
        return f"{value:,.0f}"
    return usd(value) if cell.measure == "cost" else seconds(value)


def change_in_words(cell: Comparison) -> str:
    """By how much, with its interval: "-40 (-55…-25)" points, or "+43 % (+16…+75)"; a dash for none."""
    if cell.change is None:
        return DASH
    zero = 0.0 if cell.measure in _RATES else 1.0
    ends = [cell.change.value, *(end for end in (cell.change.low, cell.change.high) if end is not None)]
    value, *interval = [f"{100 * (end - zero):+.0f}" for end in ends]
    unit = "" if cell.measure in _RATES else " %"
    return value + unit + (f" ({'…'.join(interval)})" if interval else "")


def _counts(cells: Sequence[Comparison], said: str) -> Table:
    rows = []
    for measure, name in MEASURES.items():
        own = [one for one in cells if one.measure == measure]
        counts = Counter(one.verdict for one in own)
        needed = [one.n_needed for one in own if one.n_needed is not None]
        typical = count(round(statistics.median(needed))) if needed else DASH
        rows.append((name, *(count(counts[one]) for one in VERDICTS), typical))
    note = "more: about how many more cases would decide the median undecided cell"
    return Table(f"Cells by verdict{said}", ("measure", *VERDICTS.values(), "more"), tuple(rows), note)
