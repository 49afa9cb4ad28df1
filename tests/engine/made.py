"""Suites, providers, and a client that answers from a script instead of asking anybody."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from harness.ask import Case, Criterion, Limits, Prices, Prompt, Provider, Retries, Suite, Trial
from harness.told import Attempt, Cost, Failure, Reply, Sent

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PRICES = Prices(input=0.001, output=0.01, id="registry")


def suite(name="sums", cases=3, **more):
    return Suite(
        name=name,
        cases=tuple(
            Case(f"{name}-{n}", Prompt(({"role": "user", "content": f"{name} {n}?"},)), name, (Criterion("exact"),))
            for n in range(cases)
        ),
        path=Path(f"suites/suite_{name}.yaml"),
        **more,
    )


def provider(name="alpha", concurrency=2, **more):
    more = {"limits": Limits(max_concurrency=concurrency), "retries": Retries(2), "prices": PRICES, **more}
    return Provider(name=name, model=f"openai/{name}", **more)


def attempt(trial, number=1, kind=None, usd=0.001, retryable=True, **more):
    return Attempt(
        trial=trial,
        number=number,
        started_at=NOW,
        sent=Sent("openai"),
        reply=Reply("" if kind else "fine"),
        cost=Cost(usd, "exact" if usd is not None else "unknown"),
        failure=Failure(kind, f"it was {kind}", retryable=retryable) if kind else None,
        **more,
    )


class Script:
    """A client for which `answer(trial, number)` makes each attempt; it waits as often as real ones, but takes no time.

    A trial is asked again, up to `most` attempts, while its failure is retryable. While `gate` is there and closed nothing ends.
    """

    def __init__(self, answer=attempt, most=1, gate=None):
        self.answer, self.most, self.gate = answer, most, gate
        self.asked: list[tuple[Trial, int]] = []
        self.in_flight: Counter[str] = Counter()
        self.most_in_flight: Counter[str] = Counter()
        self.left_open = 0
        self.two_in_flight = asyncio.Event()

    async def attempts(self, trial, permit=None):
        name = trial.provider.name
        self.left_open += 1
        try:
            for number in range(1, self.most + 1):
                if permit is not None and not await permit():
                    return
                self.asked.append((trial, number))
                self.in_flight[name] += 1
                self.most_in_flight[name] = max(self.most_in_flight[name], self.in_flight[name])
                if self.in_flight[name] == 2:
                    self.two_in_flight.set()
                try:
                    await asyncio.sleep(0)
                    if self.gate is not None:
                        await self.gate.wait()
                    told = self.answer(trial, number)
                finally:
                    self.in_flight[name] -= 1
                yield told
                if told.failure is None or not told.failure.retryable:
                    return
        finally:
            self.left_open -= 1
