"""`harness run --against`: two arms of every case, then their comparison; `--until decided` asks no more than that takes."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.cli import options as shared
from harness.cli.commands.compare import FAIL_ON, add_verdicts
from harness.errors import ExitCode, WrongUse

if TYPE_CHECKING:  # the stories load everything; `--help` must not
    from harness.against import Opposed
    from harness.cli.story import Teller
    from harness.judged import Compared
    from harness.pipeline import Prepared, Recorded
    from harness.settings import Places, Terms
    from harness.standing import Place
    from harness.store import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--against FILE|NAME --until decided --tolerance --fail-on`."""
    group = parser.add_argument_group("two arms")
    group.add_argument(
        "--against",
        metavar="FILE|NAME",
        help="ask every case also of the providers of the same names in another providers.toml, or of another provider, in the same minute "
        "and in random order; record both and compare them, as `harness compare` does",
    )
    group.add_argument(
        "--until",
        choices=("decided",),
        help="with --against: ask in five parts, each only what the ones before leave undecided (--max-cost: at most for so much)",
    )
    add_verdicts(group)


def check(options: argparse.Namespace) -> None:
    """Raises WrongUse for flags that need --against, or do not go with it."""
    if options.against and options.route:
        raise WrongUse("--against compares two arms and chooses no routes: leave --route out")
    for name, usual in (("until", None), ("tolerance", {}), ("fail_on", FAIL_ON)):
        if not options.against and getattr(options, name) != usual:
            raise WrongUse(
                f"--{name.replace('_', '-')} is about two arms: say the other one with --against FILE or NAME"
            )


def main(options: argparse.Namespace, prepared: Prepared, places: Places, terms: Terms) -> ExitCode:
    """Ask both arms, judge, report NEW, compare."""
    from harness import against
    from harness.cli import fleet, story

    pair = against.oppose(prepared, options.against, terms)
    fleet.checked(pair.base)
    if options.resume:
        run = shared.run_to_resume(options.resume, places)
        terms = replace(terms, metadata={**run.info.metadata, **terms.metadata})
        pair = _going_on(pair, against.arms_of(run, places), retry_failed=options.retry_failed)
    teller = story.Teller(json_on_stdout=options.json)
    session = _Session(options, places, terms, teller)
    session.tell_plan(pair)
    if options.dry_run:
        return _dry_run(pair, teller, as_json=options.json)
    return session.step_by_step(pair) if options.until else session.at_once(pair)


def _dry_run(pair: Opposed, teller: Teller, *, as_json: bool) -> ExitCode:
    """Calls, tokens and cost of each provider in each arm."""
    from harness import engine
    from harness.cli import story

    forecasts = {
        f"{one.name} ({name})": engine.forecast(arm.plan, one, arm.max_output_of(one))
        for name, arm in (("base", pair.base), ("new", pair.new))
        for one in arm.plan.providers
    }
    teller.forecast(forecasts)
    if as_json:
        story.print_json({**story.plan_as_json(pair.shown), "forecast": forecasts})
    return ExitCode.FINE


def _going_on(pair: Opposed, runs: tuple[Run, Run], *, retry_failed: bool = False) -> Opposed:
    from harness.resume import going_on

    base, new = runs
    return replace(
        pair,
        base=going_on(pair.base, base, retry_failed=retry_failed),
        new=going_on(pair.new, new, retry_failed=retry_failed),
    )


