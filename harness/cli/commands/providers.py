"""Say for each registered provider whether it is ready, or why not. Nothing is sent to any provider."""

from __future__ import annotations

import argparse
import os

from harness.cli import options as shared
from harness.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness providers`."""
    shared.add_providers(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """One row for each provider."""
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
