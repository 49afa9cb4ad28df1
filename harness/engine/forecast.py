"""What a plan comes to before anything is sent: calls, tokens and cost, about and at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.ask import Provider, Trial
from harness.client import estimate_cost, key_of
from harness.engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Amount:
    """So many calls with so many tokens for so many USD; None is unknown."""

    calls: int = 0
    prompt_tokens: int | None = 0
    reply_tokens: int | None = 0
    usd: float | None = 0.0

    def plus(self, other: Amount, times: int = 1) -> Amount:
        """With so many of the other; what is unknown of one is unknown of both."""
        return Amount(
            self.calls + times * other.calls,
            None if self.prompt_tokens is None or other.prompt_tokens is None
            else self.prompt_tokens + times * other.prompt_tokens,
            None if self.reply_tokens is None or other.reply_tokens is None
            else self.reply_tokens + times * other.reply_tokens,
            None if self.usd is None or other.usd is None else self.usd + times * other.usd,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a provider is asked, warm-ups included, without what a cache holds.

    `about`: nothing is tried again, prompts have the tokens that are counted offline, and replies 500, or as many as they may have. `most`:
    every retry is made, a prompt has as many tokens as bytes, and every reply is as long as it may be.
    """

    about: Amount = Amount()
    most: Amount = Amount()

    def plus(self, other: Forecast, times: int = 1, most_times: int = 1) -> Forecast:
        """With so many of the other, and at most so many."""
        return Forecast(self.about.plus(other.about, times), self.most.plus(other.most, most_times))


def forecast(plan: Plan, provider: Provider, max_output: int | None, cached: frozenset[str] = frozenset()) -> Forecast:
    """What a plan asks a provider whose model can write `max_output` tokens at most; a cache holds the `cached` trials."""
    told: dict[tuple[str, str], Forecast] = {}

    def of(trials: Iterable[Trial], most_times: int) -> Forecast:
        total = Forecast()
        for trial in trials:
            if cached and key_of(trial) in cached:
                continue
            case = (trial.suite, trial.case.id)
            if case not in told:
                told[case] = _of(trial, max_output)
            total = total.plus(told[case], 1, most_times)
        return total

    asked = of(plan.trials(provider), 1 + provider.retries.max_retries)
    warmed = plan.warm_up and next(plan.trials(provider), None) is not None
    return asked.plus(of(plan.warm_ups.trials(provider), 1)) if warmed else asked


def _of(trial: Trial, max_output: int | None) -> Forecast:
    prompt = trial.case.prompt
    estimate = estimate_cost(trial.provider, prompt, trial.params, max_output_tokens=max_output)
    prompt_tokens = None if estimate.prompt.uncounted else estimate.prompt.tokens
    return Forecast(
        Amount(1, prompt_tokens, estimate.output_tokens, estimate.expected_usd),
        Amount(1, estimate.most_prompt_tokens, estimate.most_output_tokens, estimate.most_usd),
    )
