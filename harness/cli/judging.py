"""Judges in the command line: who may judge, and asking them with a bar, the simulated ones served."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness import judges, registry
from harness.ask import Suite
from harness.bench import Bench
from harness.cli import fleet
from harness.cli.story import Teller
from harness.registry import Catalogue
from harness.render.progress import Bar
from harness.scorers import Rulings
from harness.settings import Places, Terms
from harness.store import Run


def bench(places: Places, named: Sequence[str], env: Mapping[str, str] = os.environ) -> Bench:
    """Who may judge, by the registry, where there is one.

    Raises:
        BadInput: the registry says something wrong.
    """
    known = registry.load(places.providers, env) if places.providers.exists() else registry.empty()
    return fleet.checked_bench(Bench(known, Catalogue.load(), tuple(named)))


@dataclass(frozen=True, slots=True)
class Court:
    """Whose cases are judged, by whom, who is told of it, and the seed of simulated judges."""

    suites: Sequence[Suite]
    bench: Bench
    teller: Teller
    seed: int

    def heard(self, run: Run, terms: Terms, *, spent_usd: float = 0.0, may_ask: bool = True) -> tuple[Run, Rulings]:
        """Ask the judges what the replies lead to, if it `may_ask`; returns the run with their answers, and what these come to."""
        heard = judges.hearing(run, self.suites, self.bench)
        if heard.missing and may_ask:
            self.teller.hearing(heard)
            simulated = all(one.judge.simulated for one in heard.errands)
            serve = functools.partial(fleet.serve, seed=self.seed)
            with Bar(heard.missing, simulated=simulated) as bar:
                run = judges.ask(run, heard, terms, spent_usd=spent_usd, serve=serve, progress=bar)
        return run, judges.rulings(run, heard)
