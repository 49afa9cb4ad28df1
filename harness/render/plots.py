"""The plots, by matplotlib: one function each, from words or columns to a figure; `save` makes files of it, `inline` a part of a page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import setp
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator, PercentFormatter
from numpy.typing import NDArray

from harness.judged import ALL, Standing
from harness.late import pd
from harness.render.figures import seconds
from harness.render.plain import one_line
from harness.stats.frontier import frontier, quality_at

CAPTIONS: Mapping[str, str] = {
    "quality_cost": "Quality against cost, with 95 % intervals and the frontier",
    "latency": "Time to first token and total latency: the share of calls that were at least this fast",
    "ttft": "Time to first token: how it is spread, with quartiles and median",
    "heatmap": "Quality by capability",
}
"""The plots of a run by the names of their files, and what each shows."""

INK, FAINT, GRID = "#1f2933", "#66727f", "#e4e7eb"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette (2008), told apart by colour-blind readers; beyond eight providers the dashes change."""

STEPS = 2000
"""More than a plot has pixels across."""

_MOST_IN_LABEL = 60
_LEAST = 5
_ON_DARK, _ON_LIGHT = "#fdfdfd", "#10202c"  # in a coloured cell: no page changes these
"""Fewer values have no shape."""


def of_run(standings: Sequence[Standing], timed: pd.DataFrame) -> dict[str, Figure]:
    """The plots that there is something to draw in, by name; `timed` has the columns `provider`, `ttft_s`, `latency_s`."""
    simulated = any(one.simulated for one in standings)
    drawn = {
        "quality_cost": quality_cost(standings),
        "latency": latency(timed, simulated=simulated),
        "ttft": ttft(timed, simulated=simulated),
        "heatmap": heatmap(standings),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write name.png and name.svg into the folder, which is made if need be; the same figure makes the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / f"{name}.png", folder / f"{name}.svg"
    with _steady(name):
        figure.savefig(files[0], facecolor="white")
        figure.savefig(files[1], facecolor="white", metadata={"Date": None})
    return files


def inline(figure: Figure, name: str) -> str:
    """The figure as an <svg> element: without a background, with the page's colours for ink and grid, and ids of its own."""
    out = io.StringIO()
    with _steady(name):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    svg = out.getvalue()
    svg = re.sub(r"(?s)<metadata>.*?</metadata>|<style.*?</style>", "", svg[svg.index("<svg") :]).strip()
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for colour, variable in (
        (INK, "--ink"),
        (FAINT, "--faint"),
        (GRID, "--grid"),
        ("#000000", "--ink"),
        ("#ffffff", "--paper"),
    ):
        svg = svg.replace(colour, f"var({variable})").replace(colour.lower(), f"var({variable})")
    return svg.replace("<svg", f'<svg role="img" aria-label="{CAPTIONS.get(name, name)}"', 1)


def label(text: str) -> str:
    """A name as it is: a dollar begins no formula in it, and nothing in it moves a cursor."""
    return one_line(text, _MOST_IN_LABEL).replace("$", r"\$")


@contextmanager
def _steady(name: str) -> Iterator[None]:
    """The same figure makes the same SVG, with texts as texts; a letter that the font has not is a box, and no warning."""
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def quality_cost(standings: Sequence[Standing]) -> Figure | None:
    """Mean quality against mean cost of a call, with 95 % intervals and the frontier. None if nothing has a known cost."""
    shown = [one for one in standings if one.capability == ALL and one.quality and one.cost_per_call is not None]
    if not shown:
        return None
    points = [(1000 * (one.cost_per_call or 0.0), one.quality.value if one.quality else 0.0) for one in shown]
    front = frontier(points)
    figure, axes = _figure("Quality against cost", _simulated(standings), (8.0, 5.0))
    axes.plot(
        [points[i][0] for i in front], [points[i][1] for i in front], color=FAINT, lw=1.2, ls=(0, (4, 3)), zorder=1, label="frontier"
    )  # fmt: skip
    colour = _colours([one.provider for one in standings])
    for number, (one, (cost, value)) in enumerate(zip(shown, points, strict=True)):
        assert one.quality is not None
        low = value if one.quality.low is None else one.quality.low
        high = value if one.quality.high is None else one.quality.high
        axes.errorbar(
            cost, value, yerr=[[value - low], [high - value]], fmt="o", ms=8, lw=1.8, capsize=4,
            color=colour[one.provider], mew=1.5, zorder=3, mfc=colour[one.provider] if number in front else "white",
            markeredgecolor=colour[one.provider],
        )  # fmt: skip
        axes.annotate(
            label(one.provider), (cost, value), xytext=(9, -15), textcoords="offset points", color=colour[one.provider], fontsize=10, weight="bold"
        )  # fmt: skip
    _cost_axis(axes, [cost for cost, _ in points])
    axes.set_ylabel("quality: share of cases solved")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.legend(frameon=False, loc="lower right", fontsize=9, labelcolor=FAINT)
    return _noted(figure, "bars: 95 % intervals over cases; filled marks lie on the frontier")


def ways(
    singles: Mapping[str, tuple[float, float]], routes: Mapping[str, tuple[float, float]], *, simulated: bool
) -> Figure | None:
    """Ways of routing among the single providers, by (USD a call, accuracy), and the best that mixing single ones reaches. None without a cost."""
    if not singles:
        return None
    figure, axes = _figure("Held-out cases: quality against cost", simulated, (8.0, 5.0))
    points = list(singles.values())
    cheapest, dearest = min(cost for cost, _ in points), max(cost for cost, _ in points)
    across = np.geomspace(cheapest, dearest, 200) if cheapest > 0 else np.linspace(cheapest, dearest, 200)
    axes.plot(
        1000 * across,
        [quality_at(points, float(cost)) for cost in across],
        color=FAINT,
        lw=1.2,
        ls=(0, (4, 3)),
        label="mixes of singles",
    )
    colour = _colours(list(singles))
    for name, (cost, value) in singles.items():
        axes.plot([1000 * cost], [value], "o", ms=8, color=colour[name], zorder=3)
        axes.annotate(name, (1000 * cost, value), xytext=(9, -15), textcoords="offset points", color=colour[name], fontsize=10, weight="bold")  # fmt: skip
    for name, (cost, value) in routes.items():
        ink = INK if name == "route" else FAINT
        axes.plot(
            [1000 * cost], [value], "D", ms=8, mew=1.8, color=ink, mfc="white", zorder=4 if name == "route" else 3
        )
        axes.annotate(name, (1000 * cost, value), xytext=(0, -20 if name == "route" else 9), textcoords="offset points", ha="center", color=ink, fontsize=10, weight="bold")  # fmt: skip
    _cost_axis(axes, [1000 * cost for cost, _ in [*points, *routes.values()]])
    axes.set_ylabel("accuracy on held-out cases")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.legend(frameon=False, loc="lower right", fontsize=9, labelcolor=FAINT)
    return _noted(
        figure,
        "discs: everything to one provider; diamonds: ways of routing, each case judged by a route that never saw it",
    )


def latency(timed: pd.DataFrame, *, simulated: bool) -> Figure | None:
    """ECDFs of TTFT and of total latency, by the columns `provider`, `ttft_s`, `latency_s`. None if there is nothing to draw."""
    shown = {str(name): rows[["ttft_s", "latency_s"]].dropna() for name, rows in timed.groupby("provider", sort=True)}
    shown = {name: rows for name, rows in shown.items() if len(rows)}
    if not shown:
        return None
    figure = Figure(figsize=(9.0, 4.6), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colour = _colours(list(shown))
    for axes, column, what in ((left, "ttft_s", "time to first token"), (right, "latency_s", "time to last token")):
        for name, rows in shown.items():
            axes.ecdf(_thinned(rows[column].to_numpy(dtype=float)), color=colour[name], lw=1.8, label=label(name))
        axes.set_xscale("log")
        axes.set_xlabel(what)
        _few_ticks(axes, _duration, log=True)
        axes.axhline(0.5, color=GRID, lw=1, zorder=0)
        _plain(axes)
    left.set_ylabel("share of calls")
    left.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    right.legend(frameon=False, fontsize=9, loc="lower right")
    figure.suptitle("Latency" + _simulated_words(simulated), x=0.01, ha="left", fontsize=14, weight="bold", color=INK)
    return _noted(figure, "answered calls, without warm-up, replayed and saturated ones")


def ttft(timed: pd.DataFrame, *, simulated: bool) -> Figure | None:
    """A violin of the time to first token for each provider, by the columns `provider` and `ttft_s`. None if there is nothing to draw."""
    shown = {str(name): rows["ttft_s"].dropna().to_numpy(dtype=float) for name, rows in timed.groupby("provider", sort=True)}  # fmt: skip
    shown = {name: values[values > 0] for name, values in shown.items() if (values > 0).sum() >= _LEAST}
    if not shown:
        return None
    figure, axes = _figure("Time to first token", simulated, (8.0, 1.9 + 0.62 * len(shown)))
    colour = _colours(list(shown))
    for row, (name, values) in enumerate(reversed(shown.items())):
        logs = np.log10(_thinned(values))
        body = axes.violinplot(logs, [row], orientation="horizontal", widths=0.85, showextrema=False)["bodies"]
        setp(body, facecolor=colour[name], alpha=0.3, lw=0)
        low, middle, high = np.log10(np.quantile(values, [0.25, 0.5, 0.75]))
        axes.plot([low, high], [row, row], color=colour[name], lw=5, solid_capstyle="butt")
        axes.plot(middle, row, "o", ms=6, mfc="white", mec=colour[name], mew=1.8)
        axes.annotate(
            seconds(10**middle), (middle, row), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=9, color=colour[name]
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), map(label, reversed(shown)))
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(FixedLocator(_round_logs(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _duration(float(f"{10**value:.3g}"))))
    axes.set_xlabel("time to first token, log scale")
    return _noted(figure, "bar: quartiles; dot: median; answered calls, without warm-up, replayed and saturated ones")


def _round_logs(low: float, high: float) -> list[float]:
    """The logarithms of 1, 2 and 5 times powers of ten within these."""
    found = [np.log10(base) + power for power in range(-6, 5) for base in (1, 2, 5)]
    return [float(one) for one in found if low <= one <= high]


def _thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most STEPS of the values, evenly spaced in their order, with the first and the last: their ECDF looks the same."""
    if len(values) <= STEPS:
        return values
    kept: NDArray[np.float64] = np.sort(values)[np.linspace(0, len(values) - 1, STEPS).round().astype(int)]
    return kept


def heatmap(standings: Sequence[Standing]) -> Figure | None:
    """Quality by provider and capability, in percent. None if there are no standings."""
    providers = [one.provider for one in sorted(standings, key=_rank) if one.capability == ALL]
    capabilities = list(dict.fromkeys(one.capability for one in standings if one.capability != ALL))
    if not providers or not capabilities:
        return None
    value = {(one.provider, one.capability): one.quality.value for one in standings if one.quality}
    cells = np.array([[value.get((p, c), np.nan) for c in capabilities] for p in providers])
    size = (2.6 + 0.85 * len(capabilities), 1.9 + 0.52 * len(providers))
    figure, axes = _figure("Quality by capability", _simulated(standings), size)
    ends = np.arange(len(capabilities) + 1) - 0.5, np.arange(len(providers) + 1) - 0.5
    axes.pcolormesh(*ends, cells, cmap="YlGnBu", vmin=float(np.nanmin(cells, initial=0.5)), vmax=1.0, edgecolors="white", lw=1)  # fmt: skip
    axes.invert_yaxis()
    for (row, column), cell in np.ndenumerate(cells):
        text = "–" if np.isnan(cell) else f"{100 * cell:.0f}"
        axes.text(
            column, row, text, ha="center", va="center", fontsize=11, color=_ON_DARK if cell > 0.82 else _ON_LIGHT
        )
    axes.set_xticks(
        range(len(capabilities)), [label(name.replace("_", " ")) for name in capabilities], rotation=30, ha="right"
    )
    axes.set_yticks(range(len(providers)), map(label, providers))
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return _noted(figure, "% of scored cases; the intervals stand in the report")


def _rank(one: Standing) -> float:
    return -one.quality.value if one.quality else 1.0


def _simulated(standings: Sequence[Standing]) -> bool:
    return any(one.simulated for one in standings)


def _simulated_words(simulated: bool) -> str:
    return " (simulated providers)" if simulated else ""


def _colours(names: Sequence[str]) -> dict[str, str]:
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(dict.fromkeys(names))}


def _figure(title: str, simulated: bool, size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title + _simulated_words(simulated), loc="left", fontsize=14, weight="bold", color=INK, pad=12)
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=FAINT, labelsize=9.5)
    axes.xaxis.label.set_color(FAINT)
    axes.yaxis.label.set_color(FAINT)
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)


def _cost_axis(axes: Axes, costs: Sequence[float]) -> None:
    if min(costs) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(costs) / 1.6, max(costs) * 2.6)
    axes.set_xlabel("mean cost of 1,000 calls" + (", log scale" if min(costs) > 0 else ""))
    _few_ticks(axes, lambda value: f"${value:g}", log=min(costs) > 0)


def _few_ticks(axes: Axes, text: Callable[[float], str], *, log: bool) -> None:
    if log:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def _duration(value: float) -> str:
    return f"{1000 * value:g} ms" if value < 1 else f"{value:g} s"


def _noted(figure: Figure, note: str) -> Figure:
    figure.supxlabel(note, x=0.01, ha="left", fontsize=8.5, color=FAINT)
    return figure
