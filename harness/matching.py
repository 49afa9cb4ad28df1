"""Which case each stored reply answers: the one that was asked, also where it expects something else by now or is scored otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import store
from harness.addressed import content_address
from harness.ask import Case, Suite
from harness.told import Outcome


@dataclass(frozen=True, slots=True)
class Matched:
    """Replies with the cases that they are judged by. `orphans` have none: it is gone, or asks something else now.

    `otherwise` of the pairs are judged by other expectations or scorers than their case had when it was asked.
    """

    pairs: tuple[tuple[Case, Outcome], ...]
    orphans: int
    otherwise: int


def match(run: store.Run, suites: Sequence[Suite]) -> Matched:
    """The run's replies with the cases of these suites. A reply is never judged by what it was not asked.

    Raises:
        StoreError: the run cannot be read.
    """
    cases = {(suite.name, case.id): case for suite in suites for case in suite.cases}
    outcomes = list(run.outcomes())
    found = [cases.get((one.ref.suite, one.ref.case_id)) for one in outcomes]
    both = [(case, one) for case, one in zip(found, outcomes, strict=True) if case is not None]
    changed = [(case, one) for case, one in both if case.hash != one.ref.case_hash]
    asked = run.questions({one.ref.trial_id for _, one in changed}) if changed else {}
    gone = {
        one.ref.trial_id
        for case, one in changed
        if content_address(asked[one.ref.trial_id]) != content_address(case.prompt.as_json())
    }
    pairs = tuple((case, one) for case, one in both if one.ref.trial_id not in gone)
    return Matched(pairs, len(outcomes) - len(pairs), len(changed) - len(gone))
