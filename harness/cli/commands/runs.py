"""List the runs, the newest first: state, suites, providers, trials, spend, time. Folders that are no run, or a damaged one, are named."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.cli import options as shared
from harness.errors import ExitCode, StoreError

if TYPE_CHECKING:
    from harness.store import Listed

SHOWN = 40
"""Runs that are listed unless all are asked for."""

_COSTS = ("phase", "status", "replayed", "cost_usd", "started_at", "latency_s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness runs`."""
    parser.add_argument("--all", action="store_true", help=f"every one, not the newest {SHOWN}")
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """One row for each run, a line for each folder that needs a look."""
    from harness import store
    from harness.cli import story
    from harness.render.figures import plural
    from harness.render.tables import Table
    from harness.render.terminal import Terminal

    place = shared.places(options).stored
    folder = store.runs_folder(place)
    found = sorted(store.runs_in(folder), key=_age, reverse=True)
    shown = found if options.all else found[:SHOWN]
    told = [_told(one) for one in shown]
    if options.json:
        story.print_json(told)
        return ExitCode.FINE
    terminal = Terminal()
    rows = tuple(_row(one) for one in told if one["created"])
    hidden = len(found) - len(shown)
    if rows:
        notes = [f"and {hidden:,} more; --all lists them"] if hidden else []
        notes += ["~ simulated: nothing was spent"] if any(row[5].startswith("~") for row in rows) else []
        head = ("run", "state", "suites", "providers", "trials", "spend", "took")
        known = sum(one.info is not None for one in found)
        terminal.table(Table(f"{plural(known, 'run')} in {place.shown(folder)}", head, rows, "; ".join(notes)))
    elif not found:
        terminal.line(f"{place.shown(folder)} holds no run yet: `harness run` records one")
    for one in told:
        if one["remedy"]:
            terminal.line(f"{one['run']} ({one['state']}): {one['remedy']}")
    return ExitCode.FINE


def _age(one: Listed) -> tuple[float, str]:
    return (one.info.created.timestamp() if one.info else 0.0), one.path.name


def _told(one: Listed) -> dict[str, Any]:
    """What is listed of a run; unknown figures are None."""
    from harness import standing

    info, spend, took = one.info, None, None
    if one.finished and one.parts:
        try:
            calls = one.calls(_COSTS)
            spend, took = standing.spend(calls), standing.duration(calls)
        except StoreError as error:
            return {**_named(one), "state": "damaged", "remedy": str(error)}
    return {**_named(one), "spend_usd": spend, "took_s": took, "created": info.created if info else None}


def _named(one: Listed) -> dict[str, Any]:
    info = one.info
    return {
        "run": one.path.name,
        "state": one.state,
        "scored": one.scored,
        "simulated": bool(info) and all(said.get("simulated") for said in info.providers.values()) if info else None,
        "suites": list(info.suites) if info else [],
        "providers": list(info.providers) if info else [],
        "trials": one.trials if one.finished else None,
        "planned": info.planned if info else None,
        "spend_usd": None,
        "took_s": None,
        "created": info.created if info else None,
        "remedy": one.remedy,
        "path": one.path,
    }


def _row(told: dict[str, Any]) -> tuple[str, ...]:
    """One line of the table: with the longest words that are usual, all of it fits 80 columns."""
    from harness.render.figures import DASH

    trials = DASH if told["trials"] is None else f"{told['trials']:,}"
    spend = _dollars(told["spend_usd"])
    return (
        told["run"],
        told["state"],
        _few(told["suites"], 8),
        _few(told["providers"], 9),
        trials if len(trials) <= 7 else f"{told['trials'] / 1e6:.3g} M",
        f"~{spend}" if told["simulated"] and told["spend_usd"] else spend,
        _lasted(told["took_s"]),
    )


def _few(names: Sequence[str], most: int) -> str:
    """The first of the names, and how many there are besides: "gsm8k +3"."""
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    first = names[0] if names else "–"
    room = most - len(more)
    return (first if len(first) <= room else first[: room - 1] + "…") + more


def _dollars(value: float | None) -> str:
    if value is None:
        return "–"
    return "<$0.01" if 0 < value < 0.01 else f"${value:,.2f}" if value < 1000 else f"${value:,.0f}"


def _lasted(seconds: float | None) -> str:
    if not seconds:
        return "–"
    if seconds < 59.5:
        return f"{seconds:.2g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.3g} h"
