"""Ask what a run has not asked yet, with the words that it was started with, and report it whole.

What it has answered is not asked again, unless the suite or the provider's model or parameters were edited since.
"""

from __future__ import annotations

import argparse

from harness.cli import options as shared
from harness.cli.app import Parser
from harness.cli.commands import run as command
from harness.errors import ExitCode, WrongUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness resume [RUN]`."""
    parser.add_argument(
        "run", nargs="?", default=shared.NEWEST, metavar="RUN", help="a run's id or folder (default: the newest)"
    )
    shared.add_retry_failed(parser)
    for flag, metavar, what in (
        ("--budget", "USD", "spend at most this over the whole run, in place of the run's own budget"),
        ("--max-failures", "N|SHARE", "as in `harness run`, counted from now on"),
        ("--max-time", "TIME", "as in `harness run`, counted from now on"),
        ("--concurrency", "N", "requests in flight for each provider, in place of the run's own"),
        ("--workers", "N", "as in `harness run`"),
        ("--durability", "KIND", "as in `harness run`"),
    ):
        parser.add_argument(flag, metavar=metavar, help=what)
    for flag, what in (
        ("--allow-code", "let the code scorer run code from replies, in a sandbox"),
        ("--route", "also write the routes that the run supports to reports/routing.toml"),
        ("--dry-run", "say what would be asked: calls, tokens and cost for each provider; then stop"),
    ):
        parser.add_argument(flag, action="store_true", help=what)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """`harness run` with the recorded words, and those given now behind them."""
    run = shared.run_to_resume(options.run, shared.places(options))
    if not run.info.command:
        raise WrongUse(
            f"{run.run_id} does not say how it was started (from Python, or by an older llm-harness): "
            f"`harness run … --resume {run.run_id}` with the same suites and options goes on with it"
        )
    words = [*run.info.command[2:], f"--resume={run.path}", f"--reports={options.reports}"]
    words += [
        f"--{name.replace('_', '-')}={value}"
        for name in ("budget", "max_failures", "max_time", "concurrency", "workers", "durability")
        if (value := getattr(options, name))
    ]
    flags = ("retry_failed", "allow_code", "route", "dry_run", "json")
    words += [f"--{name.replace('_', '-')}" for name in flags if getattr(options, name)]
    parser = Parser(prog="harness resume")
    command.add_arguments(parser)
    return command.main(parser.parse_args(words, argparse.Namespace(words=tuple(words))))
