"""Say which routing weights a run supports and what would change. `--apply` writes them to reports/routing.toml."""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness route [RUN] [--apply]`."""
    shared.add_run(parser)
    parser.add_argument(
        "--confidence",
        type=shared.share,
        default=0.8,
        metavar="P",
        help="the posterior probability from which on traffic shifts, or stays for good (default: 0.8)",
    )
    parser.add_argument("--apply", action="store_true", help="write the routes to routing.toml in the reports folder")
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Propose; with --apply, write."""
    from harness import pipeline, routing, store
    from harness.cli import story

    places = shared.places(options)
    run = store.open_run(options.run, places.reports)
    present = pipeline.routes_in_force(places)
    table = pipeline.propose(run, present, routing.Objective(confidence=options.confidence))
    teller = story.Teller(json_on_stdout=options.json)
    teller.routes(table)
    if options.apply:
        pipeline.apply_routes(table, places)
    teller.changes(present, table, places.stored.shown(places.routing), applied=options.apply)
    if options.json:
        story.print_json(table)
    return ExitCode.FINE
