"""The forest plot of a comparison: by how much each figure changed, with its interval, beside what is tolerated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from harness.judged import ALL, Compared, Comparison, Measure, Verdict
from harness.render.compared import MEASURES, place
from harness.render.figures import plural
from harness.render.plots import FAINT, GRID, INK, label

MOST_ROWS = 24
"""As many as can be read on a slide; what changed comes first, then what is over all cases, then the smallest p."""

COLOURS: Mapping[Verdict, str] = {"regressed": "#D55E00", "improved": "#0072B2", "equal": "#7F7F7F", "undecided": "#7F7F7F"}  # fmt: skip
"""Orange for worse, blue for better: told apart by colour-blind readers; what is undecided is hollow."""

_RATES = {"quality", "reliability"}
_TOLERANCE = {"ttft": "latency", "tokens": "cost"}
_CHANGED = {"regressed", "improved"}
_WIDEST = 1.0
"""Intervals are cut at ± 100 points, or at half and twice."""
_STEPS = (0.05, 0.10, 0.25, 0.50, 1.0)


def forest(model: Compared) -> Figure | None:
    """A row for each provider and place, a column for each measure that can be compared; None where nothing can."""
    cells = [one for one in model.cells if one.change is not None]
    rows = _rows(cells)
    if not rows:
        return None
    shown = rows[:MOST_ROWS]
    measures: list[Measure] = [name for name in MEASURES if any(one.measure == name for one in cells)]
    size = (2.8 + 1.75 * len(measures), 2.1 + 0.27 * len(shown))
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        own = {(one.provider, place(one)): one for one in cells if one.measure == measure}
        _panel(axes, measure, model.tolerance, [own.get(row) for row in shown])
    panels[0].set_yticks(range(len(shown)), [f"{label(provider)}  {label(where)}" for provider, where in shown])
    panels[0].set_ylim(len(shown) - 0.4, -0.6)
    said = " (simulated providers)" if model.simulated else ""
    figure.suptitle(f"What changed{said}", x=0.01, ha="left", fontsize=14, weight="bold", color=INK)
    more = f"; {plural(len(rows) - len(shown), 'more row')} not shown" if len(rows) > len(shown) else ""
    note = f"points with 95 % intervals over the same cases; band: tolerance{more}"
    figure.supxlabel(note, x=0.01, ha="left", fontsize=8.5, color=FAINT)
    marks = [_mark(one) for one in COLOURS if any(cell.verdict == one for cell in cells)]
    figure.legend(handles=marks, loc="upper right", ncols=4, frameon=False, fontsize=9, labelcolor=INK, handletextpad=0.2)  # fmt: skip
    return figure


def _rows(cells: Sequence[Comparison]) -> list[tuple[str, str]]:
    """The providers and places, those worth a look first."""
    best: dict[tuple[str, str], tuple[bool, bool, float]] = {}
    for one in cells:
        worth = (
            one.verdict not in _CHANGED or one.explained,
            not ALL == one.suite == one.capability,
            1.0 if one.p_adjusted is None else one.p_adjusted,
        )
        row = (one.provider, place(one))
        best[row] = min(best.get(row, worth), worth)
    return sorted(best, key=lambda row: (best[row], row))


def _panel(axes: Axes, measure: Measure, tolerance: Mapping[str, float], cells: Sequence[Comparison | None]) -> None:
    rate = measure in _RATES
    within = tolerance.get(_TOLERANCE.get(measure, measure), 0.0)
    axes.axvspan(-within if rate else -math.log2(1 + within), within if rate else math.log2(1 + within), color=GRID, lw=0)  # fmt: skip
    axes.axvline(0, color=FAINT, lw=0.8)
    reach = 0.05 if rate else 0.15
    for row, cell in enumerate(cells):
        if cell is not None and cell.change is not None:
            reach = max(reach, _draw(axes, row, cell))
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(4, symmetric=True) if rate else FixedLocator(_round_factors(reach)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value if rate else 2**value - 1)))
    axes.set_title(MEASURES[measure], fontsize=11, weight="bold", color=INK)
    axes.set_xlabel("points" if rate else "%", color=FAINT, fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(colors=FAINT, labelsize=8.5, length=0)
    for name in axes.get_yticklabels():
        name.set_color(INK)


def _percent(share: float) -> str:
    return f"{100 * share:+.0f}" if abs(share) > 1e-9 else "0"


def _round_factors(reach: float) -> list[float]:
    """Logarithms to base 2 of a round change within reach, down and up, and of none."""
    far = max(step for step in _STEPS if step == _STEPS[0] or math.log2(1 + step) <= reach)
    return [math.log2(1 + change) for change in (-far, 0.0, far) if change > -1]


def _draw(axes: Axes, row: int, cell: Comparison) -> float:
    """A cell's point and interval; how far it reaches from no change."""
    assert cell.change is not None
    rate = cell.measure in _RATES
    ends = [cell.change.value, cell.change.low, cell.change.high]
    value, low, high = (None if end is None else end if rate else math.log2(max(end, 1e-9)) for end in ends)
    assert value is not None
    colour = COLOURS.get(cell.verdict, FAINT)
    if low is not None and high is not None:
        axes.plot([max(low, -_WIDEST), min(high, _WIDEST)], [row, row], color=colour, lw=1.6, solid_capstyle="butt")
    value = min(max(value, -_WIDEST), _WIDEST)
    axes.plot(value, row, "o", ms=5.5, color=colour, mfc="white" if cell.verdict == "undecided" else colour, mew=1.4)
    return min(_WIDEST, max(abs(end) for end in (value, low, high) if end is not None))


def _mark(verdict: Verdict) -> Line2D:
    colour = COLOURS[verdict]
    face = "white" if verdict == "undecided" else colour
    return Line2D([], [], color=colour, marker="o", ms=5.5, mfc=face, mew=1.4, lw=1.6, label=verdict)
