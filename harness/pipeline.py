"""The story on a page: record (costs money), judge (free), decide (free).

    prepare   providers.toml, suites → what would be asked, of whom, at most for how much
    record    ask, and write down what happened                     → a run in reports/runs/
    judge     hold the recorded replies against their cases         → its scores.parquet
    decide    standings, calibration, the routes they support       → a Report
    publish   Markdown, plots, standings as JSON                    → reports/latest/

Only this file knows the order. Each step takes what the one before returned.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness import __version__, client, crew, engine, load, registry, routing, scorers, standing, stats, store
from harness.ask import Provider, Suite
from harness.asking import Asked, ask_here, needs_litellm
from harness.deciding import routes_in_force
from harness.errors import WrongUse
from harness.fetching import PUBLISHED, fetched
from harness.judged import Report, RoutingTable
from harness.matching import Matched
from harness.registry import Catalogue, Registry
from harness.render import markdown
from harness.settings import Places, Selection, Terms
from harness.told import Tally

REPORT = "report.md"
"""What lies in reports/latest beside the plots."""


@dataclass(frozen=True)
class Prepared:
    """What would be asked. `most_usd`: the worst case for each provider, None where a price or limit is unknown.

    `cached`: how many of the trials a cache answers, and the worst case is of the others; None: there is no cache;
    `kept`: the keys of what it holds.
    `before` is what an earlier part of the same run has of it, if it is resumed: the plan is what is left, and `spent_usd` was spent.
    `shares` says who is asked by which worker process; one share is asked by this process.
    """

    registry: Registry
    catalogue: Catalogue
    plan: engine.Plan
    most_usd: Mapping[str, float | None]
    selection: Selection
    cached: int | None = None
    kept: frozenset[str] = frozenset()
    before: store.Remainder | None = None
    spent_usd: float = 0.0
    shares: tuple[engine.Share, ...] = ()

    @property
    def facts(self) -> dict[str, client.Facts]:
        """What is known of each provider's model, by the provider's name."""
        return {one.name: self.catalogue.facts(self.registry.get(one.name)) for one in self.plan.providers}

    @property
    def simulated(self) -> bool:
        """Whether every provider is simulated."""
        return all(one.simulated for one in self.plan.providers)

    def max_output_of(self, provider: Provider) -> int | None:
        """The most tokens that the provider's model can reply with; None where nobody says."""
        return self.catalogue.facts(self.registry.get(provider.name)).max_output_tokens


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run that was recorded: complete, or interrupted with what was recorded until then. `notes` name labels that were not stored."""

    run: store.Run
    tally: Tally
    interrupted: bool
    notes: tuple[str, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether anything was asked beyond warming up."""
        return self.run.attempts > 0 and bool((self.run.calls(["phase"])["phase"] == "measure").any())


Serve = Callable[[Sequence[Provider], Sequence[Suite], Path], AbstractContextManager[Sequence[Provider]]]
"""Serves simulated providers while a run lasts, with the suites' answer keys and a file for the truth; gives them with addresses."""


def prepare(
    places: Places,
    selection: Selection,
    terms: Terms | None = None,
    env: Mapping[str, str] = os.environ,
    suites: Sequence[Suite] | None = None,
) -> Prepared:
    """Read and check everything; nothing is sent. What the terms' patience says takes the place of the providers' own deadlines and retries.

    `suites` are those of `places` where they were read already.

    Raises:
        BadInput: a suite, the registry or the routing file says something wrong; every problem is listed.
        NothingSelected: nothing is left to ask, or nobody to be asked.
    """
    terms = terms or Terms()
    routes_in_force(places)  # the report holds the run against them: better to complain now than when it is paid for
    known = registry.load(places.providers, env)
    if suites is None:
        suites = read_suites(places, selection.seed, selection.limit)
    chosen = load.select(suites, selection.keyword, selection.marker)
    catalogue = Catalogue.load()
    providers = tuple(
        with_prices(terms.patience.of(one), catalogue)
        for one in registry.participants(known, selection.only, simulated=selection.simulated)
    )
    plan = engine.Plan(
        suites=chosen,
        providers=providers,
        repeat=selection.repeat,
        seed=selection.seed,
        load=terms.load,
        warm_up=terms.warm_up,
    )
    prepared = Prepared(known, catalogue, plan, {}, selection, shares=engine.shares(plan, terms.workers))
    return replace(prepared, most_usd=plan.most_it_can_cost(prepared.max_output_of))


