"""Hold the routes that runs support against what they replace, on cases that they were not chosen from; or the chooser itself against a table of outcomes.

Nothing is sent.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli import evidence, objective
from harness.cli import options as shared
from harness.errors import BadInput, ExitCode, Problem, WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.render.tables import Table
    from harness.routing import Proof
    from harness.routing.verification import Told, Verified

SIZES = (100, 300, 1000, 3000)
MOST_PROBLEMS = 20
LOSS = -0.05
"""Points: a chooser that loses more than this on average is broken."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness verify [RUN…]`, or `harness verify --outcomes TABLE.csv.gz`."""
    evidence.add_runs(parser)
    objective.add_objective(parser)
    group = parser.add_argument_group("the chooser against a table of outcomes")
    group.add_argument(
        "--outcomes",
        type=Path,
        metavar="FILE",
        help="what many providers scored on the same cases, in any format that `harness import` reads",
    )
    group.add_argument("--splits", type=shared.whole(2), default=100, metavar="N", help="random splits (default: 100)")
    group.add_argument(
        "--sizes",
        type=_sizes,
        metavar="N,…",
        help=f"cases to choose from (default: {','.join(map(str, SIZES))}, those that leave half of the table)",
    )
    group.add_argument(
        "--shuffle", action="store_true", help="deal the capabilities at random first: then nothing can be gained"
    )
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """1 if the routes do not beat what they replace, or choosing loses on average at one of the sizes."""
    return _of_runs(options) if options.outcomes is None else _of_outcomes(options)


def _of_runs(options: argparse.Namespace) -> ExitCode:
    from harness import deciding
    from harness.cli import story
    from harness.render import plots
    from harness.render.terminal import Terminal

    if options.shuffle or options.sizes:
        raise WrongUse("--sizes and --shuffle are for a table of outcomes: say --outcomes FILE")
    places, wanted = shared.places(options), objective.objective(options)
    runs = evidence.runs(options, places, wanted.half_life_days)
    found = deciding.propose(runs, places, deciding.routes_in_force(places), wanted)
    proof = found.verify()
    why_not = found.objection_by(proof)
    if options.json:
        story.print_json({"proof": proof, "objection": why_not})
        return ExitCode.BELOW if why_not else ExitCode.FINE
    teller, terminal = story.Teller(), Terminal()
    teller.evidence(runs)
    terminal.table(_ways(proof, found.evidence.simulated))
    routes = {
        name: (one.cost_per_call, one.accuracy)
        for name, one in proof.ways.items()
        if one.cost_per_call is not None
        and name not in {"best single", "zero router"}  # these lie on the line of mixes
    }
    figure = plots.ways(proof.singles, routes, simulated=found.evidence.simulated)
    files = plots.save(figure, places.stored.folder / "latest", "frontier") if figure else ()
    fine = "the route may replace what was there before: on cases that it was not chosen from it is worth more"
    if not found.moves:
        fine = "the routes move no traffic: there is nothing that could be better or worse"
    elif proof.worth is not None and proof.worth <= 0:
        fine = "the route is worth as much as the best single provider: as the first routes they may stand"
    terminal.line(why_not or fine)
    for file in files[:1]:
        terminal.line(f"plot     {file}")
    return ExitCode.BELOW if why_not else ExitCode.FINE


def _ways(proof: Proof, simulated: bool) -> Table:
    from harness.render.figures import DASH, seconds, usd
    from harness.render.tables import Table

    order = ["route", "incumbent", "best single", "zero router", "random", "oracle"]
    rows = tuple(
        (
            name,
            f"{100 * one.accuracy:.2f} %",
            usd(one.cost_per_call),
            usd(one.cost_per_solved),
            seconds(one.latency_p95_s),
        )
        for name in order
        if (one := proof.ways.get(name))
    )
    gain = proof.gain
    interval = (
        f", 95 % interval {100 * gain.low:+.2f} to {100 * gain.high:+.2f}"
        if gain.low is not None and gain.high is not None
        else ""
    )
    few = ""
    if proof.ways["route"].latency_p95_s is None:
        few = "; no p95: fewer than 59 answers were timed while the harness was not saturated"
    area = (
        f"AIQ {proof.aiq[1]:.4f} with the route, {proof.aiq[0]:.4f} without"
        if proof.aiq
        else f"AIQ {DASH}, costs are not known"
    )
    return Table(
        title=f"{proof.cases:,} cases, each judged by a route that was chosen without it"
        + (" (simulated)" if simulated else ""),
        head=("way", "accuracy", "$ a call", "$ a solved case", "p95 latency"),
        rows=rows,
        note=f"route − incumbent {100 * gain.value:+.2f} points{interval}; it moves {100 * proof.moved:.0f} % of the traffic; "
        f"zero router: the best mix of singles at the route's cost; random: the same shares, dealt at random; oracle: the best of each capability, with hindsight; {area}{few}",
    )


def _of_outcomes(options: argparse.Namespace) -> ExitCode:
    """Split, choose, judge, tell."""
    from harness.cli import story
    from harness.render.terminal import Terminal
    from harness.routing import Outcomes, verify

    if options.runs:
        raise WrongUse("a run and --outcomes are two things to verify: say one of them")
    outcomes = Outcomes.of(_told(options.outcomes))
    if options.shuffle:
        outcomes = outcomes.shuffled()
    cases = len(outcomes.scores)
    sizes = options.sizes or [n for n in SIZES if 2 * n <= cases] or [cases // 2]
    found = verify(outcomes, objective.objective(options), sizes, options.splits)
    if options.json:
        story.print_json(found)
    else:
        of = f"{cases:,} cases, {outcomes.scores.shape[1]} providers, {outcomes.scores.index.unique(0).size} capabilities"
        terminal = Terminal()
        terminal.table(_gains(found, f"{options.outcomes.name}: {of}"))
        terminal.table(_figures(found[-1]))
    quality = options.objective == "quality"
    return ExitCode.BELOW if quality and any(one.gain < LOSS for one in found) else ExitCode.FINE


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
