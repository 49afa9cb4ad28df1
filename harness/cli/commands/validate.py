"""Check the registry and the suites; with -v show the prompts as they would be sent. Nothing is sent."""

from __future__ import annotations

import argparse
import json
import os

from harness.cli import options as shared
from harness.errors import BadInput, ExitCode, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness validate [SUITE …]`."""
    shared.add_suites(parser)
    shared.add_selection(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each prompt, its tools and what is expected")
    parser.add_argument(
        "--schema",
        choices=("suite", "providers", "routing", "weights"),
        help="print the JSON Schema of this kind of file instead",
    )
    shared.add_providers(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Every problem of every file at once; exit 4 if there is one."""
    from harness import load, pipeline, registry, routing
    from harness.cli import fleet, story
    from harness.render.figures import plural
    from harness.routing.export import weights_schema

    if options.schema:
        kinds = {
            "suite": load.schema,
            "providers": registry.schema,
            "routing": routing.schema,
            "weights": weights_schema,
        }
        schema = kinds[options.schema]()
        print(json.dumps(schema, indent=2))
        return ExitCode.FINE
    problems: list[Problem] = []
    try:
        known = registry.load(options.providers, os.environ)
        problems += fleet.problems(known, known.entries)
    except BadInput as error:
        problems += error.problems
    try:
        suites = pipeline.read_suites(shared.places(options), options.seed, options.limit)
    except BadInput as error:
        problems += error.problems
    if problems:
        if options.json:
            story.print_json({"problems": problems})
        raise BadInput(problems)
    suites = load.select(suites, options.keyword, options.marker)
    cases = [(suite, case) for suite in suites for case in suite.cases]
    if options.json:
        prompts = [{"suite": suite.name, "case": case} for suite, case in cases] if options.verbose else None
        counts = {"providers": len(known.entries), "suites": len(suites), "cases": len(cases), "problems": []}
        story.print_json(counts | ({"prompts": prompts} if prompts else {}))
        return ExitCode.FINE
    for suite, case in cases if options.verbose else ():
        print(f"── {suite.name}::{case.id} ({case.capability})")
        print(json.dumps(case.prompt.as_json(), indent=2, ensure_ascii=False))
        print(f"expect: {json.dumps(case.expect, ensure_ascii=False)}\n")
    counted = (plural(len(known.entries), "provider"), plural(len(suites), "suite"), plural(len(cases), "case"))
    print(f"{', '.join(counted)}: all fine")
    return ExitCode.FINE
