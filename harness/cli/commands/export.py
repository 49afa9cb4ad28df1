"""Write the routes in force as the files of those who send the traffic: litellm, openrouter, envoy, … Nothing is sent."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse

TARGETS = ("weights", "litellm", "openrouter", "envoy", "portkey", "tensorzero", "vllm", "bifrost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness export TARGET… [--out DIR] [--routes FILE]`."""
    parser.add_argument("targets", nargs="+", choices=TARGETS, metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write each into a file in this folder (one alone is printed unless said)",
    )
    parser.add_argument(
        "--routes", type=Path, metavar="FILE", help="another table than the one in force, such as a candidate"
    )
    shared.add_providers(parser)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Render each target; print one, or write several."""
    from harness import exporting, store
    from harness.cli import story
    from harness.routing.export import TARGETS as FILES

    if options.out is None and len(options.targets) > 1:
        raise WrongUse("several files need a folder: say --out DIR")
    found = exporting.export(shared.places(options), options.routes)
    texts = {FILES[target].file: exporting.render(found, target) for target in options.targets}
    if found.table.simulated:
        print("harness: these routes are of simulated providers: nothing real can follow them", file=sys.stderr)
    if options.json:
        story.print_json(texts)
    elif options.out is None:
        print(*texts.values(), end="")
    if options.out is not None:
        with store.on_disk(options.out, "cannot be written"):
            options.out.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                (options.out / name).write_text(text, encoding="utf-8")
                if not options.json:
                    print(options.out / name)
    return ExitCode.FINE
