"""Which case each stored reply answers: the one that was asked, also where it expects something else by now or is scored otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from harness import store
from harness.addressed import content_address
from harness.ask import Case, Suite
from harness.told import Outcome


class Matched:
    """A run's replies with the cases of these suites that they are judged by, one at a time. A reply is never judged by what it was not asked.

    Once all are through, `orphans` counts replies that have no case: it is gone, or asks something else now. `otherwise` counts pairs that are judged by
    other expectations or scorers than their case had when it was asked. Raises StoreError where the run cannot be read.
    """

    def __init__(self, run: store.Run, suites: Sequence[Suite]) -> None:
        self._run = run
        self._cases = {(suite.name, case.id): case for suite in suites for case in suite.cases}
        self.orphans = self.otherwise = 0

    def __iter__(self) -> Iterator[tuple[Case, Outcome]]:
        self.orphans = self.otherwise = 0
        for outcome in self._run.outcomes():
            ref = outcome.ref
            case = self._cases.get((ref.suite, ref.case_id))
            if case is None or (case.hash != ref.case_hash and self._asked[ref.trial_id] != _address(case)):
                self.orphans += 1
                continue
            self.otherwise += case.hash != ref.case_hash
            yield case, outcome

    @cached_property
    def _asked(self) -> dict[str, str]:
        """The content addresses of what trials were asked whose cases are not as they were."""
        rows = self._run.calls(["trial_id", "suite", "case_id", "case_hash"]).drop_duplicates("trial_id")
        changed = {
            trial
            for trial, *place, was in rows.itertuples(index=False, name=None)
            if (case := self._cases.get((place[0], place[1]))) is not None and case.hash != was
        }
        return {trial: content_address(said) for trial, said in self._run.questions(changed).items()}


def _address(case: Case) -> str:
    return content_address(case.prompt.as_json())
