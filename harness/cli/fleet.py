"""Starts the simulated fleet for as long as a run lasts, and so runs everything from Python too."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.ask import Provider, Suite
from harness.pipeline import Finished, Places, Selection, Terms, finish, prepare, record
from harness.scorers import Permissions
from harness.simulate import FleetProcess, write_keys


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
    places, selection = places or Places(), selection or Selection()
    prepared = prepare(places, selection)
    recorded = record(prepared, places, terms or Terms(), serve=functools.partial(serve, seed=selection.seed))
    return finish(recorded.run, prepared.plan.suites, Permissions(code=allow_code), places)
