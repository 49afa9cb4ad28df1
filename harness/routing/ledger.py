"""What a router remembers of its asks: how many there were, the last replies that can be marked, and the record if there is one."""

from __future__ import annotations

import secrets
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from harness.ask import JsonObject, Prompt
from harness.errors import StoreError, WrongUse
from harness.registry import Profile
from harness.routing.course import Course
from harness.routing.exploring import Beliefs
from harness.routing.recording import LiveRecord
from harness.routing.routed import Caller, Routed
from harness.told import Attempt

REMEMBERED = 10_000
"""So many of the last replies can be marked without a record."""


@dataclass(frozen=True, slots=True)
class Said:
    """A question as it goes out, of which profile and capability, and by whom."""

    prompt: Prompt
    profile: Profile
    capability: str | None
    params: JsonObject
    caller: Caller


class Ledger:
    """Counts, remembers and records. `beliefs` learn of marks."""

    def __init__(self, beliefs: Beliefs | None = None) -> None:
        self.asks = self.answers = self.failed = self.refused = self.failed_over = self.marks = 0
        self.record: LiveRecord | None = None
        self.unrecorded = ""
        self._beliefs = beliefs
        self._replies: OrderedDict[str, tuple[str | None, str]] = OrderedDict()

    def answered(self, said: Said, course: Course, attempt: Attempt) -> Routed:
        """There is an answer."""
        self.answers += 1
        self.failed_over += len(course.tried) > 1
        reply_id = self._written(said, course)
        self._replies[reply_id] = (said.capability, attempt.trial.provider.name)
        if len(self._replies) > REMEMBERED:
            self._replies.popitem(last=False)
        return Routed(reply_id, attempt, course.choice, tuple(course.attempts))

    def lost(self, said: Said, course: Course) -> None:
        """There is none. One that was not asked, for want of money, was refused."""
        if course.tried:
            self.failed += 1
            self._written(said, course)
        else:
            self.refused += 1

    def mark(self, reply_id: str, score: float) -> bool:
        """A reply was worth so much; whether beliefs have changed.

        Raises:
            WrongUse: the score is out of range, or there is no such reply.
            StoreError: the record cannot be written.
        """
        if not 0.0 <= score <= 1.0:
            raise WrongUse(f"a score of {score} makes no sense: it is from 0 to 1")
        seen = self._replies.get(reply_id)
        if self.record is not None:
            self.record.mark(reply_id, score)
        elif seen is None:
            raise WrongUse(f"there is no reply '{reply_id}' among the last {REMEMBERED:,}, and nothing is recorded")
        self.marks += 1
        if seen is None or self._beliefs is None:
            return False
        self._beliefs.mark(*seen, score)
        return True

    def _written(self, said: Said, course: Course) -> str:
        """The reply's name. A record that breaks costs nobody an answer: from then on nothing is recorded, and `unrecorded` says why."""
        if self.record is None or self.unrecorded:
            return secrets.token_hex(8)
        reply_id = self.record.reply_id()
        how = _how(course, said.profile)
        try:
            for attempt in course.attempts:
                self.record.write(reply_id, attempt, (said.capability, said.caller), how)
        except StoreError as error:
            self.unrecorded = str(error)
            warnings.warn(f"outcomes are recorded no more: {error}", stacklevel=2)
        return reply_id


def _how(course: Course, profile: Profile) -> Mapping[str, str]:
    """How it was chosen: what weighs outcomes by how likely they were."""
    choice = course.choice
    return {
        "first_choice": choice.name,
        "probability": f"{choice.probability:.6g}",
        "strategy": profile.strategy or "usual",
    }
