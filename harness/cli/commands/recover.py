"""Make a run of what a killed one recorded: Parquet of its journals, and a manifest. Nothing is sent.

What an object store could not be given is published. Every command that reads the run does so by itself; this one says what was found. `harness resume` asks the rest.
"""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness recover [RUN]`."""
    parser.add_argument(
        "run", nargs="?", default=shared.NEWEST, metavar="RUN", help="a run's id or folder (default: the newest)"
    )
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Open the run, which closes it, and say what is in it."""
    from harness.cli import story

    run = shared.run_to_resume(options.run, shared.places(options))
    line = story.Teller(json_on_stdout=options.json).terminal.line
    line(
        f"{run.run_id}: {run.state}, {run.attempts:,} attempts at {run.trials:,} of {run.info.planned:,} planned trials"
    )
    if run.place.remote:
        line(f"published: {run.place.shown(run.path)}")
    for note in run.notes:
        line(note, style="bold yellow")
    if run.state == "interrupted":
        line(f"`harness resume {run.run_id}` asks the rest")
    if options.json:
        told = {"run_id": run.run_id, "state": run.state, "attempts": run.attempts, "trials": run.trials}
        story.print_json(
            {
                **told,
                "planned": run.info.planned,
                "damaged": run.damaged,
                "in_flight": run.in_flight,
                "notes": run.notes,
            }
        )
    return ExitCode.BROKEN if run.damaged else ExitCode.FINE