class _Session:
    """One call of the command: asks, judges and compares, once or look by look."""

    def __init__(self, options: argparse.Namespace, places: Places, terms: Terms, teller: Teller) -> None:
        self._options, self._places, self._terms, self._teller = options, places, terms, teller

    def tell_plan(self, pair: Opposed) -> None:
        """Both arms, and at most for how much."""
        from harness.bench import Bench
        from harness.foreseeing import foresee

        foreseen = []
        for arm in (pair.new, pair.base):
            bench = Bench(arm.registry, arm.catalogue, arm.selection.judges)
            foreseen += foresee(arm.plan, arm.max_output_of, bench)
        self._teller.plan(pair.shown, self._terms, foreseen)
        self._teller.terminal.line(
            f"against    BASE is {self._options.against}: each case of both arms at once, in random order"
        )
        self._teller.terminal.line()

    def at_once(self, pair: Opposed) -> ExitCode:
        """Everything in one go."""
        base, new = self._record(pair)
        if not (base.asked and new.asked):
            self._teller.nothing_asked(new)
            return ExitCode.INTERRUPTED if new.interrupted else ExitCode.BELOW
        return self._end(self._judged(pair, base, new), interrupted=new.interrupted)

    def step_by_step(self, pair: Opposed) -> ExitCode:
        """Look after look, until everything is decided, asked or spent."""
        from harness import against, standing

        cases = _cases(pair)
        left: Collection[Place] | None = None
        runs = None
        for look in range(1, standing.LOOKS + 1):
            part = against.only(pair, standing.drawn(cases, look, left), standing.share(look))
            if runs is not None:
                part = _going_on(part, runs)
            if not part.plan.count and runs is not None:
                continue
            base, new = self._record(part)
            if not (base.asked and new.asked):
                self._teller.nothing_asked(new)
                return ExitCode.INTERRUPTED if new.interrupted else ExitCode.BELOW
            runs = self._judged(part, base, new)
            model = self._compared(runs)
            left = standing.undecided(model.cells, self._options.fail_on)
            asked = f"{look} of {standing.LOOKS} parts asked"
            self._teller.terminal.line(
                f"look {look}     {asked}, {len(left)} of {len(cases)} provider and capability pairs are undecided"
            )
            if new.interrupted or not left:
                break
        assert runs is not None
        return self._end(runs, interrupted=new.interrupted)

    def _record(self, pair: Opposed) -> tuple[Recorded, Recorded]:
        from harness import against
        from harness.cli import fleet
        from harness.render.progress import Bar

        serve = functools.partial(fleet.serve, seed=self._options.seed)
        with Bar(pair.plan.count, simulated=pair.new.simulated) as bar:
            return against.record(pair, self._places, self._terms, serve=serve, progress=bar)

    def _judged(self, pair: Opposed, base: Recorded, new: Recorded) -> tuple[Run, Run]:
        """Both runs with their scores."""
        from harness import pipeline, scorers
        from harness.bench import Bench
        from harness.cli import judging

        runs = []
        spent = pair.spent_usd + new.tally.spend_usd
        for arm, recorded in ((pair.base, base), (pair.new, new)):
            bench = Bench(arm.registry, arm.catalogue, arm.selection.judges)
            court = judging.Court(arm.plan.suites, bench, self._teller, self._options.seed)
            run, rulings = court.heard(recorded.run, self._terms, spent_usd=spent, may_ask=not recorded.interrupted)
            allow = scorers.Permissions(code=self._options.allow_code, rulings=rulings)
            pipeline.judge(run, arm.plan.suites, allow)
            runs.append(run)
        return runs[0], runs[1]

    def _compared(self, runs: tuple[Run, Run]) -> Compared:
        from harness import comparing

        base, new = map(comparing.side_of, runs)
        tolerance = comparing.tolerance(base, new, self._options.tolerance)
        return comparing.compare(base, new, tolerance, self._options.fail_on)

    def _end(self, runs: tuple[Run, Run], *, interrupted: bool) -> ExitCode:
        """Report NEW, then tell what became of BASE in it."""
        from harness import pipeline
        from harness.cli import formats

        pipeline.report_again(runs[1], self._places)
        model = self._compared(runs)
        formats.Wanted(formats.TEXT, None, (), json=self._options.json).give(model)
        self._teller.terminal.line(f"again      harness compare {runs[0].run_id} {runs[1].run_id}")
        if interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.BELOW if model.failed else ExitCode.FINE


def _cases(pair: Opposed) -> dict[Place, list[str]]:
    """The cases of each place in the order in which they are asked."""
    plan = replace(pair.new.plan, done=frozenset())
    found: dict[Place, dict[str, None]] = {}
    for provider in plan.providers:
        for trial in plan.all_trials(provider):
            place = (provider.name, trial.suite, trial.case.capability)
            found.setdefault(place, {})[trial.case.id] = None
    return {place: list(ids) for place, ids in found.items()}
