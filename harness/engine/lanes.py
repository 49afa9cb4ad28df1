"""One provider's way through a plan: its warm-up, the stages of its load, whose turn it is, and when."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from harness.ask import Provider, Trial
from harness.engine.arrivals import Arriving
from harness.engine.plan import Plan
from harness.engine.shapes import Closed, Open, stages
from harness.told import Attempt

HEAD_START_S = 0.01
"""An open loop begins this much after its workers, so that all of them wait when the first request is due."""


@dataclass(slots=True)
class Turn:
    """A trial whose turn it is. `due_s` is when it is to go out (the loop's clock; None: now), `queue_s` for how long it waited for a free slot.

    `dropped`: it is not to be asked, since too many waited. `level` is what the load was at, where that is not one for all.
    """

    trial: Trial
    due_s: float | None = None
    queue_s: float = 0.0
    level: float | None = None
    dropped: bool = False


class Stage:
    """One stage of a provider's load; it begins when it is made. `width` workers `take` turns; `level` is a closed loop's, in a sweep."""

    def __init__(
        self, shape: Closed | Open, trials: Iterator[Trial], width: int, seed: str, level: float | None = None
    ) -> None:
        self.width = width
        self._trials = trials
        self._level = level
        self._arriving = Arriving(shape, trials, seed) if isinstance(shape, Open) else None
        self._now = asyncio.get_running_loop().time
        self._begun = self._now() + HEAD_START_S

    def take(self) -> Turn | None:
        """The next turn, for whoever has a free slot; None when all are taken."""
        if self._arriving is None:
            trial = next(self._trials, None)
            return None if trial is None else Turn(trial, level=self._level)
        now = self._now()
        due = self._arriving.take(now - self._begun)
        if due is None:
            return None
        at = self._begun + due.at_s
        return Turn(due.trial, at, max(0.0, now - at), due.level, due.dropped)


class Lane:
    """One provider's trials and what is known of it so far. `halted`: no further attempt is made.

    `spent`: no further request is sent, and what is cached is replayed.
    `left` counts the trials that nobody has taken; `ended` those that were answered or failed for good, `unreachable` of these those that the network failed.
    """

    def __init__(self, plan: Plan, provider: Provider) -> None:
        self.provider = provider
        self.left = plan.per_provider[provider.name]
        self.halted = self.spent = False
        self.ended = self.unreachable = 0
        self._plan = plan
        # The client is told the most that any stage allows, once for all that it is asked: it is the engine that keeps to each.
        widest = max(self._concurrency(shape) for shape in stages(plan.load))
        self._allowed = replace(provider, limits=replace(provider.limits, max_concurrency=widest))
        self._sleeping: set[asyncio.Future[None]] = set()

    @property
    def arms(self) -> tuple[Provider, ...]:
        """Who is asked in it: the provider, and its other arm if it has one."""
        return self._plan.arms(self.provider)

    @property
    def opening(self) -> int:
        """How many requests go out at once at the beginning: in a second of an open loop; one where the concurrency is searched for."""
        shape = stages(self._plan.load)[0]
        at_once = 1 if self.provider.limits.adaptive else self._concurrency(shape)
        due = math.ceil(shape.rate) if isinstance(shape, Open) else at_once
        return min(at_once, due, self.left)

    @property
    def warm_ups(self) -> Iterator[Trial]:
        """What it is asked before anything is measured; nothing, where there is nothing to measure."""
        if not self.left:
            return iter(())
        before = replace(self._plan, providers=(self._allowed,)).warm_ups
        return before.trials(before.providers[0])

    def stages(self) -> Iterator[Stage]:
        """The stages of its load: each begins when it is asked for, with the trials that follow those of the one before."""
        shapes = stages(self._plan.load)
        trials = self._plan.all_trials(self._allowed)
        for number, (shape, asked) in enumerate(zip(shapes, self._plan.per_stage, strict=True)):
            width = min(self._concurrency(shape), asked)
            level = float(self._concurrency(shape)) if len(shapes) > 1 else None
            left = self._plan.left(islice(trials, asked))
            yield Stage(shape, left, width, self._plan.arrivals_seed(number), level)

    def halt(self) -> None:
        """Nothing new is asked; who waits for the moment that something is due waits no more."""
        self.halted = True
        for sleeper in self._sleeping:
            _wake(sleeper)

    async def until(self, moment: float) -> None:
        """Waits for a moment of the loop's clock, or for a halt."""
        loop = asyncio.get_running_loop()
        if self.halted or moment <= loop.time():
            return
        sleeper: asyncio.Future[None] = loop.create_future()
        self._sleeping.add(sleeper)
        alarm = loop.call_at(moment, _wake, sleeper)
        try:
            await sleeper
        finally:
            alarm.cancel()
            self._sleeping.discard(sleeper)

    def _concurrency(self, shape: Closed | Open) -> int:
        return shape.concurrency or self.provider.limits.at_once


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The moment from which a run's load is counted, on the wall and on the monotonic clock, which all processes of a machine and their loops share."""

    wall: datetime
    monotonic_s: float

    @classmethod
    def now(cls, clock: Callable[[], float] = time.monotonic) -> Anchor:
        """This moment."""
        return cls(datetime.now(UTC), clock())

    def stamp(self, attempt: Attempt, turn: Turn) -> Attempt:
        """The attempt with its place in the load: when it was due, how long it waited for a slot, its response time from the schedule."""
        if turn.due_s is None:
            return attempt if turn.level is None else replace(attempt, load_level=turn.level)
        clock, due_s = attempt.clock, turn.due_s - self.monotonic_s
        late = (attempt.started_at - self.wall).total_seconds() - due_s
        answered = clock.latency_s is not None and not attempt.replayed
        timed = replace(
            clock,
            scheduled_s=due_s,
            queue_s=clock.queue_s + (turn.queue_s if attempt.number == 1 else 0.0),
            response_s=late + (clock.connect_s or 0.0) + (clock.latency_s or 0.0) if answered else None,
        )
        return replace(attempt, clock=timed, load_level=turn.level)


async def together(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Does all of it at once; when one breaks, or this is cancelled, the others are cancelled, and what broke is raised as it is."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for one in done:
                one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
