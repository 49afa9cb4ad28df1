"""Hold a run against an earlier one, case by case: what regressed, what improved, what is missing. Nothing is sent."""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse
from harness.judged import Compared, Verdict

if TYPE_CHECKING:  # loads rich; `--help` must not
    from harness.render.terminal import Terminal

FAIL_ON = ("regressed", "missing")
TOLERANCES = ("quality", "reliability", "latency", "cost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness compare [BASE [NEW]] [--tolerance …] [--fail-on …]`."""
    what = "the run to hold it against, by id or folder; baseline; or previous, the run before NEW (default: baseline if there is one, otherwise previous)"
    parser.add_argument("base", nargs="?", metavar="BASE", help=what)
    parser.add_argument(
        "new", nargs="?", default="latest", metavar="NEW", help="the run to judge (default: the last one)"
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerances,
        default={},
        metavar="NAME=X,…",
        help="how far a figure may move and still be equal (default: quality=0.02,reliability=0.02,latency=0.10,cost=0.05)",
    )
    parser.add_argument(
        "--fail-on",
        type=_verdicts,
        default=FAIL_ON,
        metavar="VERDICT,…",
        help=f"exit with 1 if a cell is one of these (default: {','.join(FAIL_ON)})",
    )
    parser.add_argument("--all", action="store_true", help="also show every cell that did not change")
    parser.add_argument(
        "--format", choices=("text", "markdown"), default="text", help="markdown: for a pull request (default: text)"
    )
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Compare; the verdict comes first."""
    from harness import comparing, standing, store
    from harness.cli import story
    from harness.render.compared_markdown import markdown

    if options.json and options.format == "markdown":
        raise WrongUse("--json and --format markdown both take standard output: choose one")
    places = shared.places(options)
    new = store.open_run(options.new, places.reports)
    base = comparing.base_for(new, options.base, places, datetime.now(UTC))
    tolerance = standing.Tolerance(**options.tolerance)
    model = comparing.compare(base, comparing.side_of(new), tolerance, options.fail_on)
    if options.format == "markdown":
        print(markdown(model), end="")
    else:
        _tell(model, story.Teller(json_on_stdout=options.json).terminal, every=options.all)
    if options.json:
        counts = Counter(one.verdict for one in model.cells if not one.explained)
        told = {"base": base.run_id, "new": new.run_id, "verdict": _sentence(model), "failed": model.failed}
        story.print_json({**story.as_json(model), **told, "counts": counts, "tolerance": tolerance})
    return ExitCode.BELOW if model.failed else ExitCode.FINE


def _tell(model: Compared, terminal: Terminal, *, every: bool) -> None:
    from harness.render import compared, moved

    terminal.line(_sentence(model), style="bold red" if model.failed else "bold")
    for note in model.notes:
        terminal.line(note)
    terminal.line()
    for table in (*compared.changed(model.cells), *moved.moved(model)):
        terminal.table(table)
    if every:
        terminal.table(compared.every(model.cells))
    for gap in compared.gaps(model.cells):
        terminal.line(gap)


def _sentence(model: Compared) -> str:
    """The outcome in one sentence."""
    from harness.render import compared

    return compared.verdict(model.cells, model.new)


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
