"""Serve the simulated providers on loopback over real HTTP, with the suites' answer keys, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness simulate [SUITE …] --port N`."""
    shared.add_suites(parser)
    shared.add_selection(parser)
    parser.add_argument("--port", type=shared.whole(0, 65535), default=8400, metavar="N", help="0 takes a free one")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="write what is true of each answered request here, as JSON lines"
    )


def main(options: argparse.Namespace) -> ExitCode:
    """Serve until interrupted."""
    from harness import load, pipeline, simulate  # noqa: PLC0415  keeps --help light

    suites = pipeline.read_suites(shared.places(options), options.seed, options.limit)
    suites = load.select(suites, options.keyword, options.marker)
    keys = simulate.Keys.of(case for suite in suites for case in suite.cases)
    fleet = simulate.load_fleet()

    def ready(base: str) -> None:
        print(f"simulated providers at {base} (Ctrl-C ends):")
        for profile in fleet.profiles:
            print(f"  {profile:<10} OpenAI wire {base}/{profile}/v1   Anthropic wire {base}/{profile}", flush=True)

    asyncio.run(simulate.serve(fleet, keys, port=options.port, seed=options.seed, log=options.log, ready=ready))
    return ExitCode.FINE
