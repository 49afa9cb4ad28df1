"""Make a run of outcomes that others recorded, so that they feed the same standings, comparisons and routes. Nothing is sent.

Tables (CSV, also gzipped, JSON lines, Parquet) have a row for each case and provider: case_id, capability, provider, score (0 to 1),
cost_usd, latency_s. Logs of inspect_ai (.eval, .json) and of lm-eval (samples_*.jsonl of --log_samples) are read as they are. Two
imports compare case by case where suite, case_id, capability and question are the same: give both the same --suite.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli import options as shared
from harness.errors import ExitCode

SHOWN = 10
"""Complaints that are printed; all of them lie beside the run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness import FILE …`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of outcomes; several make one run")
    parser.add_argument(
        "--format", metavar="FORMAT", choices=_FORMATS, help=f"one of {', '.join(_FORMATS)} (default: by the name)"
    )
    parser.add_argument(
        "--map", type=shared.pair("FIELD=COLUMN"), action="append", default=[], metavar="FIELD=COLUMN", help="which column holds a field, such as case_id=id"
    )  # fmt: skip
    parser.add_argument(
        "--set", type=shared.pair("FIELD=VALUE"), action="append", default=[], metavar="FIELD=VALUE", help="what a field is on every row, such as provider=gpt-4o"
    )  # fmt: skip
    parser.add_argument(
        "--suite", metavar="NAME", help="the suite's name (default: the file's, or the task's in a log)"
    )
    parser.add_argument(
        "--scorer",
        metavar="NAME",
        help="in a log with several scores for an answer: the one that counts (default: the first)",
    )
    shared.add_reports(parser)
    shared.add_json(parser)


_FORMATS = ("csv", "jsonl", "parquet", "inspect-eval", "inspect-json", "lm-eval")


def main(options: argparse.Namespace) -> ExitCode:
    """Import, and say what came of it; exit code 1 if rows could not be read."""
    from harness import importing
    from harness.cli import story
    from harness.load.outcomes import Wishes
    from harness.render.figures import plural

    wishes = Wishes(dict(options.map), dict(options.set), options.suite, options.scorer)
    run = importing.import_files(options.files, wishes, shared.places(options).reports, options.format)
    line = story.Teller(json_on_stdout=options.json).terminal.line
    info, source = run.info, run.info.imported
    cases = sum(info.suite_cases.values())
    line(
        f"{plural(source['rows'], 'outcome')} of {plural(cases, 'case')} and {plural(len(info.providers), 'provider')}: {run.place.shown(run.path)}"
    )
    if source["left"]:
        line(f"not taken: {', '.join(source['left'])}", style="bold yellow")
    if unread := source["unread"]:
        line(
            f"{plural(unread, 'row')} could not be read; {run.place.shown(run.path / 'unread.txt')} names each",
            style="bold yellow",
        )
    for complaint in source["unread_first"][:SHOWN]:
        line(complaint)
    line(f"`harness report {run.run_id}` and `harness route {run.run_id}` say what they come to")
    if options.json:
        story.print_json(
            {"run": run.run_id, "path": run.path, "cases": cases, "providers": list(info.providers), **source}
        )
    return ExitCode.BELOW if source["unread"] else ExitCode.FINE
