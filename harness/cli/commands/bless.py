"""Make a run the baseline that later ones are held against: small, without texts, for git. Nothing is sent."""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness bless [RUN] [--texts]`."""
    shared.add_run(parser)
    parser.add_argument(
        "--texts", action="store_true", help="also keep prompts and replies, so that a comparison shows both sides"
    )
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Bless; says how large it is and what to do next."""
    from datetime import UTC, datetime

    from harness import comparing, store
    from harness.cli import story
    from harness.render.figures import plural, size
    from harness.render.formats.json import as_json

    places = shared.places(options)
    blessed = comparing.bless(
        store.open_run(options.run, places.reports), places, datetime.now(UTC), texts=options.texts
    )
    line = story.Teller(json_on_stdout=options.json).terminal.line
    kind = " (simulated)" if blessed.simulated else ""
    line(
        f"{blessed.run_id}{kind} is the baseline: {plural(blessed.n_cases, 'case')}, {plural(len(blessed.providers), 'provider')}, "
        f"{size(blessed.bytes)} in {places.stored.shown(blessed.folder)}, {blessed.bytes_a_case:.0f} bytes for each case and provider"
    )
    line(
        f"{'it is published' if places.stored.remote else 'commit it'}; `make regress` and `harness compare` now hold the last run against it"
    )
    if options.json:
        story.print_json({**as_json(blessed), "bytes_a_case": blessed.bytes_a_case})
    return ExitCode.FINE
