"""The schedule: each provider is warmed up, then asked its trials as the load says, stage by stage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from harness.ask import Provider, Trial
from harness.engine.budget import Budget
from harness.engine.lanes import Anchor, Lane, Stage, Turn, together
from harness.engine.plan import MaxOutput, Plan, most
from harness.engine.progress import Progress
from harness.told import STOPS_PROVIDER, Attempt, Failure, Sent, Tally

UNREACHABLE_AFTER = 20
"""A provider whose first trials have all failed on the network, this many, is asked no more."""

CANCELLED = Failure("cancelled", "the run was stopped before the attempt had ended; it may have been paid for")
DROPPED = Failure("dropped", "it was not sent: too many requests waited for a free slot when it was due (--queue)")

_NEVER_REACHED = frozenset({"dns", "connect_refused", "connect_timeout", "tls"})


class Asker(Protocol):
    """What the engine needs of a client."""

    def attempts(self, trial: Trial) -> AsyncIterator[Attempt]:
        """Each attempt at the trial as it ends, retries included; it makes the next one when it is asked for it."""


def _unknown(_provider: Provider) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """On what terms a plan is run.

    `budget_usd` is for all providers together, and needs `max_output_of` for cases without max_tokens. `stop`, once set, ends the run: nothing new
    is asked, and what is in flight has `grace_s` seconds to end before it is cancelled. `stop_on_first_failure` lets it end.
    """

    budget_usd: float | None = None
    max_output_of: MaxOutput = _unknown
    stop_on_first_failure: bool = False
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
    everything = asyncio.create_task(together(course.drive(lane) for lane in course.lanes))
    stopped = asyncio.create_task((options.stop or asyncio.Event()).wait())
    try:
        await asyncio.wait({everything, stopped}, return_when=asyncio.FIRST_COMPLETED)
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
        self._anchor = Anchor()
        self._budget = Budget(options.budget_usd)
        self.progress = Progress(plan.count, options.progress)
        self.lanes = [Lane(plan, provider, options.max_output_of(provider)) for provider in plan.providers]

    def halt(self) -> None:
        """Nothing new is asked of anybody."""
        for lane in self.lanes:
            lane.halt()

    async def drive(self, lane: Lane) -> None:
        """Asks one provider everything: first the warm-up, then the stages of the load, one after the other."""
        for trial in lane.warm_ups:
            await self._ask(lane, Turn(trial))
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
        attempts = self._client.attempts(turn.trial)
        last: Attempt | None = None
        try:
            while not lane.halted and (last is None or _may_be_retried(last)):
                attempt = await self._attempt(lane, turn, attempts, number=last.number + 1 if last else 1)
                if attempt is None:
                    break
                last = attempt
        finally:
            if (close := getattr(attempts, "aclose", None)) is not None:
                await close()
        if last is not None:
            self._end(lane, last)

    async def _attempt(self, lane: Lane, turn: Turn, attempts: AsyncIterator[Attempt], number: int) -> Attempt | None:
        """The next attempt, recorded; None if there is none, or none that the budget allows."""
        receipt = await self._hold(lane, turn.trial)
        if receipt is None:
            return None
        spent: float | None = 0.0
        started = datetime.now(UTC)
        try:
            attempt = await anext(attempts, None) if not lane.halted else None
            if attempt is not None:
                spent = _spent(attempt)
                self._note(attempt, turn)
        except asyncio.CancelledError:
            spent = None
            self._note(_never_was(turn.trial, number, CANCELLED, started), turn)
            raise
        finally:
            self._budget.settle(receipt, spent)
        return attempt

    async def _hold(self, lane: Lane, trial: Trial) -> int | None:
        if self._budget.limit is None:
            return await self._budget.hold(0.0)
        usd = most(trial, lane.max_output)
        if usd is None:
            self._stop(
                lane,
                "budget: the most that a call can cost is unknown, so none fits a budget; "
                "give the provider its prices and max_tokens, or run without --budget",
            )
            return None
        receipt = await self._budget.hold(usd)
        if receipt is None:
            left = max(0.0, self._budget.limit - self._budget.spent)
            self._stop(
                lane, f"budget: the next call can cost ${usd:.6f}, and ${left:.6f} of ${self._budget.limit:g} are left"
            )
        return receipt

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
        if self._options.stop_on_first_failure:
            for other in self.lanes:
                if other.left:
                    self._stop(other, f"the first failure stops the run (-x): {failure.kind} from {lane.provider.name}")

    def _stop(self, lane: Lane, why: str) -> None:
        lane.halt()
        self.progress.stopped(lane.provider.name, why)


def _may_be_retried(attempt: Attempt) -> bool:
    return attempt.failure is not None and attempt.failure.retryable


def _spent(attempt: Attempt) -> float | None:
    """What a budget counts for an attempt, in USD; None if it may have cost anything up to the most that it can."""
    if attempt.replayed:
        return 0.0
    if attempt.cost.usd is not None or attempt.failure is None:
        return attempt.cost.usd
    failure = attempt.failure
    refused = failure.side == "request" or failure.kind in _NEVER_REACHED or (attempt.http_status or 0) >= 400
    return 0.0 if refused else None


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
