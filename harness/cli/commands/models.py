"""Show for each provider the catalogue's facts beside what was measured last, and its share of each capability's traffic."""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness models`."""
    shared.add_providers(parser)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Three tables: facts, measured, routes."""
    from harness.cards import models
    from harness.cli import cards, story
    from harness.render.terminal import Terminal

    found = models(shared.places(options))
    if options.json:
        story.print_json([cards.as_json(one) for one in found])
        return ExitCode.FINE
    terminal = Terminal()
    for table in cards.tables_of(found):
        terminal.table(table)
    return ExitCode.FINE