def with_cache(prepared: Prepared, cache: client.Cache) -> Prepared:
    """The same with what the cache holds now: its answers cost nothing, as long as they are not too old when their turn comes.

    Where it holds all of them there is nothing to warm up for.
    """
    plan = prepared.plan
    keys = [client.key_of(trial) for provider in plan.providers for trial in plan.trials(provider)]
    cached = cache.fresh(keys)
    held = sum(key in cached for key in keys)
    plan = replace(plan, warm_up=plan.warm_up and held < len(keys))
    most = plan.most_it_can_cost(prepared.max_output_of, cached) if cached else prepared.most_usd
    return replace(prepared, plan=plan, cached=held, kept=cached, most_usd=most)


def read_suites(places: Places, seed: int, limit: int | None) -> tuple[Suite, ...]:
    """The suites of files and folders, and the datasets that are named.

    Raises:
        BadInput: with every problem of every file.
        WrongUse: a dataset is named and nothing says where its file is.
    """
    named = [str(path) for path in places.suites if str(path) in load.DATASET_NAMES and not path.exists()]
    data = {name: places.data or fetched(name) for name in named}
    for name in (name for name, where in data.items() if where is None):
        how = f", or fetch it: `harness data fetch {name}`" if name in PUBLISHED else ""
        raise WrongUse(
            f"{name} is a dataset of which nothing is bundled: give --data the file that you have of it{how}"
        )
    paths = [path for path in places.suites if str(path) not in named]
    written = load.suites(paths, seed=seed, limit=limit) if paths else ()
    return (*written, *(load.dataset(name, where, limit=limit) for name, where in data.items() if where))


def provider_for(
    name: str, places: Places, env: Mapping[str, str] = os.environ, base_url: str | None = None
) -> Provider:
    """The provider of a registered name or model; otherwise one made for the model, with its usual key from the environment.

    With `base_url` it is served there.

    Raises:
        WrongUse: the name is neither registered nor a model that can be told, or the provider is not ready; it says why.
    """
    known = registry.load(places.providers, env) if places.providers.exists() else registry.empty()
    catalogue = Catalogue.load()
    return with_prices(registry.resolve(name, known, catalogue, env, base_url), catalogue)


def with_prices(provider: Provider, catalogue: registry.Catalogue) -> Provider:
    """The provider with the prices that its costs are counted by: its own, otherwise the catalogue's."""
    return replace(provider, prices=catalogue.facts(provider).prices)


