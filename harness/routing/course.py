"""One question on its way: whom it is put to, for how long, and who is next."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from harness.ask import Deadlines, Provider, Retries
from harness.client.cost import spent_on
from harness.client.retries import wait_before_retry
from harness.errors import AllFailed, HarnessError
from harness.routing.allowances import Account, Purse, over
from harness.routing.choice import Choice
from harness.routing.known import Candidate
from harness.routing.live import Live
from harness.routing.picking import Picker
from harness.told import Attempt, Failure

T = TypeVar("T")

MOST_VARIANTS = 256
_NEXT_AT_ONCE = frozenset({"rate_limited"})
"""Who failed so is not asked again while there is another: it has said that it wants to be left alone."""


@dataclass
class Desk:
    """What all questions of a router share. `max_retries` None are each provider's own."""

    picker: Picker
    lives: Mapping[str, Live]
    max_retries: int | None = None
    rng: random.Random = field(default_factory=random.Random)
    clock: Callable[[], float] = time.monotonic
    _variants: dict[tuple[str, float, float], Provider] = field(default_factory=dict)

    def in_time(self, one: Candidate, share_s: float, total_s: float) -> Provider:
        """The provider with so much time for its first token and between two, and for the whole, and without retries: those are made here.

        The same times give the same object: the client knows its requests by it.
        """
        share_s, total_s = _rounded(share_s), _rounded(total_s)
        key = (one.name, share_s, total_s)
        if key not in self._variants:
            if len(self._variants) >= MOST_VARIANTS:
                self._variants.clear()
            own = one.provider.deadlines
            within = Deadlines(
                min(own.connect_s, share_s),
                min(own.first_token_s, share_s),
                min(own.stall_s, share_s),
                min(own.total_s, total_s),
            )
            self._variants[key] = replace(one.provider, deadlines=within, retries=Retries(0))
        return self._variants[key]

    def retries_of(self, provider: Provider) -> Retries:
        """How often a failure of it is tried again."""
        own = provider.retries
        return own if self.max_retries is None else replace(own, max_retries=self.max_retries)


