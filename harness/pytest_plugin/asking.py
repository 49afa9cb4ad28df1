"""Asks everything that pytest selected, at once, through the pipeline that `harness run` goes through."""

from __future__ import annotations

import argparse
import functools
import shlex
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from harness import pipeline, scorers
from harness.ask import Trial
from harness.bench import Bench
from harness.cli import fleet
from harness.cli import options as shared
from harness.cli import terms as terms_of
from harness.cli.app import Parser
from harness.cli.commands import run as run_command
from harness.errors import WrongUse
from harness.foreseeing import Foreseen, foresee
from harness.pytest_plugin.answers import Key, Wanted
from harness.settings import Places, Selection, Terms

_PYTESTS = ("suites", "keyword", "marker", "only", "simulated", "data")
_RUNS = ("resume", "retry_failed", "route", "dry_run", "json", "rate", "workers")


@dataclass(frozen=True, slots=True)
class How:
    """How to ask: what `--harness-run` says."""

    places: Places
    selection: Selection
    terms: Terms
    allow_code: bool


def how(words: str, root: Path) -> How:
    """What `words` say, in the words of `harness run`. Registry, suites and reports lie in `root` where they do not say otherwise.

    Raises:
        WrongUse: they cannot be read, or say what pytest says itself.
    """
    parser = Parser(prog="--harness-run")
    run_command.add_arguments(parser)
    try:
        options = parser.parse_args(shlex.split(words), argparse.Namespace(words=()))
    except ValueError as error:  # a quotation that does not end
        raise WrongUse(f"--harness-run {words!r}: {error}") from error
    said = [one for one in (*_PYTESTS, *_RUNS) if getattr(options, one) != parser.get_default(one)]
    if said:
        why = "pytest's own arguments say that" if said[0] in _PYTESTS else "a run in pytest cannot do that"
        raise WrongUse(f"--harness-run: '{said[0].replace('_', '-')}' is not for here: {why}")
    if len(options.concurrency or ()) > 1:
        raise WrongUse("--harness-run: give one --concurrency: every case is asked once")
    places = shared.places(options)
    if options.providers == shared.PROVIDERS:
        places = replace(places, providers=root / shared.PROVIDERS)
    if options.reports == shared.REPORTS:
        places = replace(places, reports=root / shared.REPORTS)
    terms = replace(terms_of.terms(options), workers=1, command=())
    return How(
        replace(places, suites=(root / shared.SUITES,)),
        shared.selection(options),
        terms,
        options.allow_code,
    )


def prepare(wanted: Wanted, how: How) -> pipeline.Prepared:
    """What would be asked; nothing is sent.

    Raises:
        HarnessError: a provider is not registered or not ready, two suites have one name, …
    """
    suites = wanted.narrowed()
    twice = [one for one in suites if sum(other.name == one.name for other in suites) > 1]
    if twice:
        raise WrongUse(f"two suites are called {twice[0].name}: {' and '.join(str(one.path) for one in twice)}")
    selection = replace(how.selection, only=wanted.providers)
    prepared = fleet.checked(pipeline.prepare(how.places, selection, how.terms, suites=suites))
    plan = prepared.plan
    trials = (trial for provider in plan.providers for trial in plan.trials(provider))
    plan = replace(plan, done=frozenset(one.ref.trial_id for one in trials if key_of(one) not in wanted.keys))
    prepared = replace(prepared, plan=plan, most_usd=plan.most_it_can_cost(prepared.max_output_of))
    foreseen(prepared)
    return prepared


def foreseen(prepared: pipeline.Prepared) -> list[Foreseen]:
    """What judging the replies will take, by judge. Raises WrongUse or BadInput: a judge that is needed is not there."""
    return foresee(prepared.plan, prepared.max_output_of, _bench(prepared))


def key_of(trial: Trial) -> Key:
    """What a trial asks."""
    return trial.suite, trial.case.id, trial.provider.name, trial.repeat


def record(prepared: pipeline.Prepared, how: How) -> pipeline.Recorded:
    """Ask it all and judge it: a run like any other, in the reports folder.

    Raises:
        HarnessError: it cannot be written, or the fleet does not come up.
    """
    terms = how.terms
    serve = functools.partial(fleet.serve, seed=how.selection.seed)
    with terms.cache or nullcontext():
        if terms.cache is not None:
            prepared = pipeline.with_cache(prepared, terms.cache)
        recorded = pipeline.record(prepared, how.places, terms, serve=serve)
        found, rulings = fleet.heard(prepared, recorded, _bench(prepared), terms)
    pipeline.judge(found, prepared.plan.suites, scorers.Permissions(code=how.allow_code, rulings=rulings))
    return recorded


def _bench(prepared: pipeline.Prepared) -> Bench:
    return fleet.checked_bench(Bench(prepared.registry, prepared.catalogue, prepared.selection.judges))
