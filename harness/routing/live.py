"""What a router learns of its providers while it asks them: health, times, spend. Nothing of a question is kept."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.ask import Provider
from harness.routing.breaker import Breaker, BreakerOptions, State, blames
from harness.stats import percentile
from harness.told import STOPS_PROVIDER, Attempt, Failure

REMEMBERED = 1_000
"""Times of so many replies are remembered for the percentiles."""
LONGEST_LINE_S = 0.5
"""A provider whose rates let the next request go only after so long is passed over while others are free."""
WEIGHT = 0.1
"""What the newest reply weighs in the typical time: half of it is of the last seven."""
RATE_LIMIT_S = 1.0
"""So long is a provider left alone that refused for a rate limit and did not say for how long."""


@dataclass(frozen=True, slots=True)
class ProviderStats:
    """One provider's part. `attempts` are requests, `first_choice` asks that it was chosen for, `took_over` those that it answered after another had failed.

    `latency_p50_s` and `latency_p95_s` are of the last thousand replies, `typical_s` leans to the newest; `spend_usd` sums known costs, `unpriced` counts answers
    of unknown cost. `opened` counts how often its breaker did.
    """

    provider: str
    state: State = "closed"
    in_flight: int = 0
    first_choice: int = 0
    attempts: int = 0
    answered: int = 0
    took_over: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    typical_s: float | None = None
    latency_p50_s: float | None = None
    latency_p95_s: float | None = None
    spend_usd: float = 0.0
    unpriced: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    opened: int = 0


class Live:
    """One provider as it is now."""

    def __init__(
        self, provider: Provider, options: BreakerOptions, changed: Callable[[], None], typical_s: float | None = None
    ) -> None:
        self.provider = provider
        self.breaker = Breaker(options, changed)
        self.at_once = provider.limits.at_once
        self.rate_wait_s: Callable[[], float] | None = None
        self.in_flight = 0
        self.first_choice = self.attempts = self.answered = self.took_over = self.unpriced = 0
        self.prompt_tokens = self.completion_tokens = 0
        self.spend_usd = 0.0
        self.failures: Counter[str] = Counter()
        self.cooling_until = -math.inf
        self.typical_s = typical_s
        self._times: deque[float] = deque(maxlen=REMEMBERED)
        self._changed = changed

    @property
    def busy(self) -> bool:
        """Whether one more request would have to wait for a slot, or for its rates for long."""
        if self.in_flight >= self.at_once:
            return True
        return self.rate_wait_s is not None and self.rate_wait_s() > LONGEST_LINE_S

    def admits(self, now: float) -> bool:
        """Whether it is to be asked: its breaker lets it, and it has not asked to be left alone."""
        return self.cooling_until <= now and self.breaker.admits(now)

    def until(self, now: float) -> float:
        """Until when that will hold, if nothing happens."""
        ends = (self.cooling_until, self.breaker.until or -math.inf)
        return min((at for at in ends if at > now), default=math.inf)

    def why_not(self, now: float) -> str:
        """Why it is not to be asked; "" if it is."""
        if self.cooling_until > now:
            return f"asked to be left alone for {self.cooling_until - now:.1f} s more"
        state = self.breaker.state(now)
        if state == "open" and self.breaker.until is not None:
            last = ", ".join(f"{kind} ×{n}" for kind, n in self.failures.most_common(3))
            return f"its breaker is open ({last}): it is probed in {self.breaker.until - now:.1f} s"
        return "" if self.breaker.admits(now) else "its breaker is half-open, and it is being probed"

    def begin(self) -> bool:
        """A request goes to it; whether it is a probe."""
        self.in_flight += 1
        return self.breaker.begin()

    def end(self, failure: Failure | None, now: float, *, probe: bool) -> None:
        """The request has ended."""
        self.in_flight -= 1
        lasting = failure is not None and failure.kind in STOPS_PROVIDER
        self.breaker.end(blames(failure), now, probe=probe, lasting=lasting)
        pause_s = _pause(failure)
        if pause_s:
            self.cooling_until = max(self.cooling_until, now + pause_s)
            self._changed()

    def gave_up(self, now: float, *, probe: bool) -> None:
        """We ended the request; that says nothing of the provider."""
        self.in_flight -= 1
        self.breaker.end(None, now, probe=probe)

    def count(self, attempt: Attempt) -> None:
        """Takes an attempt into the figures; a replay is none."""
        self.attempts += 1
        if attempt.failure is not None:
            self.failures[attempt.failure.kind] += 1
        else:
            self.answered += 1
            self._time(attempt.clock.latency_s)
            self.unpriced += attempt.cost.usd is None
        self.spend_usd += attempt.cost.usd or 0.0
        self.prompt_tokens += attempt.usage.prompt_tokens or 0
        self.completion_tokens += attempt.usage.completion_tokens or 0

    def _time(self, seconds: float | None) -> None:
        if seconds is None:
            return
        self._times.append(seconds)
        before = self.typical_s
        self.typical_s = seconds if before is None else before + WEIGHT * (seconds - before)

    def stats(self, now: float) -> ProviderStats:
        """The figures."""
        times = list(self._times)
        return ProviderStats(
            provider=self.provider.name,
            state=self.breaker.state(now),
            in_flight=self.in_flight,
            first_choice=self.first_choice,
            attempts=self.attempts,
            answered=self.answered,
            took_over=self.took_over,
            failures=dict(self.failures),
            typical_s=self.typical_s,
            latency_p50_s=percentile(times, 0.5) if times else None,
            latency_p95_s=percentile(times, 0.95) if times else None,
            spend_usd=self.spend_usd,
            unpriced=self.unpriced,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            opened=self.breaker.opened,
        )


def _pause(failure: Failure | None) -> float:
    if failure is None:
        return 0.0
    return failure.retry_after_s or (RATE_LIMIT_S if failure.kind == "rate_limited" else 0.0)
