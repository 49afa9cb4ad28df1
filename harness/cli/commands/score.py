"""Judge a run's stored replies again, with the suites and scorers as they are now. Nobody who was asked is asked again.

Where a scorer asks for a model's opinion, only what the run has no answer to is asked, after saying the most that it can cost; otherwise nothing is
sent and nothing is spent. Each judging is kept beside those before it; the last one is in force.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from harness.cli import options as shared
from harness.errors import ExitCode

if TYPE_CHECKING:
    from harness.cli.judging import Court
    from harness.store import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness score [RUN] [SUITE …]`."""
    shared.add_run(parser)
    shared.add_suites(parser)
    parser.add_argument(
        "--allow-code", action="store_true", help="let the code scorer run code from replies, in a sandbox"
    )
    shared.add_judge(parser)
    shared.add_providers(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked of judges, and stop")
    parser.add_argument("--list", action="store_true", help="list the judgings that the run has, and judge nothing")
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Judge and report again."""
    from harness import pipeline, scorers, store
    from harness.cli import judging, story
    from harness.settings import Terms

    places = shared.places(options)
    run = store.open_run(options.run, places.reports)
    if options.list:
        return _list(run, as_json=options.json)
    suites = pipeline.read_suites(places, run.info.seed, run.info.limit)
    teller = story.Teller(json_on_stdout=options.json)
    court = judging.Court(suites, judging.bench(places, options.judges), teller, run.info.seed)
    if options.dry_run:
        return _dry_run(court, run, as_json=options.json)
    run, rulings = court.heard(run, Terms(metadata=run.info.metadata))
    allow = scorers.Permissions(code=options.allow_code, rulings=rulings)
    finished = pipeline.finish(run, suites, allow, places)
    teller.finished(finished)
    if len(run.scorings) > 1:
        teller.terminal.line(
            f"scores   judging {run.scoring_in_force} of {len(run.scorings)} is in force, the others are kept (`harness score {options.run} --list`)"
        )
    if options.json:
        story.print_json(finished.report)
    return story.judged(finished.run, finished.report)


def _dry_run(court: Court, run: Run, *, as_json: bool) -> ExitCode:
    from harness import judges
    from harness.cli import story

    heard = judges.hearing(run, court.suites, court.bench)
    court.teller.hearing(heard)
    if not heard.missing:
        court.teller.terminal.line("judging  nothing is to be asked: it costs nothing")
    if as_json:
        story.print_json(
            {
                "run": run.run_id,
                "questions": heard.missing,
                "most_usd": {one.judge.name: one.most_usd for one in heard.errands},
            }
        )
    return ExitCode.FINE


def _list(run: Run, *, as_json: bool) -> ExitCode:
    from harness.cli import story
    from harness.render import tables

    told = [_told(run, number) for number in range(1, len(run.scorings) + 1)]
    if as_json:
        story.print_json({"run": run.run_id, "scorings": told})
        return ExitCode.FINE
    rows = tuple(
        (
            f"{one['scoring']}{' in force' if one['in_force'] else ''}",
            (one["made_at"] or "unknown")[:19].replace("T", " "),
            f"{one['scored']:,}",
            f"{one['unscored']:,}",
            f"{one['failed']:,}",
            "–" if one["mean"] is None else f"{100 * one['mean']:.1f} %",
            ", ".join(f"{name} {version}" for name, version in one["scorers"].items()),
        )
        for one in told
    )
    story.Teller().terminal.table(
        tables.Table(
            title=f"Judgings of {run.run_id}",
            head=("judging", "made (UTC)", "scored", "unscored", "failed", "mean", "scorers"),
            rows=rows,
            note="one score for each trial and criterion; in Python: harness.load_run(RUN).scores(scoring=1)"
            if rows
            else f"none yet: `harness score {run.run_id}` makes one, which costs nothing",
        )
    )
    return ExitCode.FINE


def _told(run: Run, number: int) -> dict[str, Any]:
    """What is listed of a judging: how many scores of each state, their mean (0 to 1), and the scorers' versions."""
    rows = run.scores(["scorer", "scorer_version", "state", "value"], scoring=number)
    states = rows["state"].value_counts()
    values = rows["value"].dropna()
    versions = rows.drop_duplicates(["scorer", "scorer_version"]).sort_values(["scorer", "scorer_version"])
    one = run.scorings[number - 1]
    return {
        "scoring": number,
        "in_force": number == run.scoring_in_force,
        "made_at": one.made_at,
        **{state: int(states.get(state, 0)) for state in ("scored", "unscored", "failed")},
        "mean": float(values.mean()) if len(values) else None,
        "scorers": dict(zip(versions["scorer"], versions["scorer_version"], strict=True)),
        "file": str(run.path / one.part.file),
    }
