"""How figures went over many runs, as text in rows with a small curve each, and as a plot worth a slide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from harness.judged import ALL, Measure, Trend
from harness.render.compared import MEASURES, place
from harness.render.figures import DASH, count, plural, seconds, usd
from harness.render.plots import COLOURS, FAINT, GRID, INK, save
from harness.render.tables import Table

PLOTTED: tuple[Measure, ...] = ("quality", "latency", "cost")
VERDICTS = {"step": "step", "unusual": "last run unusual", "steady": "steady", "few": "too few runs"}
_BARS = "▁▂▃▄▅▆▇█"
_RATES = {"quality", "reliability"}
_CURVE = 20


def verdict(trends: Sequence[Trend]) -> str:
    """The outcome in one sentence."""
    steps = [one for one in trends if one.verdict == "step"]
    unusual = [one for one in trends if one.verdict == "unusual"]
    runs = max((len(one.points) for one in trends), default=0)
    worse = sum(one.worse for one in steps)
    said = [f"{plural(len(steps), 'step')} ({worse:,} for the worse)" if steps else "no step"]
    if unusual:
        said.append(f"the last run is unusual in {plural(len(unusual), 'figure')}")
    few = " (too few to tell a step from chance: it takes 8)" if runs < 8 else ""
    return f"{plural(len(trends), 'figure')} over {plural(runs, 'run')}{few}: {', '.join(said)}."


def tables(trends: Sequence[Trend]) -> list[Table]:
    """What stepped or is unusual, then each provider's figures over all that it was asked."""
    said = " (simulated)" if any(one.simulated for one in trends) else ""
    told = [one for one in trends if one.verdict in {"step", "unusual"}]
    moved = tuple(
        (one.provider, place(one), MEASURES[one.measure], _what(one), _p(one), curve(one), count(len(one.points)))
        for one in sorted(told, key=lambda one: (one.verdict != "step", not one.worse, one.provider))
    )
    head = ("provider", "suite: capability", "measure", "what", "p", "curve", "runs")
    note = "p: of no step (by permutation), or of a last run so far off (t); adjusted for the other figures"
    found = [Table(f"What moved{said}", head, moved, note)] if moved else []
    alone = {one.provider for one in trends} - {one.provider for one in trends if one.suite == ALL}
    overall = [one for one in trends if one.suite == ALL or one.provider in alone]
    rows = tuple(
        (one.provider, MEASURES[one.measure], figure(one, one.points[-1].value), _expected(one), curve(one), count(len(one.points)), VERDICTS[one.verdict])
        for one in overall
    )  # fmt: skip
    head = ("provider", "measure", "last", "expected", "curve", "runs", "verdict")
    note = f"expected: the past mean with the 95 % prediction interval of the next run; curve: the last {_CURVE} runs, lowest to highest"
    return [*found, Table(f"Over all cases{said}", head, rows, note)]


def curve(trend: Trend) -> str:
    """The last values as a row of bars from the lowest to the highest."""
    values = [point.value for point in trend.points[-_CURVE:]]
    low, span = min(values), max(values) - min(values)
    if span <= 1e-9 * max(1.0, abs(low)):
        return _BARS[3] * len(values)
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)


def figure(trend: Trend, value: float | None) -> str:
    """A value in the measure's unit."""
    if value is None:
        return DASH
    if trend.measure in _RATES:
        return f"{100 * min(1.0, max(0.0, value)):.1f} %"
    if trend.measure == "tokens":
        return f"{value:,.1f}"
    return usd(value) if trend.measure == "cost" else seconds(value)


def _what(one: Trend) -> str:
    how = "worse" if one.worse else "better"
    if one.verdict == "step":
        return f"{how} since {one.since}: {figure(one, one.before)} → {figure(one, one.after)}"
    return f"last run {how}: {figure(one, one.points[-1].value)}, expected {_expected(one)}"


def _expected(one: Trend) -> str:
    if one.expected is None:
        return DASH
    return f"{figure(one, one.expected.value)} ({figure(one, one.expected.low)}…{figure(one, one.expected.high)})"


def _p(one: Trend) -> str:
    p = one.p_step if one.verdict == "step" else one.p_last
    return DASH if p is None else f"{p:.2g}" if p >= 0.001 else "<0.001"


def plot(trends: Sequence[Trend], folder: Path) -> tuple[Path, ...]:
    """history.png and history.svg: a row for each of quality, latency and cost, a column for each provider; nothing if there is no trend."""
    alone = {one.provider for one in trends} - {one.provider for one in trends if one.suite == ALL}
    cells = {(one.measure, one.provider): one for one in trends if one.suite == ALL or one.provider in alone}
    providers = list(dict.fromkeys(provider for _, provider in cells))
    measures = [name for name in PLOTTED if any(measure == name for measure, _ in cells)]
    if not providers or not measures:
        return ()
    size = (2.2 + 2.6 * len(providers), 1.4 + 1.9 * len(measures))
    drawn = Figure(figsize=size, dpi=150, layout="constrained")
    grid = drawn.subplots(len(measures), len(providers), sharey="row", squeeze=False)
    for row, measure in enumerate(measures):
        for column, provider in enumerate(providers):
            axes = grid[row][column]
            _draw(axes, cells.get((measure, provider)), COLOURS[column % len(COLOURS)])
            if row == 0:
                axes.set_title(provider, fontsize=11, weight="bold", color=INK)
            if column == 0:
                axes.set_ylabel(MEASURES[measure], color=FAINT)
    said = " (simulated providers)" if any(one.simulated for one in trends) else ""
    drawn.suptitle(f"Run by run{said}", x=0.01, ha="left", fontsize=14, weight="bold", color=INK)
    drawn.supxlabel("runs, oldest first; band: where past runs expect the last; dashed: the level before and after a step", x=0.01, ha="left", fontsize=8.5, color=FAINT)  # fmt: skip
    return save(drawn, folder, "history")


def _draw(axes: Axes, one: Trend | None, colour: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=FAINT, labelsize=8.5)
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if one is None:
        return
    places = list(range(1, len(one.points) + 1))
    values = [point.value for point in one.points]
    if one.expected is not None and one.expected.low is not None and one.expected.high is not None:
        axes.fill_between([1, places[-1]], one.expected.low, one.expected.high, color=colour, alpha=0.12, lw=0)
    axes.plot(places, values, "o-", color=colour, ms=4, lw=1.3)
    if one.since is not None and one.before is not None and one.after is not None:
        at = [point.run_id for point in one.points].index(one.since) + 1
        axes.hlines([one.before, one.after], [1, at], [at - 1, places[-1]], color=INK, lw=1.4, ls=(0, (4, 2)))
        axes.axvline(at - 0.5, color=INK, lw=0.8, ls=":")
    rate = one.measure in _RATES
    low, high = axes.get_ylim()
    least = 0.1 if rate else 0.2 * max(values)  # noise of a percent shall not look like a mountain
    if high - low < least:
        axes.set_ylim((low + high - least) / 2, (low + high + least) / 2)
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{100 * value:.0f} %" if rate else figure(one, value))
    )
    axes.yaxis.set_major_locator(MaxNLocator(4))
