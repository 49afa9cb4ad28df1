"""Judge a run's stored replies again, with the suites as they are now. Nothing is sent and nothing is spent."""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness score [RUN] [SUITE …]`."""
    shared.add_run(parser)
    shared.add_suites(parser)
    parser.add_argument(
        "--allow-code", action="store_true", help="let the code scorer run code from replies, in a sandbox"
    )
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Judge and report again."""
    from harness import pipeline, scorers, store
    from harness.cli import story

    places = shared.places(options)
    run = store.open_run(options.run, places.reports)
    suites = pipeline.read_suites(places, run.info.seed, run.info.limit)
    finished = pipeline.finish(run, suites, scorers.Permissions(code=options.allow_code), places)
    story.Teller(json_on_stdout=options.json).finished(finished)
    if options.json:
        story.print_json(finished.report)
    return ExitCode.BROKEN if finished.run.damaged else ExitCode.FINE
