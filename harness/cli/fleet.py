"""Starts the simulated fleet for as long as a run lasts, and so runs everything from Python too."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness import judges
from harness.ask import Provider, Suite
from harness.bench import Bench
from harness.document import did_you_mean
from harness.errors import BadInput, Problem
from harness.foreseeing import foresee
from harness.pipeline import Finished, Prepared, Recorded, finish, prepare, record
from harness.registry import Entry, Registry
from harness.scorers import Permissions, Rulings
from harness.settings import Places, Selection, Terms
from harness.simulate import FleetProcess, load_fleet, write_keys
from harness.simulate.wires import WIRES
from harness.store import Run


def problems(registry: Registry, entries: Iterable[Entry]) -> list[Problem]:
    """What keeps the fleet from serving these entries: a profile that it has not, a wire that it does not speak."""
    profiles = list(load_fleet().profiles)
    found = []
    for entry in entries:
        one = entry.provider
        if one.simulated and one.simulated not in profiles:
            near = did_you_mean(one.simulated, profiles)
            found.append(Problem(registry.path, entry.line, f"there is no simulated profile '{one.simulated}'", near))
        elif one.simulated and not one.base_url and one.kind not in WIRES:
            wires = " or ".join(f"{kind}/…" for kind in WIRES)
            wrong = f"the simulated fleet does not speak the wire of '{one.model}'"
            found.append(Problem(registry.path, entry.line, wrong, f"give {one.name} a model such as {wires}"))
    return found


def checked(prepared: Prepared) -> Prepared:
    """The same, if the fleet can serve who is simulated in it.

    Raises:
        BadInput: it cannot; with the registry's file and line.
    """
    registry = prepared.registry
    wrong = problems(registry, [registry.get(one.name) for one in prepared.plan.providers])
    if wrong:
        raise BadInput(wrong)
    return prepared


def checked_bench(bench: Bench) -> Bench:
    """The same, if the fleet can serve the simulated judges among those that are named or registered as such. Raises BadInput as `checked` does."""
    known = bench.registry
    wrong = problems(known, [one for one in known.entries if one.judge or one.provider.name in bench.named])
    if wrong:
        raise BadInput(wrong)
    return bench


@contextmanager
def serve(
    providers: Sequence[Provider], suites: Sequence[Suite], truth: Path | None = None, *, seed: int = 0
) -> Iterator[tuple[Provider, ...]]:
    """The providers with the address at which the fleet serves them; it knows the suites' answer keys and logs the truth."""
    with tempfile.TemporaryDirectory(prefix="harness-fleet-") as folder:
        keys = Path(folder) / "keys.jsonl"
        write_keys(keys, (case for suite in suites for case in suite.cases))
        with FleetProcess(keys=keys, log=truth, seed=seed) as fleet:
            yield tuple(replace(one, base_url=fleet.base_url(one.simulated or one.name, one.kind)) for one in providers)


def run(
    places: Places | None = None,
    selection: Selection | None = None,
    terms: Terms | None = None,
    *,
    allow_code: bool = False,
) -> Finished:
    """`harness run` from Python: ask, record, judge and report; returns the run's rows and its report.

    Raises:
        BadInput: a suite or the registry says something wrong.
        NothingSelected: nothing is left to ask, or nobody to be asked.
        StoreError: the run cannot be written.
    """
    places, selection, terms = places or Places(), selection or Selection(), terms or Terms()
    prepared = checked(prepare(places, selection, terms))
    bench = checked_bench(Bench(prepared.registry, prepared.catalogue, selection.judges))
    foresee(prepared.plan, prepared.max_output_of, bench)
    recorded = record(prepared, places, terms, serve=functools.partial(serve, seed=selection.seed))
    found, rulings = heard(prepared, recorded, bench, terms)
    allow = Permissions(code=allow_code, rulings=rulings)
    return finish(found, prepared.plan.suites, allow, places, recorded.notes)


def heard(prepared: Prepared, recorded: Recorded, bench: Bench, terms: Terms) -> tuple[Run, Rulings]:
    """The run with what its scorers had to ask of other models, and what these said; of a run that was interrupted nothing more is asked."""
    found = recorded.run
    inquiries = judges.hearing(found, prepared.plan.suites, bench)
    if not recorded.interrupted:
        served = functools.partial(serve, seed=prepared.selection.seed)
        found = judges.ask(found, inquiries, terms, spent_usd=recorded.tally.spend_usd, serve=served)
    return found, judges.rulings(found, inquiries)
