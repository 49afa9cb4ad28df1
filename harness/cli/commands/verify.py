"""Choose routes from a part of a table of outcomes and judge them on the rest, many times: what does choosing gain? Nothing is sent."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli import options as shared
from harness.errors import BadInput, ExitCode, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.render.tables import Table
    from harness.routing.verification import Told, Verified

SIZES = (100, 300, 1000, 3000)
MOST_PROBLEMS = 20
LOSS = -0.05
"""Points: a chooser that loses more than this on average is broken."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness verify --outcomes TABLE.csv.gz`."""
    parser.add_argument(
        "--outcomes",
        type=Path,
        required=True,
        metavar="FILE",
        help="what many providers scored on the same cases, in any format that `harness import` reads",
    )
    parser.add_argument("--splits", type=shared.whole(2), default=100, metavar="N", help="random splits (default: 100)")
    parser.add_argument(
        "--sizes",
        type=_sizes,
        metavar="N,…",
        help=f"cases to choose from (default: {','.join(map(str, SIZES))}, those that leave half of the table)",
    )
    parser.add_argument(
        "--confidence", type=shared.share, default=0.8, metavar="P", help="as for harness route (default: 0.8)"
    )
    parser.add_argument(
        "--shuffle", action="store_true", help="deal the capabilities at random first: then nothing can be gained"
    )
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Split, choose, judge, tell; 1 if choosing loses on average at one of the sizes."""
    from harness.cli import story
    from harness.render.terminal import Terminal
    from harness.routing import Objective, Outcomes, verify

    outcomes = Outcomes.of(_told(options.outcomes))
    if options.shuffle:
        outcomes = outcomes.shuffled()
    cases = len(outcomes.scores)
    sizes = options.sizes or [n for n in SIZES if 2 * n <= cases] or [cases // 2]
    found = verify(outcomes, Objective(confidence=options.confidence), sizes, options.splits)
    if options.json:
        story.print_json(found)
    else:
        of = f"{cases:,} cases, {outcomes.scores.shape[1]} providers, {outcomes.scores.index.unique(0).size} capabilities"
        terminal = Terminal()
        terminal.table(_gains(found, f"{options.outcomes.name}: {of}"))
        terminal.table(_figures(found[-1]))
    return ExitCode.BELOW if any(one.gain < LOSS for one in found) else ExitCode.FINE


def _told(file: Path) -> list[Told]:
    """What each outcome tells; what was not scored is left out."""
    from harness.load.outcomes import Wishes, outcomes

    told, problems = [], []
    for line, row in outcomes(file, Wishes()).lines:
        if isinstance(row, str):
            problems.append(Problem(file, line, row))
        elif row.value is not None:
            told.append(
                (f"{row.suite}::{row.case_id}", row.capability, row.provider, row.value, row.cost_usd, row.latency_s)
            )
    if problems:
        raise BadInput(problems[:MOST_PROBLEMS])
    return told


def _gains(found: Sequence[Verified], title: str) -> Table:
    from harness.render.tables import Table

    rows = tuple(
        (
            f"{one.n:,}",
            f"{one.gain:+.2f} ± {1.96 * one.error:.2f}",
            f"{100 * one.worse:.0f} %",
            f"{100 * (one.figures['oracle'].accuracy - one.figures['best single'].accuracy):+.2f}",
        )
        for one in found
    )
    return Table(
        title=f"What choosing gains: {title}",
        head=("cases to choose from", "points above the best single", "splits worse", "with hindsight"),
        rows=rows,
        note=f"on the cases held out, over {found[0].splits} random splits; with hindsight: the best provider of each capability",
    )


def _figures(one: Verified) -> Table:
    from harness.render.figures import DASH, usd
    from harness.render.tables import Table

    rows = tuple(
        (name, f"{100 * figure.accuracy:.2f} %", usd(figure.cost_per_call), usd(figure.cost_per_solved))
        for name, figure in one.figures.items()
    )
    area = f"{one.aiq[1]:.4f} with the route, {one.aiq[0]:.4f} without" if one.aiq else f"{DASH}, costs are not known"
    return Table(
        title=f"On the held-out cases, having chosen from {one.n:,}",
        head=("way", "accuracy", "$ a call", "$ a solved case"),
        rows=rows,
        note=f"random: the same shares, dealt at random; zero router: the best mix of singles at the route's cost; AIQ {area}",
    )


def _sizes(text: str) -> list[int]:
    read = shared.whole(1)
    return [read(part) for part in text.split(",")]
