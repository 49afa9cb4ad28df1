"""The page of one run: everything that a format shows of one run, its single trials as well. Nothing is sent and nothing is published."""

from __future__ import annotations

from dataclasses import replace

from harness import deciding, pipeline, routing, standing, store
from harness.errors import NothingSelected, WrongUse
from harness.settings import Places
from harness.shown import RunResults


def results_of(run: store.Run, places: Places) -> RunResults:
    """The run's report, and each trial with its prompt, its reply and, where the suites of `places` still have the case, what was expected.

    Raises:
        WrongUse: the run is not scored yet.
        StoreError: it is damaged.
    """
    report = pipeline.decide(run, deciding.routes_in_force(places), routing.Objective())
    try:
        expected = standing.expectations(pipeline.read_suites(places, run.info.seed, run.info.limit))
    except (WrongUse, NothingSelected) as error:
        expected = {}
        why = str(error).partition("\n")[0]
        report = replace(report, notes=(*report.notes, f"What was expected is not shown, as the suites cannot be read: {why}"))  # fmt: skip
    found = standing.results(run.calls(standing.RESULTS), run.scores(standing.JUDGED), expected)
    return RunResults(report, tuple(found))
