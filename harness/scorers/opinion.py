"""What a scorer is: a version, its options, a rule for what may be expected, and a function from a reply to an opinion.

A scorer of the family is one function with its options beside it. What holds for all of them (no answer, empty, cut
off, refused, filtered) is not theirs to know: `judging` applies it. One that must ask another model before it can judge says what it asks, and how
it reads the answers (`Asks`); it asks nothing itself. Who keeps the record asks, as it asks everything, and hands in what came of it: a `Ruling`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from harness.ask import Answer, Case, JsonObject, Prompt
from harness.told import Outcome

Options = TypeVar("Options")


class Unfit(ValueError):
    """A criterion cannot judge: its options make no sense, or `expect` is not what its scorer compares with."""


@dataclass(slots=True)
class Opinion:
    """What a scorer thinks of a reply: `value` from 0 to 1, or None where it cannot judge (`reason` says why).

    `extracted` is what it read in the reply.
    """

    value: float | None
    extracted: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be judged: a case, the text of a reply to it, and the text that it is held against, for a comparison."""

    case: Case
    text: str
    baseline: str | None = None

    @property
    def right(self) -> bool | None:
        """Whether the reply is the key or the near miss of its case: only a simulated provider's is."""
        return _right(self.case, self.text)

    @property
    def baseline_right(self) -> bool | None:
        """As `right`, of the baseline."""
        return None if self.baseline is None else _right(self.case, self.baseline)


@dataclass(frozen=True, slots=True)
class Question:
    """One question: messages for a judge, or texts to be embedded, each as a message.

    `reference` and `distractor` are what a simulated judge says that is right, or wrong; None where the truth is not known.
    """

    prompt: Prompt
    params: JsonObject = field(default_factory=dict)
    reference: Answer | None = None
    distractor: Answer | None = None


@dataclass(frozen=True, slots=True)
class Asks(Generic[Options]):
    """What a scorer asks, of whom, and how it reads the answers, which come in the order of its questions.

    `named` are the providers that the options name, `same_family` whether kin may judge, `against` the provider whose replies others are held against.
    """

    whom: Literal["judge", "embedder"]
    questions: Callable[[Options, Matter], tuple[Question, ...]]
    read: Callable[[Options, Sequence[str]], Opinion]
    named: Callable[[Options], tuple[str, ...]]
    same_family: Callable[[Options], bool] = lambda _options: True
    against: Callable[[Options], str | None] = lambda _options: None


@dataclass(frozen=True, slots=True)
class Scorer(Generic[Options]):
    """A way to judge a reply.

    `version` is stored with each score and changes whenever the same reply could get another value. `options` is a
    frozen dataclass: its fields are the options, its `__post_init__` raises Unfit for values that make no sense.
    `fits(options, expect)` raises Unfit where `expect` is not what the scorer can compare with.
    `judge(options, expect, outcome)` may rely on both having been checked, and on there being an answer.
    """

    version: str
    options: type[Options]
    fits: Callable[[Options, Any], None]
    judge: Callable[[Options, Any, Outcome], Opinion]
    reads_reply: bool = True
    """Whether it judges what was said; otherwise it judges the call, whatever the reply is."""
    reads_text: bool = True
    """Whether it needs text: a reply that is only tool calls is empty for it."""
    reads_refusals: bool = False
    """Whether a refused or filtered reply is its business, not a reason to leave the trial unscored."""
    runs_code: bool = False
    """Whether it runs code from the reply, which needs a permission."""
    asks: Asks[Options] | None = None
    """What it must ask another model first; its opinion is then what came of that, and `judge` is never called."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What came of a scorer's questions about a trial, and the trials in which they were asked (one id, or several with a comma between).

    `by` is the model that is asked about this provider's replies: another one is another scorer. It is known also where there was nothing to ask.
    """

    opinion: Opinion | None = None
    judge_trial_id: str | None = None
    by: str | None = None


Rulings = Mapping[tuple[str, int], Ruling]
"""Rulings by the judged trial and the place of the criterion among its case's."""


def right(extracted: str | None = None, reason: str = "") -> Opinion:
    """The opinion that a reply is right."""
    return Opinion(1.0, extracted, reason)


def wrong(reason: str, extracted: str | None = None) -> Opinion:
    """The opinion that a reply is wrong."""
    return Opinion(0.0, extracted, reason)


def _right(case: Case, text: str) -> bool | None:
    for answer, right in ((case.reference, True), (case.distractor, False)):
        if answer is not None and answer.text and answer.text.strip() == text.strip():
            return right
    return None
