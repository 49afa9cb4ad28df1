"""Say for each registered provider whether it is ready, or why not. Nothing is sent to any provider unless --check asks for it."""

from __future__ import annotations

import argparse
import os

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness providers [--check [--ask] [--only NAME,…] [--simulated]]`."""
    shared.add_providers(parser)
    shared.add_participants(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="ask every ready provider for its models, which is free: is it there, is the key taken, is the model there; exit code 1 if not",
    )
    parser.add_argument(
        "--ask",
        action="store_true",
        help="with --check: one small question to each besides; may cost a fraction of a cent",
    )
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """One row for each provider."""
    if options.check:
        return _check(options)
    if options.ask or options.only or options.simulated:
        raise WrongUse("--ask, --only and --simulated go with --check")
    return _readiness(options)


def _check(options: argparse.Namespace) -> ExitCode:
    from harness.cli import checking, story
    from harness.render.formats.json import as_json
    from harness.render.terminal import Terminal

    found = checking.checked(options.providers, options.only, simulated=options.simulated, ask=options.ask)
    if options.json:
        story.print_json([{**as_json(one), "ok": one.ok} for one in found])
    else:
        Terminal().table(checking.table(found, ask=options.ask))
    return ExitCode.FINE if all(one.ok for one in found) else ExitCode.BELOW


def _readiness(options: argparse.Namespace) -> ExitCode:
    from harness import registry
    from harness.cli import story
    from harness.render.tables import Table
    from harness.render.terminal import Terminal

    known = registry.load(options.providers, os.environ)
    found = [(entry.provider, registry.readiness(entry)) for entry in known.entries]
    if options.json:
        story.print_json(
            [
                {
                    "name": one.name,
                    "model": one.model,
                    "simulated": one.simulated is not None,
                    "ready": state.ready,
                    "reason": state.reason,
                }
                for one, state in found
            ]
        )
        return ExitCode.FINE
    rows = tuple((one.name, one.model, "ready" if state.ready else "not ready", state.reason) for one, state in found)
    real = [state.ready for one, state in found if not one.simulated]
    note = (
        f"{sum(real)} of {len(real)} real providers ready: `harness run` asks them, and the simulated ones only with --simulated"
        if any(real)
        else "no real provider is ready: `harness run` asks the simulated ones"
    )
    Terminal().table(Table(f"Providers of {options.providers}", ("provider", "model", "state", "why"), rows, note))
    return ExitCode.FINE
