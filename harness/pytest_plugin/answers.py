"""What pytest selected, and what came of each question of it, read from the run that it was recorded in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness import standing, store
from harness.ask import Case, Gate, Suite
from harness.judged import Gated
from harness.pytest_plugin.verdicts import Verdict, verdict_of
from harness.told import Outcome

Key = tuple[str, str, str, int]
"""Suite, case, provider, repeat (from 0): what an item asks."""

_SCORED = ("suite", "case_id", "provider", "repeat", "scorer", "state", "value", "reason")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The trials that are to be asked, and the suites that they are of. `gates`: those that are selected, by suite and provider."""

    keys: frozenset[Key]
    suites: tuple[Suite, ...]
    gates: Mapping[tuple[str, str], Gate] = field(default_factory=dict)

    @property
    def providers(self) -> tuple[str, ...]:
        """Who is asked."""
        return tuple(sorted({provider for _, _, provider, _ in self.keys}))

    def narrowed(self) -> tuple[Suite, ...]:
        """The suites with the cases that anybody is asked, and with their gates where these are selected and all cases are asked."""
        asked = {(suite, case) for suite, case, _, _ in self.keys}
        held = {suite for suite, _ in self.gates}
        narrowed = []
        for one in self.suites:
            if cases := tuple(case for case in one.cases if (one.name, case.id) in asked):
                gate = one.gate if one.name in held and len(cases) == len(one.cases) else None
                narrowed.append(replace(one, cases=cases, gate=gate))
        return tuple(narrowed)


class Asked:
    """What came of everything that was asked."""

    def __init__(self, run: store.Run, wanted: Wanted) -> None:
        self._run, self._gates = run, wanted.gates
        self._outcomes: dict[Key, Outcome] = {}
        for one in run.outcomes():
            self._outcomes[one.ref.suite, one.ref.case_id, one.ref.provider, one.ref.repeat] = one
        self._scores: dict[Key, list[Mapping[str, Any]]] = {}
        for row in run.scores(_SCORED).to_dict("records"):
            key = row["suite"], row["case_id"], row["provider"], row["repeat"]
            self._scores.setdefault(key, []).append({str(name): value for name, value in row.items()})
        self._found = self._held(wanted.suites)

    def verdict(self, key: Key, case: Case, file: str) -> Verdict:
        """What to tell of one item."""
        outcome = self._outcomes.get(key)
        suite, _, provider, _ = key
        if outcome is None:
            why = " ".join(self._run.notes) or "the run ended before"
            return Verdict("no answer", f"{provider} was not asked: {why}")
        place = f"{file}:{case.line}" if case.line else file
        where = f"{place}, asked of {provider}{' (simulated)' if outcome.simulated else ''} in {self._run.path}"
        return verdict_of(outcome, self._scores.get(key, ()), case, where, self._gates.get((suite, provider)))

    def gate(self, suite: Suite, provider: str) -> Verdict:
        """What to tell of a gate."""
        mine = [one for one in self._found if (one.suite, one.provider) == (suite.name, provider)]
        if not mine:
            return Verdict("no answer", f"{provider} was not asked: {' '.join(self._run.notes)}")
        properties = tuple((one.measure, one.estimate.value) for one in mine if one.estimate)
        if all(one.passed for one in mine):
            return Verdict("right", "", properties)
        return Verdict("wrong", "\n".join(one.why for one in mine if not one.passed), properties)

    def _held(self, suites: Collection[Suite]) -> Sequence[Gated]:
        gated = {one.name: one.gate for one in suites if one.gate}
        if not gated:
            return ()
        calls, _, scores = standing.parted(*self._run.evidence((*standing.CALLS, "suite"), standing.SCORES))
        return list(standing.gates(gated, calls, scores))
