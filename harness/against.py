"""The story of two arms: every case is asked of a provider and of what is registered under its name elsewhere, in the same minute, in random order.

What differs by the hour is in both arms then, and cancels. Each arm is a run of its own, BASE and NEW, under the same providers' names; their manifests
say that they belong together, so that a comparison trusts their times.

    oppose    NEW as it is prepared, and what it is held against    → two arms, one plan
    only      those cases that are still needed                     → the same, smaller
    record    ask both, and write down each in its own run          → two runs
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from harness import client, engine, registry, store
from harness.ask import Provider, Trial
from harness.asking import ask_here, needs_litellm
from harness.errors import WrongUse
from harness.pipeline import Prepared, Recorded, Serve, run_info, with_prices
from harness.registry import Catalogue, Registry
from harness.settings import Places, Terms
from harness.store import Recorder, Run
from harness.told import Attempt, Tally

_BASE = " (base)"
"""Behind the name of a provider of the base arm, while both are asked."""


@dataclass(frozen=True)
class Opposed:
    """Two arms, as `pipeline.Prepared` each, with the same providers' names. `skipped` trials of both are not asked now, by the trial_id in `plan`.

    `spent` is the share of the error that the comparison may spend so far, where it looks more than once.
    """

    base: Prepared
    new: Prepared
    skipped: frozenset[str] = frozenset()
    spent: float = 1.0

    @cached_property
    def plan(self) -> engine.Plan:
        """The plan that asks both arms, without what either has already."""
        others = {one.name: replace(one, name=one.name + _BASE) for one in self.base.plan.providers}
        plan = replace(self.new.plan, against=others, done=frozenset())
        base, new = self.base.plan.done, self.new.plan.done
        if not base and not new:
            return replace(plan, done=self.skipped)
        done = {
            trial.ref.trial_id
            for provider in plan.providers
            for trial in plan.all_trials(provider)
            if _own(trial).ref.trial_id in (base if _of_base(trial) else new)
        }
        return replace(plan, done=frozenset(done) | self.skipped)

    @property
    def shown(self) -> Prepared:
        """Both arms as one, for telling what would be asked and the most that it can cost."""
        most = {
            name: None if usd is None or (other := self.base.most_usd[name]) is None else usd + other
            for name, usd in self.new.most_usd.items()
        }
        return replace(self.new, plan=self.plan, most_usd=most, spent_usd=self.spent_usd, shares=())

    @property
    def spent_usd(self) -> float:
        """What both have cost so far."""
        return self.base.spent_usd + self.new.spent_usd

    @property
    def facts(self) -> dict[str, client.Facts]:
        """What is known of each provider's model, by its name in `plan`."""
        return self.new.facts | {name + _BASE: facts for name, facts in self.base.facts.items()}


def oppose(new: Prepared, against: str, terms: Terms, env: Mapping[str, str] = os.environ) -> Opposed:
    """The arms: `against` is another registry's file, in which every provider is registered that takes part, or the name of one that one is held against.

    Raises:
        BadInput: the file says something wrong.
        WrongUse: there is no such file or name, a provider is not in it or not ready, or the terms are not for two arms.
    """
    if terms.cache is not None:
        raise WrongUse(
            "--against asks both arms in the same minute, and --cache replays what was answered before: leave one of them out"
        )
    if (terms.workers or 1) > 1:
        raise WrongUse("--against asks both arms from one process: leave --workers out")
    if Path(against).suffix == ".toml" or Path(against).exists():
        known = registry.load(Path(against), env)
    else:
        known = _renamed(new, against)
    names = tuple(one.name for one in new.plan.providers)
    catalogue = Catalogue.load()
    others = {
        one.name: with_prices(terms.patience.of(one), catalogue)
        for one in registry.participants(known, names, simulated=True)
    }
    for provider in new.plan.providers:
        if bool(provider.simulated) != bool(others[provider.name].simulated):
            raise WrongUse(
                f"{provider.name} is simulated in one arm and real in the other: what differs says nothing of either"
            )
    plan = replace(new.plan, providers=tuple(others[name] for name in names))
    base = Prepared(known, catalogue, plan, {}, new.selection)
    return Opposed(replace(base, most_usd=plan.most_it_can_cost(base.max_output_of)), replace(new, shares=()))


def _renamed(new: Prepared, name: str) -> Registry:
    """A registry in which the provider `name` has the name of the one that takes part."""
    entry = new.registry.get(name)
    taking_part = [one.name for one in new.plan.providers]
    if taking_part == [name]:
        raise WrongUse(
            f"--against {name} would hold {name} against itself: name another one, or another providers.toml"
        )
    if len(taking_part) != 1:
        raise WrongUse(
            f"--against {name} is one provider, and {len(taking_part)} take part: choose one with --only, or name another providers.toml"
        )
    own = replace(entry, provider=replace(entry.provider, name=taking_part[0]))
    return replace(new.registry, entries=(own,))


