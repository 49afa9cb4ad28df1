"""The schedule: each provider is warmed up, then asked its trials as the load says, stage by stage."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from harness.ask import Provider, Trial
from harness.client.cost import spent_on
from harness.engine.budget import Budget, Purse
from harness.engine.lanes import Anchor, Lane, Stage, Turn, together
from harness.engine.plan import MaxOutput, Plan, most
from harness.engine.progress import Progress
from harness.told import STOPS_PROVIDER, Attempt, EndedBy, Failure, Sent, Tally

UNREACHABLE_AFTER = 20
"""A provider whose first trials have all failed on the network, this many, is asked no more."""

CANCELLED = Failure("cancelled", "the run was stopped before the attempt had ended; it may have been paid for")
DROPPED = Failure("dropped", "it was not sent: too many requests waited for a free slot when it was due (--queue)")

TIME_GRACE_S = 30.0
"""What is in flight when the time is up may take so long to end before it is cancelled: it is paid for."""


class Asker(Protocol):
    """What the engine needs of a client."""

    def attempts(self, trial: Trial, permit: Callable[[], Awaitable[bool]]) -> AsyncIterator[Attempt]:
        """Each attempt at the trial as it ends, retries included; it makes the next one when it is asked for it.

        It awaits `permit` before each request that goes out, and ends where that is refused; a replay needs none.
        """


def _unknown(_provider: Provider) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """On what terms a plan is run.

    `budget_usd` is for all providers together, `spent_usd` of it were spent before; it needs `max_output_of` for cases without max_tokens.
    What a cache `replays` is replayed also when it is spent. A `lease` takes the place of both.
    `max_failures` trials without an answer, or more than such a share of those planned (a float), end the run; what is in flight may end. After
    `max_time_s` seconds it has TIME_GRACE_S to do so. `ended`, once done, is a limit that somebody else has found to be reached. `stop`, once set, ends the run as well: what is in flight then has `grace_s` seconds.
    The load is counted from `anchor` (None: from now). `connect` opens so many connections to a provider before it is asked.
    """

    budget_usd: float | None = None
    spent_usd: float = 0.0
    lease: Budget | None = None
    replays: bool = False
    max_output_of: MaxOutput = _unknown
    max_failures: int | float | None = None
    max_time_s: float | None = None
    ended: asyncio.Future[tuple[EndedBy, str]] | None = None
    anchor: Anchor | None = None
    connect: Callable[[Provider, int], Awaitable[object]] | None = None
    progress: Callable[[Tally], None] | None = None
    stop: asyncio.Event | None = None
    grace_s: float = 2.0


async def run(
    plan: Plan, client: Asker, record: Callable[[Attempt], None], options: RunOptions = RunOptions()
) -> Tally:
    """Ask the whole plan and hand each attempt to `record` as it ends; returns how far it came and who was stopped, and why.

    Attempts that had to be cancelled, by `options.stop` or because this call was cancelled, are recorded as failures of kind "cancelled". What
    `record` or the client raises ends the run and passes through; whoever set `stop` knows that the run was interrupted.
    """
    course = _Course(plan, client, record, options)
    if options.ended is not None:
        options.ended.add_done_callback(lambda told: None if told.cancelled() else course.end(*told.result()))
    everything = asyncio.create_task(together(course.drive(lane) for lane in course.lanes))
    stopped = asyncio.create_task((options.stop or asyncio.Event()).wait())
    try:
        await asyncio.wait({everything, stopped}, timeout=options.max_time_s, return_when=asyncio.FIRST_COMPLETED)
        if not everything.done() and not stopped.done():
            course.end("time", f"it has taken the {options.max_time_s:g} s that it may (--max-time)")
            await asyncio.wait({everything, stopped}, timeout=TIME_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        if not everything.done():
            course.halt()
            await asyncio.wait({everything}, timeout=options.grace_s)
    finally:
        for task in (everything, stopped):
            task.cancel()
        results = await asyncio.gather(everything, stopped, return_exceptions=True)
        course.progress.told_last()
    for result in results:
        if isinstance(result, Exception):
            raise result
    return course.progress.tally


class _Course:
    """One run of a plan: its lanes, its budget, its count."""

    def __init__(self, plan: Plan, client: Asker, record: Callable[[Attempt], None], options: RunOptions) -> None:
        self._client, self._record, self._options = client, record, options
        self._anchor = options.anchor or Anchor.now(asyncio.get_running_loop().time)
        self._budget = options.lease or Budget(options.budget_usd, options.spent_usd)
        self._most_failures = most_failures(options.max_failures, plan.count)
        self.progress = Progress(plan.count, options.progress)
        self.lanes = [Lane(plan, provider) for provider in plan.providers]

    def halt(self) -> None:
        """Nothing new is asked of anybody."""
        for lane in self.lanes:
            lane.halt()

    def end(self, limit: EndedBy, why: str) -> None:
        """A limit is reached: nothing new is asked. Where nothing was left to ask, it ends nothing."""
        if any(lane.left for lane in self.lanes):
            self.progress.limited(limit, why)
        self.halt()

    async def drive(self, lane: Lane) -> None:
        """Asks one provider everything: first the warm-up, then the stages of the load, one after the other."""
        for trial in lane.warm_ups:
            await self._ask(lane, Turn(trial))
        connect, replays = self._options.connect, self._options.replays
        if connect is not None and lane.opening > 1 and not (lane.halted or replays):
            for provider in lane.arms:
                await connect(provider, lane.opening)
        for stage in lane.stages():
            await together(self._work(lane, stage) for _ in range(stage.width))

    async def _work(self, lane: Lane, stage: Stage) -> None:
        """One of a lane's requests in flight: takes the next turn as soon as it is done with one, and waits until it is due."""
        while not lane.halted and (turn := stage.take()) is not None:
            lane.left -= 1
            if turn.dropped:
                self._end(lane, self._note(_never_was(turn.trial, 1, DROPPED), turn))
                continue
            if turn.due_s is not None:
                await lane.until(turn.due_s)
            await self._ask(lane, turn)

    async def _ask(self, lane: Lane, turn: Turn) -> None:
        purse = Purse(self._budget)
        attempts = self._client.attempts(turn.trial, partial(self._permit, lane, turn.trial, purse))
        last: Attempt | None = None
        try:
            while not lane.halted and (last is None or _may_be_retried(last)):
                attempt = await self._attempt(turn, attempts, purse, number=last.number + 1 if last else 1)
                if attempt is None:
                    break
                last = attempt
        finally:
            if (close := getattr(attempts, "aclose", None)) is not None:
                await close()
        if last is not None:
            self._end(lane, last)

    async def _attempt(self, turn: Turn, attempts: AsyncIterator[Attempt], purse: Purse, number: int) -> Attempt | None:
        """The next attempt, recorded; None if there is none, or none that may be made."""
        spent: float | None = 0.0
        try:
            attempt = await anext(attempts, None)
            if attempt is not None:
                spent = spent_on(attempt)
                self._note(attempt, turn)
        except asyncio.CancelledError:
            spent = None
            if purse.since is not None:
                self._note(_never_was(turn.trial, number, CANCELLED, purse.since), turn)
            raise
        finally:
            purse.settle(spent)
        return attempt

    async def _permit(self, lane: Lane, trial: Trial, purse: Purse) -> bool:
        """Whether a request at the trial may go out; the most that it can cost is then set aside."""
        usd = self._price(lane, trial)
        if usd is None:
            return False
        if not await purse.hold(usd):
            self._spent_up(lane, usd)
            return False
        if lane.halted:  # while it waited for others to settle
            purse.settle(0.0)
        return not lane.halted

    def _price(self, lane: Lane, trial: Trial) -> float | None:
        """What is to be set aside for a request at the trial; None if none may go out."""
        if lane.halted or lane.spent:
            return None
        usd = 0.0 if self._budget.limit is None else most(trial, self._options.max_output_of(trial.provider))
        if usd is None:
            self._stop(
                lane,
                "budget: the most that a call can cost is unknown, so none fits a budget; "
                "give the provider its prices and max_tokens, or run without --budget",
            )
        return usd

    def _spent_up(self, lane: Lane, usd: float) -> None:
        limit, left = self._budget.refusal.limit, self._budget.refusal.left
        lane.spent = True
        if not self._options.replays:
            lane.halt()
        why = f"budget: the next call can cost ${usd:.6f}, and ${left:.6f} of ${limit:g} are left"
        self.progress.stopped(lane.provider.name, why)
        self.progress.limited("budget", f"its budget of ${limit:g} is spent")

    def _note(self, attempt: Attempt, turn: Turn) -> Attempt:
        attempt = self._anchor.stamp(attempt, turn)
        self._record(attempt)
        self.progress.attempted(attempt)
        return attempt

    def _end(self, lane: Lane, last: Attempt) -> None:
        """A trial is answered, or has failed for good; what that says of its provider. A warm-up is no trial, and says nothing."""
        if last.trial.phase == "warmup":
            return
        self.progress.ended(last)
        failure = last.failure
        lane.ended += 1
        if failure is None:
            return
        lane.unreachable += failure.side == "network"
        if failure.kind in STOPS_PROVIDER:
            self._stop(lane, f"{failure.kind}: {failure.error}")
        elif lane.unreachable == lane.ended >= UNREACHABLE_AFTER:
            self._stop(
                lane,
                f"unreachable: its first {lane.ended} trials all failed on the network, the last with {failure.kind}: {failure.error}",
            )
        if self._most_failures is not None and self.progress.failed >= self._most_failures:
            failed = (
                f"{self.progress.failed} of {self.progress.planned} trials had no answer (--max-failures), the last"
            )
            self.end("failures", f"{failed} with {failure.kind} from {lane.provider.name}")

    def _stop(self, lane: Lane, why: str) -> None:
        lane.halt()
        self.progress.stopped(lane.provider.name, why)


def _may_be_retried(attempt: Attempt) -> bool:
    return attempt.failure is not None and attempt.failure.retryable


def most_failures(allowed: float | None, planned: int) -> int | None:
    """So many failed trials end the run: the number itself, or the first number above that share of the planned ones."""
    return math.floor(allowed * planned + 1e-9) + 1 if isinstance(allowed, float) else allowed


def _never_was(trial: Trial, number: int, why: Failure, started: datetime | None = None) -> Attempt:
    """An attempt that was not made, or not to its end."""
    return Attempt(
        trial=trial,
        number=number,
        started_at=started or datetime.now(UTC),
        sent=Sent(wire="", params=trial.params, stream=trial.stream),
        failure=why,
        simulated=trial.provider.simulated is not None,
    )