def record(
    prepared: Prepared,
    places: Places,
    terms: Terms,
    *,
    serve: Serve | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> Recorded:
    """Ask everything and write down what happened. Ctrl-C ends it early; what was recorded stays.

    Raises:
        WrongUse: a simulated provider takes part and nothing serves it, or a label holds a key.
        StoreError: the run cannot be written.
    """
    for label in terms.metadata.values():
        if name := prepared.registry.key_in(label):
            raise WrongUse(f"a label holds the API key of {name}, and labels are written on every row")
    plan = prepared.plan
    simulated = [one for one in plan.providers if one.simulated and not one.base_url]
    if simulated and serve is None:
        raise WrongUse(
            f"{simulated[0].name} is simulated: `harness run` serves it, or give it the base_url of `harness simulate`"
        )
    options = store.WriteOptions(durability=terms.durability)
    info = run_info(prepared, terms)
    several = len(prepared.shares) if plan.count else 0
    with (
        engine.ctrl_c() as wish,
        store.Recorder.of(prepared.before, places.reports, info, options) as recorder,
        engine.Workers(crew.command(preload=needs_litellm(plan)), several) if several > 1 else nullcontext() as workers,
    ):
        if several == 1 and needs_litellm(plan):
            client.preload()  # while the fleet comes up
        served_here = serve(simulated, plan.suites, recorder.truth) if serve and simulated and plan.count else None
        with served_here or nullcontext(()) as served:
            placed = {one.name: one for one in served}
            asked = tuple(terms.limited(placed.get(one.name, one)) for one in plan.providers)
            prepared = replace(prepared, plan=replace(plan, providers=asked))
            how = replace(terms.run_options, spent_usd=prepared.spent_usd, progress=progress)
            if workers is None:
                told = ask_here(prepared.plan, prepared.facts, recorder, terms, how, wish)
            else:
                work = crew.work(_job(prepared, places, terms, recorder), prepared.shares, plan.count)
                told = Asked(workers.run(work, how, wish), workers.found, tuple(workers.notes))
        interrupted = wish.done() or told.tally.interrupted
        if told.searches:
            store.save_searches(recorder.path, told.searches)
        recorder.close("interrupted" if interrupted else "complete", (*told.tally.notes, *told.notes))
    return Recorded(store.load_run(recorder.path), told.tally, interrupted, terms.labels.notes)


def _job(prepared: Prepared, places: Places, terms: Terms, recorder: store.Recorder) -> crew.Job:
    plan, before = prepared.plan, prepared.before
    return crew.Job(
        places=places,
        selection=prepared.selection,
        terms=terms,
        basis=crew.basis(prepared.registry.hash, {one.name: one.hash for one in plan.suites}),
        addresses={one.name: one.base_url for one in plan.providers if one.simulated and one.base_url},
        warm_up=plan.warm_up,
        folder=recorder.path,
        info=recorder.info,
        anchor=engine.Anchor.now(),
        done=plan.done,
        before=dict(before.before) if before else {},
    )


def run_info(prepared: Prepared, terms: Terms) -> store.RunInfo:
    """What a run of it stands on."""
    now = datetime.now(UTC)
    plan = prepared.plan
    return store.RunInfo(
        run_id=store.new_run_id(now),
        created=now,
        harness_version=__version__,
        seed=prepared.selection.seed,
        limit=prepared.selection.limit,
        planned=plan.count + (len(prepared.before.done) if prepared.before else 0),
        suites={one.name: one.hash for one in plan.suites},
        suite_cases={one.name: len(one.cases) for one in plan.suites},
        registry_hash=prepared.registry.hash,
        providers={
            one.name: {"model": one.model, "simulated": one.simulated, "concurrency": one.limits.at_once}
            for one in plan.providers
        },
        price_id=prepared.catalogue.id,
        metadata=terms.labels.kept,
        git_commit=store.git_commit(),
        load=engine.as_json(plan.load),
        command=terms.kept_command,
    )


def judge(run: store.Run, suites: Sequence[Suite], allow: scorers.Permissions) -> Matched:
    """Hold each recorded reply against its case and write the run's scores, beside those that it has; returns which replies have no case any more.

    With them go the gates of the suites of which all cases were planned: what a gate asks, it asks of the whole.
    """
    matched = Matched(run, suites)
    planned = run.info.suite_cases
    gates = {one.name: one.gate for one in suites if one.gate and planned.get(one.name) == len(one.cases)}
    run.write_scores(scorers.judge_all(matched, allow, workers=os.cpu_count() or 1), gates)
    return matched


def decide(run: store.Run, incumbent: RoutingTable | None, objective: routing.Objective) -> Report:
    """What the run's facts and scores come to: standings, calibration where the truth is known, routes."""
    truths = run.truths()
    columns = (
        *standing.CALLS,
        *routing.CALLS,
        *(standing.CALIBRATED if truths else ()),
        *(["suite"] if run.gates else ()),
    )
    calls, judging, scores = standing.parted(*run.evidence(columns, standing.SCORES))
    measured = calls[calls["phase"] == "measure"]
    replayed = int(calls["replayed"].sum())
    trials = stats.trials_of(calls, scores)
    standings = tuple(standing.standings(calls, scores, trials))
    simulated = bool(measured["simulated"].any())
    incumbent = incumbent if incumbent and incumbent.simulated == simulated else None
    info = run.info
    levels = tuple(standing.levels(calls, info.in_flight))
    mixed = simulated and not bool(measured["simulated"].all())
    told = scores.join(run.evidence((), standing.REPEATED)[1]) if standing.repeated(calls) else None
    return Report(
        run_id=run.run_id,
        created=info.created,
        harness_version=info.harness_version,
        state=run.state,
        simulated=simulated,
        seed=info.seed,
        planned=info.planned,
        trials=len(trials),
        attempts=len(calls) - replayed,
        replayed=replayed,
        spend_usd=standing.spend(calls),
        duration_s=standing.duration(calls),
        suites=info.suite_cases,
        providers=tuple(info.providers),
        standings=standings,
        calibration=tuple(standing.calibrate(calls, scores, truths)) if simulated else (),
        routing=None
        if mixed
        else routing.choose(
            standing.dated(calls, info.created), scores, incumbent=incumbent, objective=objective, trials=trials
        ),
        notes=(
            *run.notes,
            *standing.invalid(levels),
            *standing.notes(calls, scores, info.planned, info.in_flight, trials),
        ),
        load=info.load,
        levels=levels,
        judging=judging,
        repeats=() if told is None else tuple(standing.repeats(calls, told, trials)),
        gates=tuple(standing.gates(run.gates, calls, scores)),
    )


def publish(report: Report, run: store.Run, places: Places) -> tuple[Path, ...]:
    """Write the report to reports/latest (Markdown, plots, standings.json); returns the files, the Markdown first."""
    from harness.render import plots  # noqa: PLC0415 - matplotlib, for which no request shall wait

    folder = places.stored.fetch_folder("latest")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [f"{name}{suffix}" for name in plots.CAPTIONS for suffix in (".png", ".svg")]
    for name in (REPORT, store.STANDINGS, *pictures):
        (folder / name).unlink(missing_ok=True)
    drawn = plots.of_run(report.standings, standing.timed(run.evidence(standing.TIMED)[0]))
    shown = [file.name for name, figure in drawn.items() for file in plots.save(figure, folder, name)]
    captions = {f"{name}.png": plots.CAPTIONS[name] for name in drawn}
    (folder / REPORT).write_text(markdown.report(report, captions), encoding="utf-8")
    (folder / store.STANDINGS).write_text(standing.to_json(report.standings), encoding="utf-8")
    store.set_latest(places.reports, run.run_id)
    return tuple(folder / name for name in (REPORT, *shown, store.STANDINGS))


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that was judged and reported: its rows, what they come to, and the files that say so. `orphans` and `otherwise`: see `matching`."""

    run: store.Run
    report: Report
    files: tuple[Path, ...]
    orphans: int = 0
    otherwise: int = 0
    interrupted: bool = False


def finish(
    run: store.Run, suites: Sequence[Suite], allow: scorers.Permissions, places: Places, notes: Sequence[str] = ()
) -> Finished:
    """Judge a recorded run, decide on it and publish its report, with `notes` that the rows do not tell."""
    judged = judge(run, suites, allow)
    return replace(report_again(run, places, notes), orphans=judged.orphans, otherwise=judged.otherwise)


def report_again(run: store.Run, places: Places, notes: Sequence[str] = ()) -> Finished:
    """Decide on a judged run and publish its report."""
    report = decide(run, routes_in_force(places), routing.Objective())
    report = replace(report, notes=(*report.notes, *notes))
    remedy = f"The run itself is recorded: `harness report {run.run_id}` writes its report"
    with store.on_disk(places.stored.folder / "latest", "cannot be written", remedy):
        files = publish(report, run, places)
    return Finished(run, report, files, interrupted=run.state == "interrupted")
