"""Hold a run against an earlier one, case by case: what regressed, what improved, what is missing. Nothing is sent."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from harness.cli import formats
from harness.cli import options as shared
from harness.errors import ExitCode
from harness.judged import Compared, Verdict
from harness.render.formats import of_comparisons

FAIL_ON = ("regressed", "missing")
TOLERANCES = ("quality", "reliability", "latency", "cost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness compare [BASE [NEW]] [--tolerance …] [--fail-on …]`."""
    what = "the run to hold it against, by id or folder; baseline; or previous, the run before NEW (default: baseline if there is one, otherwise previous)"
    parser.add_argument("base", nargs="?", metavar="BASE", help=what)
    parser.add_argument(
        "new", nargs="?", default="latest", metavar="NEW", help="the run to judge (default: the last one)"
    )
    add_verdicts(parser)
    parser.add_argument(
        "--all", dest="format", action="store_const", const="text-all", help="also show every cell that did not change"
    )
    formats.add_arguments(parser, of_comparisons())
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw what changed into a folder, as changes.png and changes.svg"
    )
    shared.add_reports(parser)
    shared.add_json(parser)


def add_verdicts(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """`--tolerance --fail-on`."""
    parser.add_argument(
        "--tolerance",
        type=_tolerances,
        default={},
        metavar="NAME=X,…",
        help="how far a figure may move and still be equal (default: quality=0.02,reliability=0.02,latency=0.10,cost=0.05; latency=0.05 of runs that were interleaved)",
    )
    parser.add_argument(
        "--fail-on",
        type=_verdicts,
        default=FAIL_ON,
        metavar="VERDICT,…",
        help=f"exit with 1 if a cell is one of these (default: {','.join(FAIL_ON)})",
    )


def main(options: argparse.Namespace) -> ExitCode:
    """Compare; the verdict comes first."""
    from harness import comparing, store

    wanted = formats.Wanted.of(options)
    places = shared.places(options)
    new = store.open_run(options.new, places.reports)
    base = comparing.base_for(new, options.base, places, datetime.now(UTC))
    judged = comparing.side_of(new)
    tolerance = comparing.tolerance(base, judged, options.tolerance)
    model = comparing.compare(base, judged, tolerance, options.fail_on)
    wanted.give(model)
    if options.plots:
        _draw(model, options.plots)
    return ExitCode.BELOW if model.failed else ExitCode.FINE


def _draw(model: Compared, folder: Path) -> None:
    from harness.render import plots
    from harness.render.forest import forest
    from harness.store import on_disk

    figure = forest(model)
    with on_disk(folder, "cannot be written", "Name another folder"):
        files = plots.save(figure, folder, "changes") if figure else ()
    print(f"plots    {', '.join(map(str, files)) or 'none: nothing could be compared'}", file=sys.stderr)


def _tolerances(text: str) -> dict[str, float]:
    found = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if name not in TOLERANCES or not 0 <= value < float("inf"):
            names = ", ".join(TOLERANCES)
            raise argparse.ArgumentTypeError(f"'{part}' is not one of {names} with a share, such as latency=0.10")
        found[name] = value
    return found


def _verdicts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in get_args(Verdict):
            raise argparse.ArgumentTypeError(f"'{name}' is no verdict; they are {', '.join(get_args(Verdict))}")
    return names
