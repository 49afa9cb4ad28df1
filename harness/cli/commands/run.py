"""Ask every ready provider, record what happened, judge it, report it.

Before anything is sent, it says who will be asked what and the most that it can cost.
Where no real provider is ready, the simulated fleet takes part, and everything says so.
"""

from __future__ import annotations

import argparse
import functools
import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.cli import against
from harness.cli import options as shared
from harness.cli import terms as terms_of
from harness.cli.options import NEWEST
from harness.errors import ExitCode, WrongUse

if TYPE_CHECKING:  # the pipeline loads everything; `--help` must not
    from collections.abc import Sequence

    from harness.cli.story import Teller
    from harness.foreseeing import Foreseen
    from harness.pipeline import Finished, Prepared, Recorded
    from harness.settings import Places


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness run [SUITE …]`."""
    shared.add_suites(parser)
    shared.add_selection(parser)
    shared.add_participants(parser)
    shared.add_judge(parser)
    terms_of.add_terms(parser)
    terms_of.add_load(parser)
    terms_of.add_durability(parser)
    shared.add_cache(parser, on=False)
    parser.add_argument(
        "--resume",
        nargs="?",
        const=NEWEST,
        metavar="RUN",
        help="go on with a run, by id or folder (default: the newest): what it has answered is not asked again, what was edited since is",
    )
    shared.add_retry_failed(parser)
    shared.add_patience(parser)
    against.add_arguments(parser)
    parser.add_argument(
        "--allow-code", action="store_true", help="let the code scorer run code from replies, in a sandbox"
    )
    parser.add_argument(
        "--route", action="store_true", help="also write the routes that the run supports to reports/routing.toml"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be asked: calls, tokens and cost for each provider, about and at most; then stop",
    )
    shared.add_providers(parser)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Prepare, record, judge, decide, publish."""
    against.check(options)
    gc.disable()  # what is loaded here stays: to look through it meanwhile takes a tenth of the start
    from harness import pipeline, scorers
    from harness.bench import Bench
    from harness.cli import fleet, judging, story
    from harness.foreseeing import foresee
    from harness.render.progress import Bar
    from harness.resume import going_on

    gc.enable()
    places, terms = shared.places(options), terms_of.terms(options)
    prepared = fleet.checked(pipeline.prepare(places, shared.selection(options), terms))
    if options.against:
        return against.main(options, prepared, places, terms)
    if options.resume:
        run = shared.run_to_resume(options.resume, places)
        prepared = going_on(prepared, run, retry_failed=options.retry_failed)
        terms = replace(terms, metadata={**run.info.metadata, **terms.metadata})
    if terms.cache is not None:
        prepared = pipeline.with_cache(prepared, terms.cache)
    teller = story.Teller(json_on_stdout=options.json)
    bench = fleet.checked_bench(Bench(prepared.registry, prepared.catalogue, prepared.selection.judges))
    foreseen = foresee(prepared.plan, prepared.max_output_of, bench)
    teller.plan(prepared, terms, foreseen)
    if options.dry_run:
        return _dry_run(prepared, foreseen, teller, as_json=options.json)
    serve = functools.partial(fleet.serve, seed=options.seed)
    with Bar(prepared.plan.count, simulated=prepared.simulated) as bar:
        recorded = pipeline.record(prepared, places, terms, serve=serve, progress=bar)
    if not recorded.asked:  # a report of nothing would take the place of the last one
        return _nothing_asked(recorded, teller, as_json=options.json)
    court = judging.Court(prepared.plan.suites, bench, teller, options.seed)
    spent_usd = prepared.spent_usd + recorded.tally.spend_usd
    run, rulings = court.heard(recorded.run, terms, spent_usd=spent_usd, may_ask=not recorded.interrupted)
    allow = scorers.Permissions(code=options.allow_code, rulings=rulings)
    finished = pipeline.finish(run, prepared.plan.suites, allow, places, recorded.notes)
    teller.finished(finished)
    if options.route:
        teller.terminal.line(f"routes   {_route(finished, places)}")
    if options.json:
        story.print_json(finished.report)
    return _exit_code(finished)


def _nothing_asked(recorded: Recorded, teller: Teller, *, as_json: bool) -> ExitCode:
    from harness.cli import story

    teller.nothing_asked(recorded)
    if as_json:
        notes = (*recorded.run.notes, *recorded.notes)
        story.print_json({"run_id": recorded.run.run_id, "trials": 0, "notes": notes})
    return ExitCode.INTERRUPTED if recorded.interrupted else ExitCode.BELOW


def _dry_run(prepared: Prepared, foreseen: Sequence[Foreseen], teller: Teller, *, as_json: bool) -> ExitCode:
    """Calls, tokens and cost of each provider, and what the judges will cost."""
    from harness import engine
    from harness.cli import story

    forecasts = {
        one.name: engine.forecast(prepared.plan, one, prepared.max_output_of(one), prepared.kept)
        for one in prepared.plan.providers
    }
    teller.forecast(forecasts)
    if as_json:
        story.print_json({**story.plan_as_json(prepared), "forecast": forecasts, "judging": foreseen})
    return ExitCode.FINE


def _route(finished: Finished, places: Places) -> str:
    """Write the routes that the run supports, if it may; returns where, or why not."""
    from harness import deciding

    if finished.interrupted:
        return "not written: the run was interrupted (`harness route --apply` writes them nevertheless)"
    if finished.report.routing is None:
        return "not written: simulated and real providers took part, and their evidence does not mix"
    if not finished.report.routing.routes:
        return "not written: no capability has a judged answer"
    try:
        if why_not := deciding.objection_to(finished.report.routing, finished.run, places):
            return f"not written: {why_not} (`harness route --apply --force` writes them nevertheless)"
        deciding.apply_routes(finished.report.routing, places)
    except WrongUse as error:  # the run stands; only its routes may not replace those in force
        return f"not written: {error}"
    return places.stored.shown(places.routing)


def _exit_code(finished: Finished) -> ExitCode:
    from harness.cli.story import gates_met, unanswered

    report = finished.report
    if finished.interrupted:
        return ExitCode.INTERRUPTED
    if finished.run.damaged:
        return ExitCode.BROKEN
    below = unanswered(report) or report.trials < report.planned or not gates_met(report)
    return ExitCode.BELOW if below else ExitCode.FINE