def arms_of(run: Run, places: Places) -> tuple[Run, Run]:
    """The runs of both arms, BASE and NEW, from either of them.

    Raises:
        WrongUse: it was not recorded so, or the other one is not there.
        StoreError: the other one cannot be read.
    """
    if not run.info.interleaved:
        raise WrongUse(f"{run.run_id} was recorded without --against: resume it without")
    other = store.open_run(str(run.info.interleaved["with"]), places.reports)
    return (run, other) if run.info.interleaved["arm"] == "base" else (other, run)


def only(pair: Opposed, cases: Mapping[str, Collection[tuple[str, str]]], spent: float) -> Opposed:
    """The same, asking each provider only these cases (suite, case_id), for a comparison that may have `spent` so much of its error."""
    plan = replace(pair.plan, done=frozenset())
    skipped = {
        trial.ref.trial_id
        for provider in plan.providers
        for trial in plan.all_trials(provider)
        if (trial.suite, trial.case.id) not in cases[provider.name]
    }
    return replace(pair, skipped=frozenset(skipped), spent=spent)


def record(
    pair: Opposed, places: Places, terms: Terms, *, serve: Serve, progress: Callable[[Tally], None] | None = None
) -> tuple[Recorded, Recorded]:
    """Ask both arms and write down what happened, each in its run; returns BASE and NEW. Ctrl-C ends both early; what was recorded stays.

    Raises:
        WrongUse: a label holds a key.
        StoreError: a run cannot be written.
    """
    for label in terms.metadata.values():
        if name := pair.new.registry.key_in(label) or pair.base.registry.key_in(label):
            raise WrongUse(f"a label holds the API key of {name}, and labels are written on every row")
    plan, options = pair.plan, store.WriteOptions(durability=terms.durability)
    simulated = [one for one in plan.everyone if one.simulated and not one.base_url]
    base_info, new_info = _infos(pair, terms)
    with (
        engine.ctrl_c() as wish,
        Recorder.of(pair.base.before, places.reports, base_info, options) as base,
        Recorder.of(pair.new.before, places.reports, new_info, options) as new,
    ):
        if needs_litellm(plan):
            client.preload()
        truth = new.truth
        with serve(simulated, plan.suites, truth) if simulated and plan.count else nullcontext(()) as served:
            placed = {one.name: terms.limited(one) for one in (*plan.everyone, *served)}
            asked = replace(
                plan,
                providers=tuple(placed[one.name] for one in plan.providers),
                against={name: placed[one.name] for name, one in plan.against.items()},
            )
            how = replace(terms.run_options, spent_usd=pair.spent_usd, progress=progress)
            told = ask_here(asked, pair.facts, _Journals(base, new), terms, how, wish)
        if truth.exists():
            shutil.copyfile(truth, base.truth)
        interrupted = wish.done() or told.tally.interrupted
        for recorder in (base, new):
            recorder.close("interrupted" if interrupted else "complete", (*told.tally.notes, *told.notes))
    runs = (store.load_run(recorder.path) for recorder in (base, new))
    first, second = (Recorded(run, told.tally, interrupted, terms.labels.notes) for run in runs)
    return first, second


def _infos(pair: Opposed, terms: Terms) -> tuple[store.RunInfo, store.RunInfo]:
    """What each run stands on. BASE begins a second before NEW, so that NEW is the newest run and BASE the one before it."""
    new = run_info(pair.new, terms)
    before = new.created - timedelta(seconds=1)
    base = replace(run_info(pair.base, terms), created=before, run_id=store.new_run_id(before))
    ids = [
        part.before.run.run_id if part.before else info.run_id for part, info in ((pair.base, base), (pair.new, new))
    ]
    return (
        replace(base, interleaved={"with": ids[1], "arm": "base", "spent": pair.spent}),
        replace(new, interleaved={"with": ids[0], "arm": "new", "spent": pair.spent}),
    )


def _of_base(trial: Trial) -> bool:
    return trial.provider.name.endswith(_BASE)


def _own(trial: Trial) -> Trial:
    """The trial under the provider's own name, as it is recorded."""
    return replace(trial, provider=_named(trial.provider)) if _of_base(trial) else trial


def _named(provider: Provider) -> Provider:
    return replace(provider, name=provider.name.removesuffix(_BASE))


class _Journals:
    """Writes what each arm was asked into its own run."""

    def __init__(self, base: Recorder, new: Recorder) -> None:
        self._base, self._new = base, new

    def started(self, trial: Trial, number: int, most_usd: float | None = None) -> None:
        self._of(trial).started(_own(trial), number, most_usd)

    def record(self, attempt: Attempt) -> None:
        self._of(attempt.trial).record(replace(attempt, trial=_own(attempt.trial)))

    def _of(self, trial: Trial) -> Recorder:
        return self._base if _of_base(trial) else self._new
