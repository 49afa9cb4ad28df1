"""What a plan's replies will lead to asking of judges, and about what that costs: told before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from harness import engine, scorers
from harness.ask import Case, Criterion, JsonObject, Provider, Suite, Trial
from harness.bench import Bench
from harness.client import max_output

CAPABILITY = "judge"
"""What a judge's own trials are said to test."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a plan will ask of one judge: so many questions at most, for about so much in USD at most (None: unknown).

    That is for replies and verdicts as long as they may be, each reply another, and every retry made; about, since a judge may count other tokens than
    who replied.
    """

    judge: str
    questions: int
    about_usd: float | None


def foresee(plan: engine.Plan, max_output_of: engine.MaxOutput, bench: Bench) -> list[Foreseen]:
    """What judging a plan's replies will take, by judge.

    Raises:
        WrongUse: somebody who is needed is not there: before anything is paid for.
    """
    costs: defaultdict[str, list[float | None]] = defaultdict(list)
    for provider in plan.providers:
        limit = max_output_of(provider)
        judges: dict[tuple[str, str], Provider] = {}
        for suite in plan.suites:
            repeats = suite.repeat if plan.repeat is None else plan.repeat
            for case, criterion in ((case, criterion) for case, criterion, _ in asking(suite)):
                key = criterion.scorer, repr(criterion.options)
                if key not in judges:
                    judges[key] = bench.chosen(bench.candidates(criterion, provider))
                if against(criterion) != provider.name:
                    longest = max_output({**provider.params, **suite.params, **case.params}, limit)
                    costs[judges[key].name] += (
                        _about(suite.name, case, criterion, judges[key], bench, longest) * repeats
                    )
    return [Foreseen(name, len(each), _sum(each)) for name, each in costs.items()]


def _about(
    suite: str, case: Case, criterion: Criterion, judge: Provider, bench: Bench, longest: int | None
) -> list[float | None]:
    """About what each question about a reply of so many tokens costs at most."""
    scorer, options = scorers.scorer_of(criterion)
    assert scorer.asks is not None
    compared = against(criterion) is not None
    questions = scorer.asks.questions(options, scorers.Matter(case, "", "" if compared else None))
    price = judge.prices.input if judge.prices else None
    if price is None or longest is None:
        return [None for _ in questions]
    replies = longest * price * (2 if compared else 1)
    each = [
        engine.most(question_trial(suite, case, one, judge), bench.facts(judge).max_output_tokens) for one in questions
    ]
    return [None if usd is None else (usd + replies) * (1 + judge.retries.max_retries) for usd in each]


def _sum(costs: list[float | None]) -> float | None:
    known = [one for one in costs if one is not None]
    return sum(known) if len(known) == len(costs) else None


def asking(suite: Suite) -> Iterator[tuple[Case, Criterion, int]]:
    """The criteria of a suite's cases that ask other models, with their places."""
    for case in suite.cases:
        for number, criterion in enumerate(case.criteria):
            if scorers.asks(criterion):
                yield case, criterion, number


def against(criterion: Criterion) -> str | None:
    """The provider whose replies others are held against, by what the criterion says."""
    scorer, options = scorers.scorer_of(criterion)
    return scorer.asks.against(options) if scorer.asks else None


def question_trial(suite: str, judged: Case, question: scorers.Question, judge: Provider) -> Trial:
    """A question as a trial, the same that a plan makes of its case."""
    case = Case(
        id=judged.id,
        prompt=question.prompt,
        capability=CAPABILITY,
        criteria=(),
        tags=frozenset({CAPABILITY}),
        cluster=judged.cluster,
        params=question.params,
        reference=question.reference,
        distractor=question.distractor,
    )
    params: JsonObject = {**judge.params, **case.params}
    return Trial(suite, "", case, judge, params, phase="judge")
