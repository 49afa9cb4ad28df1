"""The flags that say which runs count as evidence, and what they are made into."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.cli import options as shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.settings import Places
    from harness.store import Run


def add_runs(parser: argparse.ArgumentParser) -> None:
    """`[RUN…] --half-life AGE`."""
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="ids or folders of the runs that count (default: the last one, and those before it that still count)",
    )
    what = "older runs count as well: after this age with half of their cases (default: 30d)"
    parser.add_argument("--half-life", type=shared.age, metavar="AGE", help=what)


def runs(options: argparse.Namespace, places: Places, half_life_days: float) -> Sequence[Run]:
    """The runs that count, from parsed options, oldest first."""
    from harness import deciding, store

    if not options.runs:
        return deciding.with_earlier(store.open_run("latest", places.reports), places, half_life_days)
    found = {run.run_id: run for run in (store.open_run(name, places.reports) for name in options.runs)}
    return sorted(found.values(), key=lambda run: run.info.created)
