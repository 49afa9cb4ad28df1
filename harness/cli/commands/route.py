"""Say which routing weights a run supports, and those before it, and what would change. `--apply` writes them to reports/routing.toml."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.cli import evidence, objective
from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.cli.story import Teller
    from harness.judged import RoutingTable
    from harness.settings import Places
    from harness.store import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness route [RUN…] [--objective NAME] [--apply | --rollback]`."""
    evidence.add_runs(parser)
    objective.add_objective(parser)
    parser.add_argument("--apply", action="store_true", help="write the routes to routing.toml in the reports folder")
    parser.add_argument(
        "--rollback", action="store_true", help="put the routes in force again that the present ones replaced"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="apply also what does not beat the present routes on held-out cases, or replace those of a provider nobody knows",
    )
    shared.add_providers(parser)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Propose; with --apply, write; with --rollback, go back."""
    from harness import deciding
    from harness.cli import story

    places = shared.places(options)
    teller = story.Teller(json_on_stdout=options.json)
    if options.rollback:
        if options.apply or options.runs:
            raise WrongUse("--rollback goes back to the routes before the present ones: it takes no run and no --apply")
        replaced, table = deciding.roll_back(places)
        teller.rolled_back(replaced, table, places.stored.shown(places.routing))
        why_not = None
    else:
        table, why_not = _propose(options, places, teller)
    if options.json:
        story.print_json(table)
    return ExitCode.BELOW if why_not else ExitCode.FINE


def _propose(options: argparse.Namespace, places: Places, teller: Teller) -> tuple[RoutingTable, str | None]:
    """The proposal, and why it was not applied though it should be."""
    from harness import deciding

    wanted = objective.objective(options)
    runs = evidence.runs(options, places, wanted.half_life_days)
    present = deciding.routes_in_force(places, None if options.force else _known(places, runs))
    found = deciding.propose(runs, places, present, wanted)
    table = found.table
    teller.evidence(runs)
    teller.routes(table)
    why_not = found.objection() if options.apply and not options.force else None
    if options.apply and not why_not:
        deciding.apply_routes(table, places)
    elif table is not present:
        deciding.save_candidate(table, places)
    applied = options.apply and not why_not
    teller.changes(present, table, places.stored.shown(places.routing), applied=applied, why_not=why_not)
    return table, why_not


def _known(places: Places, runs: Sequence[Run]) -> set[str] | None:
    """Who may have traffic: whoever is registered or was asked; None where there is no registry."""
    import os

    from harness import registry

    if not places.providers.exists():
        return None
    entries = registry.load(places.providers, os.environ).entries
    return {one.provider.name for one in entries} | {name for run in runs for name in run.info.providers}
