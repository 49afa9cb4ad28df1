"""The plan: which trials there are, in which order, and the most that they can cost. Nothing is asked yet."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.ask import Phase, Provider, Suite, Trial
from harness.client import key_of, most_it_can_cost

MaxOutput = Callable[[Provider], int | None]
"""The most tokens that a provider's model can write in one reply; None if unknown."""


@dataclass(frozen=True)
class Plan:
    """Each case of each suite, `repeat` times (None: as often as its suite says), to each provider.

    Trials are made when they are asked for, so a plan takes no more memory than its cases. The order is drawn from `seed` and the same for
    every provider: the suites are mixed, so that each provider sees a mixed load, and at any time all are at about the same cases. All
    first repeats come before the second ones.
    """

    suites: tuple[Suite, ...]
    providers: tuple[Provider, ...]
    repeat: int | None = None
    seed: int = 0
    stream: bool = True
    phase: Phase = "measure"

    @cached_property
    def count(self) -> int:
        """How many trials there are."""
        return sum(self.per_provider.values())

    @cached_property
    def per_provider(self) -> Mapping[str, int]:
        """How many trials each provider is asked, by name."""
        each = sum(len(suite.cases) * self._repeats(suite) for suite in self.suites)
        return {provider.name: each for provider in self.providers}

    def trials(self, provider: Provider) -> Iterator[Trial]:
        """The provider's trials in the plan's order."""
        for repeat in range(max(map(self._repeats, self.suites), default=0)):
            taking_part = [suite for suite in self.suites if self._repeats(suite) > repeat]
            for suite, index in _mixed(taking_part, random.Random(f"{self.seed}:{repeat}")):  # noqa: S311 - an order, no secret
                yield self._trial(suite, index, provider, repeat)

    def most_it_can_cost(
        self, max_output_of: MaxOutput, cached: frozenset[str] = frozenset()
    ) -> dict[str, float | None]:
        """The most in USD that all trials can cost, retries included, by provider; None where a price or an output limit is unknown.

        Trials whose key (`client.key_of`) is among the `cached` ones cost nothing.
        """
        return {provider.name: self._most(provider, max_output_of(provider), cached) for provider in self.providers}

    def _most(self, provider: Provider, max_output: int | None, cached: frozenset[str]) -> float | None:
        total = 0.0
        for suite in self.suites:
            for index in range(len(suite.cases)):
                asked = self._repeats(suite)
                if cached:
                    trials = (self._trial(suite, index, provider, repeat) for repeat in range(asked))
                    asked = sum(key_of(trial) not in cached for trial in trials)
                once = most(self._trial(suite, index, provider, repeat=0), max_output) if asked else 0.0
                if once is None:
                    return None
                total += once * asked
        return total * (1 + provider.retries.max_retries)

    def _repeats(self, suite: Suite) -> int:
        return suite.repeat if self.repeat is None else self.repeat

    def _trial(self, suite: Suite, index: int, provider: Provider, repeat: int) -> Trial:
        case = suite.cases[index]
        return Trial(
            suite=suite.name,
            suite_hash=suite.hash,
            case=case,
            provider=provider,
            params={**provider.params, **suite.params, **case.params},
            repeat=repeat,
            stream=self.stream,
            phase=self.phase,
        )


def most(trial: Trial, max_output: int | None) -> float | None:
    """The most in USD that one attempt at the trial can cost; None if its price or its output limit is unknown."""
    return most_it_can_cost(trial.case.prompt, trial.params, trial.provider.prices, max_output)


def _mixed(suites: list[Suite], chance: random.Random) -> Iterator[tuple[Suite, int]]:
    ends = []
    total = 0
    for suite in suites:
        total += len(suite.cases)
        ends.append(total)
    order = list(range(total))
    chance.shuffle(order)
    for place in order:
        number = bisect_right(ends, place)
        yield suites[number], place - (ends[number - 1] if number else 0)
