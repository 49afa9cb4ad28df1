"""Ask every ready provider, record what happened, judge it, report it.

Before anything is sent, it says who will be asked what and the most that it can cost.
Where no real provider is ready, the simulated fleet takes part, and everything says so.
"""

from __future__ import annotations

import argparse
import functools

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse
from harness.judged import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness run [SUITE …]`."""
    shared.add_places(parser, suites=True)
    shared.add_selection(parser)
    shared.add_participants(parser)
    shared.add_terms(parser)
    parser.add_argument(
        "--allow-code", action="store_true", help="let the code scorer run code from replies, in a sandbox"
    )
    parser.add_argument(
        "--route", action="store_true", help="also write the routes that the run supports to reports/routing.toml"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be asked and the most it can cost, then stop"
    )


def main(options: argparse.Namespace) -> ExitCode:
    """Prepare, record, judge, decide, publish."""
    from harness import pipeline, scorers  # noqa: PLC0415  keeps --help light
    from harness.cli import fleet, story  # noqa: PLC0415
    from harness.render.progress import Bar  # noqa: PLC0415

    places = shared.places(options)
    prepared = pipeline.prepare(places, shared.selection(options))
    teller = story.Teller(json_on_stdout=options.json)
    teller.plan(prepared, options.budget)
    if options.dry_run:
        return ExitCode.FINE
    serve = functools.partial(fleet.serve, seed=options.seed)
    with Bar(prepared.plan.count, simulated=prepared.simulated) as bar:
        recorded = pipeline.record(prepared, places, shared.terms(options), serve=serve, progress=bar)
    finished = pipeline.finish(recorded.run, prepared.plan.suites, scorers.Permissions(code=options.allow_code), places)
    report = finished.report
    teller.finished(finished)
    if options.route and report.routing is not None:
        try:
            pipeline.apply_routes(report.routing, places)
            teller.terminal.line(f"routes   {places.routing}")
        except WrongUse as error:  # the run stands; only its routes may not replace those in force
            teller.terminal.line(f"routes   not written: {error}")
    if options.json:
        story.print_json(report)
    return _exit_code(report, interrupted=finished.interrupted)


def _exit_code(report: Report, *, interrupted: bool) -> ExitCode:
    from harness.cli.story import unanswered  # noqa: PLC0415  keeps --help light

    if interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.BELOW if unanswered(report) or report.trials < report.planned else ExitCode.FINE
