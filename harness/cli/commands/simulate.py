"""Serve the simulated providers on loopback over real HTTP, with the suites' answer keys, until Ctrl-C.

With --faults it lists what can go wrong there; with --fault-table it shows each fault to the real client and says what came of it.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness simulate [SUITE …] --port N`."""
    shared.add_suites(parser)
    shared.add_selection(parser)
    parser.add_argument("--port", type=shared.whole(0, 65535), default=8400, metavar="N", help="0 takes a free one")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="write what is true of each answered request here, as JSON lines"
    )

    about = parser.add_mutually_exclusive_group()
    about.add_argument("--faults", action="store_true", help="list the faults that a provider can show, and end")
    about.add_argument(
        "--fault-table",
        action="store_true",
        help="show each fault to the client, print what it makes of it beside what is right, and end; exit code 1 if any differs",
    )
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Serve until interrupted, unless asked about faults."""
    if options.faults or options.fault_table:
        return _about_faults(measured=options.fault_table, json=options.json)
    if options.json:
        raise WrongUse("--json goes with --faults or --fault-table; what is served is told by --log FILE")
    from harness import load, pipeline, simulate

    suites = pipeline.read_suites(shared.places(options), options.seed, options.limit)
    suites = load.select(suites, options.keyword, options.marker)
    keys = simulate.Keys.of(case for suite in suites for case in suite.cases)
    fleet = simulate.load_fleet()

    def ready(base: str) -> None:
        print(
            f"simulated providers: {', '.join(fleet.profiles)}. Each speaks every wire; put its name into the base_url (Ctrl-C ends):"
        )
        for kind, wire in simulate.WIRES.items():
            print(f"  {kind:<12} {base}{wire.BASE.format(profile='NAME')}", flush=True)

    asyncio.run(simulate.serve(fleet, keys, port=options.port, seed=options.seed, log=options.log, ready=ready))
    return ExitCode.FINE


def _about_faults(*, measured: bool, json: bool) -> ExitCode:
    from harness.cli import fault_table, story
    from harness.render.terminal import Terminal

    if not measured:
        listing = fault_table.listing()
        if json:
            story.print_json(
                [{"fault": name, "says": says, "streams_only": bool(only)} for name, says, only in listing.rows]
            )
        else:
            Terminal().table(listing)
        return ExitCode.FINE
    lines = asyncio.run(fault_table.measure())
    if json:
        story.print_json(fault_table.as_json(lines))
    else:
        Terminal().table(fault_table.table(lines))
    return ExitCode.BELOW if any(line.wrong for line in lines) else ExitCode.FINE
