"""`python -m harness.simulate`: serves the simulated fleet and says on the first line of its output where it listens."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.simulate.keys import Keys, read_keys
from harness.simulate.profiles import SHIPPED, load_fleet
from harness.simulate.server import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until told to stop; returns the exit code."""
    try:
        asyncio.run(_run(_parser().parse_args(arguments)))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.simulate", description="Serves simulated LLM providers.")
    parser.add_argument(
        "--keys", type=Path, help="answer keys, as write_keys writes them; without, no question is known"
    )
    parser.add_argument("--log", type=Path, help="file for the truth log")
    parser.add_argument(
        "--fleet", type=Path, default=SHIPPED, help="TOML file with the profiles (default: the shipped one)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of all chance (default 0)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default 0: any free one)")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    return parser


async def _run(options: argparse.Namespace) -> None:
    keys = read_keys(options.keys) if options.keys else Keys({})
    fleet = load_fleet(options.fleet)
    serving = asyncio.ensure_future(
        serve(fleet, keys, port=options.port, seed=options.seed, log=options.log, ready=_say)
    )
    if options.with_parent:
        _cancel_at_end_of(sys.stdin.fileno(), serving)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _say(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def _cancel_at_end_of(descriptor: int, task: asyncio.Future[None]) -> None:
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            task.cancel()

    loop.add_reader(descriptor, readable)


if __name__ == "__main__":
    sys.exit(main())
