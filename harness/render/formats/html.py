"""HTML: one file with everything in it, which opens from a disk without a network; a content security policy lets only our own script run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harness.judged import ALL, Compared, Comparison, Flip, Report
from harness.late import pd
from harness.render import compared, load_tables, moved, plots, tables
from harness.render.explorer import Cell, Column, Explorer, Line
from harness.render.figures import DASH, count, plural, seconds, usd
from harness.render.forest import forest
from harness.render.plain import plain
from harness.render.tables import Table
from harness.shown import Result, RunResults

_FILES = Path(__file__).parent.parent / "page"
_MOODS = {
    "not solved": "bad", "failed": "bad", "regressed": "bad", "missing": "bad", "solved in BASE only": "bad",
    "improved": "good", "solved in NEW only": "good",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """A section: a table, a plot, an explorer, or lines under a heading."""

    table: Table | None = None
    svg: str = ""
    caption: str = ""
    explorer: Explorer | None = None
    heading: str = ""
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    title: str
    simulated: bool
    lines: Sequence[str]
    notes: Sequence[str]
    parts: Sequence[_Part]
    footer: str
    mood: str = ""


def run(model: RunResults, out: TextIO) -> None:
    """The report with its plots, and each trial: filter, sort, open one to read prompt, expectation, reply and reason."""
    report = model.report
    interrupted = ["The run was interrupted: what was recorded until then is reported."] if report.state == "interrupted" else []  # fmt: skip
    page = _Page(
        title=f"Run {report.run_id}",
        simulated=report.simulated,
        lines=[tables.summary(report)],
        notes=[*interrupted, *report.notes],
        parts=[*_report(report), *_plots(model), _Part(explorer=_trials(model.results)), *_calibrated(report)],
        footer=f"harness {report.harness_version}, seed {report.seed}, started {report.created:%Y-%m-%d %H:%M:%S} UTC",
    )
    _write(page, out)


def comparison(model: Compared, out: TextIO) -> None:
    """The verdict, what changed, the forest plot, the cases that flipped with both replies, and every cell."""
    drawn = forest(model)
    gaps = compared.gaps(model.cells)
    parts = [_Part(table=one) for one in compared.changed(model.cells)]
    if drawn is not None:
        parts.append(_Part(svg=plots.inline(drawn, "changes"), caption="By how much each figure changed, with 95 % intervals"))  # fmt: skip
    if model.flips:
        parts.append(_Part(explorer=_flips(model.flips)))
    parts += [_Part(table=one) for one in moved.others(model)]
    parts.append(_Part(explorer=_cells(model.cells)))
    if gaps:
        parts.append(_Part(heading="What could not be compared", lines=gaps))
    page = _Page(
        title=compared.verdict(model.cells, model.new),
        simulated=model.simulated,
        lines=[f"BASE {model.base} · NEW {model.new}"],
        notes=model.notes,
        parts=parts,
        footer="p: adjusted for the other cells (Benjamini–Hochberg); every interval is a two-sided one of 95 %",
        mood="bad" if model.failed else "",
    )
    _write(page, out)


def _write(page: _Page, out: TextIO) -> None:
    script = (_FILES / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_FILES), autoescape=True, undefined=StrictUndefined, finalize=_harmless, trim_blocks=True
    )  # fmt: skip
    template = environment.get_template("page.html.j2")
    style = (_FILES / "page.css").read_text(encoding="utf-8")
    out.write(template.render(page=page, script=script, script_hash=digest, style=style) + "\n")


def _harmless(value: object) -> object:
    return plain(value) if type(value) is str else value  # a Markup is ours


def _report(report: Report) -> Iterator[_Part]:
    if report.gates:
        yield _Part(table=tables.gates(report.gates, simulated=report.simulated))
        if gaps := tables.gaps(report.gates):
            yield _Part(heading="Gates that are not met", lines=gaps)
    shown = [*load_tables.levels(report), *tables.quality(report.standings), tables.providers(report.standings)]
    shown.append(tables.counts(report.standings))
    if report.repeats:
        shown.append(tables.repeats(report.repeats, simulated=report.simulated))
    yield from (_Part(table=one) for one in shown)
    if report.routing is not None:
        yield _Part(table=tables.routes(report.routing))
        yield _Part(heading="Why these routes", lines=tables.reasons(report.routing))


def _calibrated(report: Report) -> Iterator[_Part]:
    if report.calibration:
        yield from (_Part(table=one) for one in tables.calibration(report.calibration))


def _plots(model: RunResults) -> Iterator[_Part]:
    timed = [(one.provider, one.ttft_s, one.latency_s) for one in model.results if one.timed]
    frame = pd.DataFrame(timed, columns=["provider", "ttft_s", "latency_s"]).astype({"ttft_s": float, "latency_s": float})  # fmt: skip
    for name, figure in plots.of_run(model.report.standings, frame).items():
        yield _Part(svg=plots.inline(figure, name), caption=plots.CAPTIONS[name])


def _trials(results: Sequence[Result]) -> Explorer:
    unsolved = sum(one.outcome != "solved" for one in results)
    return Explorer(
        id="trials",
        title=f"{plural(len(results), 'trial')}, {unsolved:,} of them not solved",
        columns=(
            Column("case"), Column("provider", "choice"), Column("suite", "choice", minor=True), Column("capability", "choice", minor=True),
            Column("outcome", "choice"), Column("score", "number"), Column("TTFT", "number", minor=True), Column("latency", "number", minor=True),
            Column("cost", "number", minor=True),
        ),
        parts=("prompt", "expected", "reply", "reason"),
        lines=[_trial(one) for one in results],
        moods=_MOODS,
        about="A row opens to what was asked, expected and replied.",
    )  # fmt: skip


def _trial(one: Result) -> Line:
    cells: tuple[Cell, ...] = (
        one.case_id + (f" ({one.repeat})" if one.repeat else ""),
        one.provider,
        one.suite,
        one.capability,
        one.outcome,
        (one.value, DASH if one.value is None else f"{one.value:.2g}"),
        (one.ttft_s, seconds(one.ttft_s)),
        (one.latency_s, seconds(one.latency_s)),
        (one.cost_usd, usd(one.cost_usd)),
    )
    reason = f"{one.failure}: {one.reason}" if one.failure else one.reason
    return Line(cells, (one.prompt, one.expected, one.reply or "(nothing)", reason or None), one.outcome != "solved")


def _flips(flips: Sequence[Flip]) -> Explorer:
    return Explorer(
        id="flips",
        title=f"{plural(len(flips), 'case')} that flipped",
        columns=(
            Column("case"), Column("provider", "choice"), Column("suite", "choice", minor=True), Column("what", "choice"),
            Column("BASE", "number"), Column("NEW", "number"),
        ),
        parts=("prompt", "BASE replied", "why in BASE", "NEW replied", "why in NEW"),
        lines=[
            Line(
                (
                    one.case_id, one.provider, one.suite, "solved in BASE only" if one.lost else "solved in NEW only",
                    (one.base, f"{one.base:.2g}"), (one.new, f"{one.new:.2g}"),
                ),
                (one.prompt, one.base_reply, one.base_reason, one.new_reply, one.new_reason),
                one.lost,
            )
            for one in flips
        ],
        moods=_MOODS,
        about="A row opens to both replies, as far as the runs keep texts.",
    )  # fmt: skip


def _cells(cells: Sequence[Comparison]) -> Explorer:
    return Explorer(
        id="cells",
        title=plural(len(cells), "cell"),
        columns=(
            Column("provider", "choice"), Column("suite: capability"), Column("measure", "choice"), Column("verdict", "choice"),
            Column("change", "number"), Column("p", "number"), Column("n", "number", minor=True), Column("more", "number", minor=True),
        ),
        parts=("figures", "why"),
        lines=[_cell(one) for one in cells],
        moods=_MOODS,
        about="change: points, or % of the typical case; more: about how many more cases would decide it.",
    )  # fmt: skip


def _cell(one: Comparison) -> Line:
    where = "all that it was asked" if ALL == one.suite == one.capability else compared.place(one)
    cells: tuple[Cell, ...] = (
        one.provider,
        where,
        compared.MEASURES[one.measure],
        compared.VERDICTS[one.verdict],
        (None if one.change is None else one.change.value, compared.change_in_words(one)),
        (one.p_adjusted, compared.p_in_words(one.p_adjusted)),
        (one.n_pairs, count(one.n_pairs)),
        (one.n_needed, count(one.n_needed) if one.n_needed else DASH),
    )
    figures = compared.in_a_line(one) if one.change is not None else None
    return Line(cells, (figures, one.why), one.verdict in {"regressed", "missing", "improved"})
