"""The plan: which trials there are, in which order, and the most that they can cost. Nothing is asked yet."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, count, islice
from pathlib import Path

from harness.ask import Case, Phase, Prompt, Provider, Suite, Trial
from harness.client import key_of, most_it_can_cost
from harness.engine.arrivals import times
from harness.engine.order import mixed
from harness.engine.shapes import AS_LIMITED, Closed, Load, Open, stages

MaxOutput = Callable[[Provider], int | None]
"""The most tokens that a provider's model can write in one reply; None if unknown."""


WARM_UP = Suite(
    name="warmup",
    cases=(Case("warmup", Prompt(({"role": "user", "content": "Say OK."},)), capability="warmup", criteria=()),),
    path=Path("warmup"),
    params={"max_tokens": 16},
)
"""What a provider is asked before anything is measured: no case of anybody's, so that no provider's cache knows one already."""


@dataclass(frozen=True)
class Plan:
    """Each case of each suite, `repeat` times (None: as often as its suite says), to each provider, under a load.

    Trials are made when they are asked for, so a plan takes no more memory than its cases. The order is drawn from `seed` and the same for
    every provider: the suites are mixed, so that each provider sees a mixed load, and at any time all are at about the same cases. All
    first repeats come before the second ones. A load that asks for more goes on with further repeats; one that lasts less leaves some out.
    What is `done`, by trial_id, is not asked: an earlier part of the run has it.

    `against` is another arm for every provider, by its name: whatever the provider is asked the other is asked right before or after it, in random order.
    """

    suites: tuple[Suite, ...]
    providers: tuple[Provider, ...]
    repeat: int | None = None
    seed: int = 0
    stream: bool = True
    phase: Phase = "measure"
    load: Load = AS_LIMITED
    warm_up: bool = False
    done: frozenset[str] = frozenset()
    against: Mapping[str, Provider] = field(default_factory=dict)

    def arms(self, provider: Provider) -> tuple[Provider, ...]:
        """Who is asked what the provider is: itself, and its other arm if it has one."""
        return (provider, self.against[provider.name]) if self.against else (provider,)

    @property
    def everyone(self) -> tuple[Provider, ...]:
        """The providers and their other arms."""
        return (*self.providers, *self.against.values())

    @cached_property
    def count(self) -> int:
        """How many trials there are, without warm-ups."""
        return sum(self.per_provider.values())

    @cached_property
    def per_provider(self) -> Mapping[str, int]:
        """How many trials each provider is asked, by name."""
        if not self.done:
            return {provider.name: sum(self.per_stage) for provider in self.providers}
        return {provider.name: sum(1 for _ in self.trials(provider)) for provider in self.providers}

    @cached_property
    def per_stage(self) -> tuple[int, ...]:
        """How many trials each stage of the load asks each provider, with those that are done."""
        return tuple(self._asked(number, stage) for number, stage in enumerate(stages(self.load)))

    @property
    def warm_ups(self) -> Plan:
        """What is asked and discarded before the plan: one short question to each provider, or nothing."""
        suites = (WARM_UP,) if self.warm_up else ()
        others = {name: _tried_once(one) for name, one in self.against.items()}
        return Plan(suites, tuple(map(_tried_once, self.providers)), stream=self.stream, phase="warmup", against=others)

    def trials(self, provider: Provider) -> Iterator[Trial]:
        """The provider's trials in the plan's order, over all stages of the load, without those that are done."""
        return self.left(self.all_trials(provider))

    def left(self, trials: Iterator[Trial]) -> Iterator[Trial]:
        """Those of the trials that are not done."""
        return (trial for trial in trials if trial.ref.trial_id not in self.done) if self.done else trials

    def all_trials(self, provider: Provider) -> Iterator[Trial]:
        """The provider's trials, also those that are done."""
        return islice(self._endless(provider), sum(self.per_stage))

    def arrivals_seed(self, stage: int) -> str:
        """What a stage's arrivals are drawn by: the same for every provider."""
        return f"{self.seed}:arrivals:{stage}"

    def most_it_can_cost(
        self, max_output_of: MaxOutput, cached: frozenset[str] = frozenset()
    ) -> dict[str, float | None]:
        """The most in USD that all can cost, warm-ups and retries included, by provider; None where a price or an output limit is unknown.

        Trials whose key (`client.key_of`) is among the `cached` ones cost nothing, unless the load asks more or less than each once.
        """
        return {provider.name: self._most(provider, max_output_of(provider), cached) for provider in self.providers}

    def _endless(self, provider: Provider) -> Iterator[Trial]:
        most_repeats = max(map(self._repeats, self.suites), default=0)
        if not self._once:
            return
        for number in count():
            turn, repeat = divmod(number, most_repeats)
            taking_part = [suite for suite in self.suites if self._repeats(suite) > repeat]
            ends = list(accumulate(len(suite.cases) for suite in taking_part))
            for place in mixed(ends[-1], f"{self.seed}:{number}"):
                which = bisect_right(ends, place)
                suite = taking_part[which]
                index = place - (ends[which - 1] if which else 0)
                for one in self._shuffled(provider, f"{self.seed}:{number}:{place}"):
                    yield self._trial(suite, index, one, turn * self._repeats(suite) + repeat)

    def _asked(self, number: int, stage: Closed | Open) -> int:
        if isinstance(stage, Closed) or stage.duration_s is None or not self._once:
            return self._once
        return sum(1 for _ in times(stage, self.arrivals_seed(number)))

    @property
    def _once(self) -> int:
        return (2 if self.against else 1) * sum(len(suite.cases) * self._repeats(suite) for suite in self.suites)

    def _shuffled(self, provider: Provider, seed: str) -> tuple[Provider, ...]:
        """Its arms in the order in which they are asked a case."""
        arms = self.arms(provider)
        turned = len(arms) > 1 and random.Random(seed).random() < 0.5  # noqa: S311 - an order, no secret
        return arms[::-1] if turned else arms

    def _most(self, provider: Provider, max_output: int | None, cached: frozenset[str]) -> float | None:
        if self.done:
            return self._most_of_left(provider, max_output, cached)
        asked = sum(self.per_stage)
        known = cached if asked == self._once else frozenset()
        costs: list[tuple[float, int]] = []
        for suite, index in self._places():
            repeats = self._repeats(suite)
            if known:
                repeats = sum(key_of(self._trial(suite, index, provider, one)) not in known for one in range(repeats))
            once = most(self._trial(suite, index, provider, repeat=0), max_output) if repeats else 0.0
            if once is None:
                return None
            costs.append((once, repeats))
        total = _most_of(costs, sum(repeats for _, repeats in costs) if known else asked)
        warm_up = self._warm_up(provider, max_output)
        return None if warm_up is None else warm_up + total * (1 + provider.retries.max_retries)

    def _most_of_left(self, provider: Provider, max_output: int | None, cached: frozenset[str]) -> float | None:
        total, left = 0.0, False
        for trial in self.trials(provider):
            once = most(trial, max_output) if key_of(trial) not in cached else 0.0
            if once is None:
                return None
            total, left = total + once, True
        warm_up = self._warm_up(provider, max_output) if left else 0.0
        return None if warm_up is None else warm_up + total * (1 + provider.retries.max_retries)

    def _warm_up(self, provider: Provider, max_output: int | None) -> float | None:
        return self.warm_ups.most_it_can_cost(lambda _: max_output)[provider.name] if self.warm_up else 0.0

    def _places(self) -> Iterator[tuple[Suite, int]]:
        return ((suite, index) for suite in self.suites for index in range(len(suite.cases)))

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


def _tried_once(provider: Provider) -> Provider:
    return replace(provider, retries=replace(provider.retries, max_retries=0))


def most(trial: Trial, max_output: int | None) -> float | None:
    """The most in USD that one attempt at the trial can cost; None if its price or its output limit is unknown."""
    return most_it_can_cost(trial.case.prompt, trial.params, trial.provider.prices, max_output)


def _most_of(costs: Sequence[tuple[float, int]], asked: int) -> float:
    """The most that so many trials can cost, of a cost in USD and a number of repeats each: whole turns, then the dearest."""
    turns, rest = divmod(asked, max(1, sum(repeats for _, repeats in costs)))
    total = turns * sum(usd * repeats for usd, repeats in costs)
    for usd, repeats in sorted(costs, reverse=True):
        taken = min(rest, repeats)
        total, rest = total + usd * taken, rest - taken
    return total
