"""Applies a case's criteria to an outcome. The rules that hold for every scorer stand here and nowhere else.

| what came back | state |
|---|---|
| no answer | failed |
| an answer whose call is judged (`latency`, `cost`), not its reply | scored, or unscored where nothing was measured |
| an answer that the provider filtered | unscored (`refusal` has its own view) |
| code that may not be run | unscored |
| nothing but blanks (for `tool_calls`: and no call) | unscored |
| cut off by its token limit, and what was looked for is not in it | unscored |
| a refusal and nothing else, and what was looked for is not in it | unscored (`refusal` has its own view) |
| something that another model was to be asked about, and was not, or that it gave no verdict on | unscored |
| anything else | scored, from 0 to 1 |

"What was looked for" is the criterion before its `not`: what is cut off proves nothing by what it lacks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from harness.ask import Case, Criterion
from harness.judged import Score
from harness.scorers.family import SCORERS, scorer_of
from harness.scorers.opinion import Matter, Opinion, Question, Ruling, Rulings, Scorer, wrong
from harness.scorers.reading import extract
from harness.told import Outcome, Reply
from harness.wording import only_refuses, said

LONGEST = 500
"""Characters of `extracted` and `reason` that a score keeps."""
NOT_ALLOWED = "code is not run unless --allow-code is given"
"""The reason of a score that only lacks a permission."""

AHEAD = 32
"""Outcomes for each worker that may be judged ahead of the first one that is not done."""

_NO_RULING = Ruling()


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a scorer may do beyond reading. `code`: run code that a model wrote, in a confined process; `rulings`: rely on what other models said."""

    code: bool = False
    rulings: Rulings = field(default_factory=dict)


def judge(case: Case, outcome: Outcome, allow: Permissions = Permissions()) -> list[Score]:
    """One score for each criterion of the case, in their order.

    Raises:
        Unfit: a criterion that `check` would have refused.
    """
    return [_score(case, number, outcome, allow) for number in range(len(case.criteria))]


def judge_all(
    pairs: Iterable[tuple[Case, Outcome]], allow: Permissions = Permissions(), workers: int = 2
) -> Iterator[Score]:
    """The scores of all pairs, in their order; code runs in `workers` processes at a time.

    Raises:
        ValueError: as `judge`; or fewer than one worker.
    """
    if workers < 1:
        raise ValueError(f"at least one worker is needed, not {workers}")
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[list[Score]] | list[Score]] = deque()
    try:
        for case, outcome in pairs:
            code = allow.code and any(_runs_code(criterion) for criterion in case.criteria)
            waiting.append(pool.submit(judge, case, outcome, allow) if code else judge(case, outcome, allow))
            while waiting and (len(waiting) > AHEAD * workers or _done(waiting[0])):
                yield from _result(waiting.popleft())
        while waiting:
            yield from _result(waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _runs_code(criterion: Criterion) -> bool:
    scorer = SCORERS.get(criterion.scorer)
    return scorer is not None and scorer.runs_code


def _done(scores: Future[list[Score]] | list[Score]) -> bool:
    return isinstance(scores, list) or scores.done()


def _result(scores: Future[list[Score]] | list[Score]) -> list[Score]:
    return scores if isinstance(scores, list) else scores.result()


def questions(case: Case, number: int, outcome: Outcome, baseline: Outcome | None = None) -> tuple[Question, ...]:
    """What the case's criterion of this number has to ask of another model about a reply; nothing where that would settle nothing.

    `baseline` is the reply that it is held against, where the criterion compares with another provider's.
    """
    scorer, options = scorer_of(case.criteria[number])
    if scorer.asks is None or not outcome.answered:
        return ()
    mine = _to_judge(case.criteria[number], scorer, outcome)
    theirs = None if baseline is None else _to_judge(case.criteria[number], scorer, baseline)
    if isinstance(mine, Opinion) or isinstance(theirs, Opinion):
        return ()
    other = None if theirs is None else said(theirs.reply)
    return scorer.asks.questions(options, Matter(case, said(mine.reply), other))


def _to_judge(
    criterion: Criterion, scorer: Scorer[Any], outcome: Outcome, allow: Permissions = Permissions()
) -> Outcome | Opinion:
    """What the scorer is shown, or the opinion where it need not look."""
    if why := _unreadable(scorer, outcome.reply, allow):
        return Opinion(None, None, why)
    if scorer.asks is not None and (why := _no_proof(scorer, outcome.reply)):
        return Opinion(None, None, why)
    if not criterion.extract:
        return outcome
    part = extract(criterion.extract, said(outcome.reply))
    if part is None:
        return wrong(f"it has no {' or '.join(criterion.extract)}")
    return replace(outcome, reply=replace(outcome.reply, text=part))


def _score(case: Case, number: int, outcome: Outcome, allow: Permissions) -> Score:
    criterion, expect = case.criteria[number], case.expect
    scorer, options = scorer_of(criterion)
    ruling = allow.rulings.get((outcome.ref.trial_id, number), _NO_RULING)

    def score(opinion: Opinion, judge_trial_id: str | None = None, *, failed: bool = False) -> Score:
        value = opinion.value
        return Score(
            ref=outcome.ref,
            scorer=criterion.scorer,
            scorer_version=f"{scorer.version} by {ruling.by}" if ruling.by else scorer.version,
            state="failed" if failed else "unscored" if value is None else "scored",
            value=1.0 - value if criterion.negate and value is not None else value,
            extracted=_cut(opinion.extracted),
            reason=_cut(_negated(opinion.reason, opinion.value) if criterion.negate else opinion.reason) or "",
            weight=criterion.weight,
            judge_trial_id=judge_trial_id,
        )

    if not outcome.answered:
        return score(Opinion(None, None, ": ".join(filter(None, (outcome.failure_kind, outcome.error)))), failed=True)
    if not scorer.reads_reply:
        return score(scorer.judge(options, expect, outcome))
    shown = _to_judge(criterion, scorer, outcome, allow)
    if scorer.asks is not None and not isinstance(shown, Opinion):
        opinion = ruling.opinion or Opinion(None, None, f"no {scorer.asks.whom} was asked")
        return score(opinion, ruling.judge_trial_id)
    opinion = shown if isinstance(shown, Opinion) else scorer.judge(options, expect, shown)
    why = None if opinion.value in (None, 1.0) else _no_proof(scorer, outcome.reply)
    return score(Opinion(None, opinion.extracted, why) if why else opinion)


def _unreadable(scorer: Scorer[Any], reply: Reply, allow: Permissions) -> str | None:
    """Why a reply cannot be judged at all."""
    if scorer.runs_code and not allow.code:
        return NOT_ALLOWED
    if reply.finish_reason == "content_filter":
        return None if scorer.reads_refusals else "filtered: the provider's content filter stopped it"
    if said(reply) or (reply.tool_calls and not scorer.reads_text):
        return None
    if reply.finish_reason == "length":
        return "cut off by its token limit before it said anything"
    return "empty: it calls tools and says nothing" if reply.tool_calls else "empty"


def _no_proof(scorer: Scorer[Any], reply: Reply) -> str | None:
    """Why a reply that is not right is not wrong either."""
    if reply.finish_reason == "length":
        return "cut off by its token limit"
    if not scorer.reads_refusals and not reply.tool_calls and only_refuses(said(reply)):
        return "refused"
    return None


def _negated(reason: str, value: float | None) -> str:
    if value is None:
        return reason
    return f"not wanted: {reason}" if reason and value < 1 else "" if value < 1 else "it holds, and should not"


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else text[: LONGEST - 1] + "…"
