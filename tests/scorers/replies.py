"""Cases and outcomes as the tests of scorers need them."""

from typing import Any

from harness.ask import Case, Criterion, Prompt, ToolCall, TrialRef
from harness.judged import Score
from harness.scorers import Permissions, check, judge
from harness.told import Outcome, Reply

REF = TrialRef("t1", "fast-1", "sums", "s1", "one", "c1", "arithmetic")


def case(*criteria: Criterion, expect: Any = None) -> Case:
    return Case("one", Prompt(({"role": "user", "content": "?"},)), "arithmetic", criteria, expect)


def answer(text: str = "", *calls: ToolCall, finish: str = "stop") -> Outcome:
    return Outcome(REF, Reply(text=text, tool_calls=calls, finish_reason=finish))


def score(criterion: Criterion, expect: Any, outcome: Outcome, *, code: bool = False) -> Score:
    check(criterion, expect)
    (only,) = judge(case(criterion, expect=expect), outcome, Permissions(code=code))
    return only
