"""What a scorer is: a version, its options, a rule for what may be expected, and a function from a reply to an opinion.

A scorer of the family is one function with its options beside it. What holds for all of them (no answer, empty, cut
off, refused, filtered) is not theirs to know: `judging` applies it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.told import Outcome

Options = TypeVar("Options")


class Unfit(ValueError):
    """A criterion cannot judge: its options make no sense, or `expect` is not what its scorer compares with."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a scorer thinks of a reply: `value` from 0 to 1, or None where it cannot judge (`reason` says why).

    `extracted` is what it read in the reply.
    """

    value: float | None
    extracted: str | None = None
    reason: str = ""


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


def right(extracted: str | None = None, reason: str = "") -> Opinion:
    """The opinion that a reply is right."""
    return Opinion(1.0, extracted, reason)


def wrong(reason: str, extracted: str | None = None) -> Opinion:
    """The opinion that a reply is wrong."""
    return Opinion(0.0, extracted, reason)
