"""Text: tables and sentences, in a terminal as wide as that is."""

from __future__ import annotations

from typing import TextIO

from harness.judged import Compared, Report, RoutingTable
from harness.render import compared, load_tables, moved, tables
from harness.render.terminal import Terminal
from harness.shown import RunResults


def run(model: RunResults, out: TextIO) -> None:
    """The report of a run."""
    report(model.report, Terminal(out))


def report(model: Report, terminal: Terminal) -> None:
    """The standings, what they rest on, the calibration in brief, the routes with their reasons."""
    show, line = terminal.table, terminal.line
    line(tables.summary(model))
    if model.state == "interrupted":
        line("interrupted: what was recorded until then is reported", style="bold yellow")
    for note in model.notes:
        line(note, style="bold yellow")
    line()
    for table in load_tables.levels(model):
        show(table)
    for table in tables.quality(model.standings, across=5 if terminal.width >= 84 else 4):
        show(table)
    show(tables.providers(model.standings))
    if model.gates:
        gates(model, terminal)
    if model.repeats:
        show(tables.repeats(model.repeats, simulated=model.simulated))
    if model.judging:
        show(tables.judging(model))
    if model.calibration:
        show(tables.calibration_brief(model.calibration))
    if model.routing is not None:
        routes(model.routing, terminal)


def gates(model: Report, terminal: Terminal) -> None:
    """What the suites' gates ask for and what was found; for each that is not met, why."""
    terminal.table(tables.gates(model.gates, simulated=model.simulated))
    gaps = tables.gaps(model.gates)
    for gap in gaps:
        terminal.line(gap, style="bold yellow")
    if gaps:
        terminal.line()


def routes(table: RoutingTable, terminal: Terminal) -> None:
    """The weights and, for each capability, why."""
    terminal.table(tables.routes(table))
    for reason in tables.reasons(table):
        terminal.line(reason)
    terminal.line()


def comparison(model: Compared, out: TextIO) -> None:
    """The verdict first, then what changed, counts of the rest, and what could not be compared."""
    _told(model, Terminal(out), every=False)


def with_every_cell(model: Compared, out: TextIO) -> None:
    """The same with a row for each cell."""
    _told(model, Terminal(out), every=True)


def _told(model: Compared, terminal: Terminal, *, every: bool) -> None:
    terminal.line(compared.verdict(model.cells, model.new), style="bold red" if model.failed else "bold")
    for note in model.notes:
        terminal.line(note)
    terminal.line()
    for table in (*compared.changed(model.cells), *moved.moved(model)):
        terminal.table(table)
    if every:
        terminal.table(compared.every(model.cells))
    for gap in compared.gaps(model.cells):
        terminal.line(gap)
