"""Check the registry and the suites; with -v show the prompts as they would be sent. Nothing is sent."""

from __future__ import annotations

import argparse
import json
import os

from harness.cli import options as shared
from harness.errors import BadInput, ExitCode, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness validate [SUITE …]`."""
    shared.add_places(parser, suites=True)
    shared.add_selection(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each prompt, its tools and what is expected")
    parser.add_argument(
        "--schema", choices=("suite", "providers", "routing"), help="print the JSON Schema of this kind of file instead"
    )


def main(options: argparse.Namespace) -> ExitCode:
    """Every problem of every file at once; exit 4 if there is one."""
    from harness import load, pipeline, registry, routing  # noqa: PLC0415  keeps --help light

    if options.schema:
        schema = {"suite": load.schema, "providers": registry.schema, "routing": routing.schema}[options.schema]()
        print(json.dumps(schema, indent=2))
        return ExitCode.FINE
    problems: list[Problem] = []
    try:
        known = registry.load(options.providers, os.environ)
    except BadInput as error:
        problems += error.problems
    try:
        suites = pipeline.read_suites(shared.places(options), options.seed, options.limit)
    except BadInput as error:
        problems += error.problems
    if problems:
        raise BadInput(problems)
    suites = load.select(suites, options.keyword, options.marker)
    if options.verbose:
        for suite in suites:
            for case in suite.cases:
                print(f"── {suite.name}::{case.id} ({case.capability})")
                print(json.dumps(case.prompt.as_json(), indent=2, ensure_ascii=False))
                print(f"expect: {json.dumps(case.expect, ensure_ascii=False)}\n")
    cases = sum(len(one.cases) for one in suites)
    print(f"{len(known.entries)} providers, {len(suites)} suites, {cases:,} cases: all fine")
    return ExitCode.FINE
