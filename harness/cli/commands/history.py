"""Show how each figure went over many runs: steps, however slowly they came, and whether the last run is unusual. Nothing is sent."""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness history [--only NAME,…] [--last N]`."""
    parser.add_argument("--only", type=shared.names, default=(), metavar="NAME,…", help="only these providers")
    parser.add_argument("--last", type=shared.whole(1), metavar="N", help="only the last N runs")
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Tables, and a plot in reports/latest."""
    from harness import comparing
    from harness.cli import story
    from harness.render import history

    places = shared.places(options)
    trends, notes = comparing.history(places, options.only, options.last)
    terminal = story.Teller(json_on_stdout=options.json).terminal
    terminal.line(history.verdict(trends), style="bold")
    for note in notes:
        terminal.line(note)
    terminal.line()
    for table in history.tables(trends):
        terminal.table(table)
    place = places.stored.made()
    if files := history.plot(trends, place.folder / "latest"):
        for file in files:
            place.send(f"latest/{file.name}")
        terminal.line(f"plots    {', '.join(map(place.shown, files))}")
    if options.json:
        story.print_json({"verdict": history.verdict(trends), "trends": trends, "plots": files})
    return ExitCode.FINE
