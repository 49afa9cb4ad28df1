"""List the suites and what is in them; with -v every case."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.ask import Suite
from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness list [SUITE …]`."""
    shared.add_suites(parser)
    shared.add_selection(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="every case")
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """One row for each suite, or for each case."""
    from harness import load, pipeline
    from harness.cli import story
    from harness.render.figures import plural
    from harness.render.tables import Table
    from harness.render.terminal import Terminal

    suites = pipeline.read_suites(shared.places(options), options.seed, options.limit)
    suites = load.select(suites, options.keyword, options.marker)
    if options.json:
        story.print_json(
            [{"name": one.name, "hash": one.hash, "cases": [case.id for case in one.cases]} for one in suites]
        )
        return ExitCode.FINE
    head, rows = _cases(suites) if options.verbose else _suites(suites)
    cases = sum(len(one.cases) for one in suites)
    title = f"{plural(len(suites), 'suite')}, {plural(cases, 'case')}"
    Terminal().table(Table(title, head, tuple(rows)))
    return ExitCode.FINE


def _cases(suites: Sequence[Suite]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = [
        (
            f"{suite.name}::{case.id}",
            case.capability,
            ", ".join(one.scorer for one in case.criteria),
            ", ".join(sorted(case.tags)),
        )
        for suite in suites
        for case in suite.cases
    ]
    return ("case", "capability", "scorer", "tags"), list(rows)


def _suites(suites: Sequence[Suite]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = [
        (
            one.name,
            str(len(one.cases)),
            ", ".join(sorted({case.capability for case in one.cases})),
            one.description,
            str(one.path),
        )
        for one in suites
    ]
    return ("suite", "cases", "capability", "what", "file"), list(rows)
