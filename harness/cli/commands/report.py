"""Write a run's report again: the terminal's tables, and Markdown with plots in reports/latest; or in another format. Nothing is sent."""

from __future__ import annotations

import argparse

from harness.cli import formats
from harness.cli import options as shared
from harness.errors import ExitCode
from harness.render.formats import of_runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness report [RUN] [SUITE …] [--format …]`."""
    shared.add_run(parser)
    shared.add_suites(parser)
    formats.add_arguments(parser, of_runs())
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Without a format: decide and publish. Otherwise: what is asked for, and reports/latest stays as it is."""
    from harness import pipeline, store
    from harness.cli import story

    wanted = formats.Wanted.of(options)
    places = shared.places(options)
    run = store.open_run(options.run, places.reports)
    if not wanted.plain:
        from harness.results import results_of

        results = results_of(run, places)
        wanted.give(results)
        return story.judged(run, results.report)
    finished = pipeline.report_again(run, places)
    story.Teller(json_on_stdout=options.json).finished(finished)
    if options.json:
        story.print_json(finished.report)
    return story.judged(finished.run, finished.report)
