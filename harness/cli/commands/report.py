"""Write a run's report again: the terminal's tables, and Markdown with plots in reports/latest."""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness report [RUN]`."""
    shared.add_run(parser)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Decide and publish."""
    from harness import pipeline, store
    from harness.cli import story

    places = shared.places(options)
    finished = pipeline.report_again(store.open_run(options.run, places.reports), places)
    story.Teller(json_on_stdout=options.json).finished(finished)
    if options.json:
        story.print_json(finished.report)
    return ExitCode.BROKEN if finished.run.damaged else ExitCode.FINE