@dataclass
class Turn:
    """One request to one provider: the `number`-th to it. `until` is when its share of the time is over."""

    one: Candidate
    live: Live
    provider: Provider
    number: int
    until: float
    probe: bool
    waited_s: float = 0.0
    held_usd: float | None = None

    def dated(self, attempt: Attempt) -> Attempt:
        """The attempt with its number, and the waiting before it."""
        if self.number == 1:
            return attempt
        clock = replace(attempt.clock, throttle_s=attempt.clock.throttle_s + self.waited_s)
        return replace(attempt, number=self.number, clock=clock)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a question goes its way: within `deadline_s` (None: each provider's own), out of this purse; `most` tells what it can cost at a candidate."""

    deadline_s: float | None
    most: Callable[[Candidate], float | None]
    purse: Purse | None = None


class Course:
    """`next` says whom to ask, `ended` or `gave_up` what came of it, until there is an answer or nobody left.

    Each gets an even share of the time that is left, to connect, to begin and to go on; who answers may take all of it.
    """

    def __init__(self, desk: Desk, choice: Choice, terms: Terms) -> None:
        self.attempts: list[Attempt] = []
        self.choice = choice
        self._desk, self._terms = desk, terms
        self._end = desk.clock() + terms.deadline_s if terms.deadline_s is not None else math.inf
        self._tried: dict[str, str] = {}
        self._skipped: dict[str, str] = {}
        self._rest: list[Candidate] | None = None
        self._last: tuple[Turn, Failure] | None = None
        self._poor: tuple[Account, float | None] | None = None

    @property
    def tried(self) -> tuple[str, ...]:
        """Who was asked, by name."""
        return tuple(self._tried)

    async def next(self) -> Turn | None:
        """Whom to ask now; None: nobody is left, or no time. May wait before the same is asked again."""
        if self._last is not None and (turn := await self._again(*self._last)) is not None:
            return turn
        while self._desk.clock() < self._end:
            one, left = self._following()
            if one is None:
                return None
            if self._comes_back(one) and self._affords(one):
                return self._begin(one, left)
        return None

    def counted(self, turn: Turn, attempt: Attempt) -> Attempt:
        """The request has ended with this attempt, which is returned with its number. A replay says nothing of its provider."""
        attempt = turn.dated(attempt)
        self.attempts.append(attempt)
        if attempt.replayed:
            turn.live.gave_up(self._desk.clock(), probe=turn.probe)
            self._settle(turn, 0.0)
            return attempt
        turn.live.count(attempt)
        self.ended(turn, attempt.failure, spent_on(attempt))
        if attempt.failure is not None and attempt.failure.kind == "bad_request" and attempt.http_status is None:
            self._rest = []  # it is malformed, and was not sent: it is so for everybody
        return attempt

    def ended(self, turn: Turn, failure: Failure | None, spent: float | None) -> None:
        """The request has ended, and cost so much; None is anything up to the most."""
        turn.live.end(failure, self._desk.clock(), probe=turn.probe)
        self._settle(turn, spent)
        self._last = None if failure is None else (turn, failure)
        if failure is not None:
            times = f" (after {turn.number} attempts)" if turn.number > 1 else ""
            self._tried[turn.one.name] = f"{failure.kind}: {failure.error}{times}"
        elif len(self._tried) > 1:
            turn.live.took_over += 1

    def gave_up(self, turn: Turn, why: str) -> None:
        """We ended the request: it may have cost anything up to the most."""
        turn.live.gave_up(self._desk.clock(), probe=turn.probe)
        self._settle(turn, None)
        self._last = None
        self._tried[turn.one.name] = why

    async def within(self, turn: Turn, asking: Coroutine[Any, Any, T]) -> T | None:
        """What the request comes to; None where the time for the whole was over before, as it may be in a queue of ours."""
        left_s = None if self._end == math.inf else max(0.0, self._end - self._desk.clock())
        try:
            async with asyncio.timeout(left_s):
                return await asking
        except TimeoutError:
            self.gave_up(turn, f"no answer within what was left of {self._terms.deadline_s:g} s")
            return None
        except BaseException:
            self.gave_up(turn, "was ended by us")
            raise

    def failed(self) -> HarnessError:
        """Why there is no answer."""
        if not self._tried and self._poor is not None:
            return over(self._poor[0], self._desk.clock(), self._poor[1])
        tried = [f"\n    {name}: {why}" for name, why in self._tried.items()]
        out = {**self.choice.left_out, **self._skipped}
        left = [f"\n    not asked: {name} {why}" for name, why in out.items() if name not in self._tried]
        whole = self._terms.deadline_s
        within = f" within {whole:g} s" if whole is not None else ""
        return AllFailed(f"no provider answered{within}:{''.join([*tried, *left])}", self.attempts)

    async def _again(self, turn: Turn, failure: Failure) -> Turn | None:
        """The same once more, after a wait, if its retries and its share of the time allow."""
        self._last = None
        desk, others = self._desk, self._others()
        wait_s = wait_before_retry(failure, turn.number, desk.retries_of(turn.one.provider), desk.rng)
        if wait_s is None or desk.clock() + wait_s >= (turn.until if others else self._end):
            return None
        if others and (failure.kind in _NEXT_AT_ONCE or not turn.live.admits(desk.clock())):
            return None
        if not self._affords(turn.one):
            return None
        await asyncio.sleep(wait_s)
        return replace(
            turn, number=turn.number + 1, probe=turn.live.begin(), waited_s=wait_s, held_usd=self._hold(turn.one)
        )

    def _following(self) -> tuple[Candidate | None, int]:
        """The next one, and how many there are with it."""
        if not (self._tried or self._skipped or self._poor):
            plan = self.choice.plan
            return plan.candidates[self.choice.place], len(plan.candidates) if self._falls_back else 1
        others = self._others()
        return (others.pop(0), len(others) + 1) if others else (None, 0)

    def _others(self) -> list[Candidate]:
        if self._rest is None:
            self._rest = self._desk.picker.after(self.choice.plan, [*self._tried, self.choice.name])
        return self._rest

    @property
    def _falls_back(self) -> bool:
        return self._desk.picker.known.fallback.enabled or bool(self.choice.plan.wanted[0].fallbacks)

    def _begin(self, one: Candidate, left: int) -> Turn:
        desk, whole = self._desk, self._terms.deadline_s
        live, now = desk.lives[one.name], desk.clock()
        left_s = whole if whole is not None and not self._tried else self._end - now
        share_s = left_s / left
        self._tried[one.name] = "was ended by us"
        return Turn(
            one, live, desk.in_time(one, share_s, left_s), 1, now + share_s, live.begin(), held_usd=self._hold(one)
        )

    def _comes_back(self, one: Candidate) -> bool:
        """Whether it may be asked before the time is over: requests to one that wants to be left alone wait in the client's line."""
        live = self._desk.lives[one.name]
        if live.cooling_until < self._end:
            return True
        self._skipped[one.name] = live.why_not(self._desk.clock())
        return False

    def _affords(self, one: Candidate) -> bool:
        purse = self._terms.purse
        if not purse:
            return True
        most = self._terms.most(one)
        lacking = purse.lacks(most, self._desk.clock())
        if lacking is not None:
            self._poor = self._poor or (lacking, most)
        return lacking is None

    def _hold(self, one: Candidate) -> float | None:
        purse = self._terms.purse
        if not purse:
            return None
        most = self._terms.most(one) or 0.0
        purse.hold(most)
        return most

    def _settle(self, turn: Turn, spent: float | None) -> None:
        if self._terms.purse and turn.held_usd is not None:
            self._terms.purse.settle(turn.held_usd, turn.held_usd if spent is None else spent)
            turn.held_usd = None


def _rounded(seconds: float) -> float:
    """Down to two digits, so that there are few different ones."""
    if seconds == math.inf or seconds <= 0:
        return seconds
    unit = 10.0 ** (math.floor(math.log10(seconds)) - 1)
    return math.floor(seconds / unit + 1e-9) * unit
