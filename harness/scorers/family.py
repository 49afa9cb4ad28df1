"""The family of scorers by name, and the check of a criterion before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from harness.ask import Criterion
from harness.scorers.choice import CHOICE
from harness.scorers.code import CODE
from harness.scorers.constraints import CONSTRAINTS
from harness.scorers.equivalence import MATH
from harness.scorers.judge import JUDGE
from harness.scorers.limits import COST, LATENCY
from harness.scorers.number import NUMBER
from harness.scorers.opinion import Scorer, Unfit
from harness.scorers.options import did_you_mean, read_options
from harness.scorers.overlap import BLEU, F1, ROUGE_L
from harness.scorers.reading import EXTRACTORS
from harness.scorers.refusal import REFUSAL
from harness.scorers.similarity import SIMILARITY
from harness.scorers.structure import JSON
from harness.scorers.text import CONTAINS, ENDS_WITH, EXACT, REGEX, STARTS_WITH
from harness.scorers.tools import TOOL_CALLS

SCORERS: Mapping[str, Scorer[Any]] = MappingProxyType(
    {
        "bleu": BLEU,
        "choice": CHOICE,
        "code": CODE,
        "constraints": CONSTRAINTS,
        "contains": CONTAINS,
        "cost": COST,
        "ends_with": ENDS_WITH,
        "exact": EXACT,
        "f1": F1,
        "json": JSON,
        "judge": JUDGE,
        "latency": LATENCY,
        "math": MATH,
        "number": NUMBER,
        "refusal": REFUSAL,
        "regex": REGEX,
        "rouge_l": ROUGE_L,
        "similarity": SIMILARITY,
        "starts_with": STARTS_WITH,
        "tool_calls": TOOL_CALLS,
    }
)
"""Every scorer by the name that suites use."""

NAMES = tuple(SCORERS)
"""The names of all scorers, sorted."""

PARTS = tuple(EXTRACTORS)
"""The names of the parts of a reply that a criterion can ask for."""


def scorer_of(criterion: Criterion) -> tuple[Scorer[Any], Any]:
    """The scorer that a criterion names, and its options.

    Raises:
        Unfit: there is no such scorer, or its options are not right.
    """
    scorer = SCORERS.get(criterion.scorer)
    if scorer is None:
        raise Unfit(f"there is no scorer {criterion.scorer!r}{did_you_mean(criterion.scorer, NAMES)}")
    return scorer, read_options(scorer.options, criterion.options, criterion.scorer)


def asks(criterion: Criterion) -> bool:
    """Whether a criterion needs another model's answer; its name is one of the family's."""
    return SCORERS[criterion.scorer].asks is not None


def check(criterion: Criterion, expect: Any) -> None:
    """Checks that a criterion can judge replies against `expect`, so that a mistake shows before money is spent.

    Raises:
        Unfit: an unknown scorer or part of a reply, an unknown, missing or ill-typed option, a weight that is not above 0, or an
            expectation that the scorer cannot compare with; the message says what would be right.
    """
    scorer, options = scorer_of(criterion)
    if not (math.isfinite(criterion.weight) and criterion.weight > 0):
        raise Unfit(f"{criterion.scorer}: the weight must be above 0, not {criterion.weight!r}")
    for kind in criterion.extract:
        if kind not in EXTRACTORS:
            raise Unfit(f"{criterion.scorer}: there is no part {kind!r} to extract{did_you_mean(kind, EXTRACTORS)}")
    if criterion.extract and not (scorer.reads_reply and scorer.reads_text):
        raise Unfit(f"{criterion.scorer} reads no text, so there is nothing to extract for it")
    try:
        scorer.fits(options, expect)
    except Unfit as problem:
        raise Unfit(f"{criterion.scorer}: {problem}") from None
