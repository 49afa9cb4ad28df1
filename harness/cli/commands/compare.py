"""Hold a run against an earlier one, case by case: what regressed, what improved, what is missing. Nothing is sent."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING, get_args

from harness.cli import options as shared
from harness.errors import ExitCode, NothingSelected, WrongUse
from harness.judged import Verdict

if TYPE_CHECKING:  # loads everything; `--help` must not
    from harness.store import Run

BEFORE = "previous"
FAIL_ON = ("regressed", "missing")
TOLERANCES = ("quality", "reliability", "latency", "cost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness compare [BASE [NEW]] [--tolerance …] [--fail-on …]`."""
    what = "the run to hold it against, by id or folder (default: previous, the run before NEW)"
    parser.add_argument("base", nargs="?", default=BEFORE, metavar="BASE", help=what)
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
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Compare; the verdict comes first."""
    from harness import pipeline, standing, store
    from harness.cli import story
    from harness.render import compared

    reports = shared.places(options).reports
    new = store.open_run(options.new, reports)
    base = store.run_before(new, reports) if options.base == BEFORE else store.open_run(options.base, reports)
    if base.run_id == new.run_id:
        raise WrongUse(f"both are the run {new.run_id}: it equals itself; name another as BASE")
    cells = pipeline.compare(base, new, standing.Tolerance(**options.tolerance))
    if not cells:
        raise NothingSelected(f"neither {base.run_id} nor {new.run_id} has a measured trial")
    counts = Counter(one.verdict for one in cells)
    failed = any(counts[verdict] for verdict in options.fail_on)
    sentence = compared.verdict(cells, new.run_id)
    terminal = story.Teller(json_on_stdout=options.json).terminal
    terminal.line(sentence, style="bold red" if failed else "bold")
    for note in _notes(base, new):
        terminal.line(note)
    terminal.line()
    for table in compared.changed(cells):
        terminal.table(table)
    for gap in compared.gaps(cells):
        terminal.line(gap)
    if options.json:
        told = {"base": base.run_id, "new": new.run_id, "verdict": sentence, "failed": failed, "counts": counts}
        story.print_json({**told, "cells": cells})
    return ExitCode.BELOW if failed else ExitCode.FINE


def _notes(base: Run, new: Run) -> list[str]:
    """What a reader must not miss about the two runs themselves."""
    apart = abs((new.info.created - base.info.created).total_seconds())
    runs = f"BASE {base.run_id} and NEW {new.run_id} were taken {_span(apart)} apart"
    said = [
        f"{runs}: providers drift by the hour, and no test tells that from a change that stays. If it matters, run both again."
    ]
    said += [
        f"{name} was interrupted: what it did not ask is missing."
        for name, run in (("BASE", base), ("NEW", new))
        if run.state == "interrupted"
    ]
    return said


def _span(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


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
