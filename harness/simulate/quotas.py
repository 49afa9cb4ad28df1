"""Quotas: what a simulated provider takes at most, tells in its headers, and refuses beyond.

Requests and tokens by the minute are token buckets, as OpenAI, Anthropic and Groq have them: `burst` requests (a minute's worth, unless
said) may come at once, and come back evenly. Tokens are taken off when a reply is drawn, so that the last one may be more than was left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from harness.simulate.faults import Refusal

QUOTAS = frozenset({"rpm", "tpm", "burst", "concurrency"})
"""What a profile's `limits` may say."""


@dataclass(slots=True)
class _Bucket:
    holds: float
    per_s: float
    level: float
    as_of: float = 0.0

    def left(self, now: float) -> float:
        """What is left now (the event loop's clock)."""
        self.level = min(self.holds, self.level + (now - self.as_of) * self.per_s)
        self.as_of = now
        return self.level

    @property
    def whole_in_s(self) -> float:
        """Seconds until it is full again."""
        return max(0.0, self.holds - self.level) / self.per_s


class Quota:
    """What one profile's `limits` come to."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        self._most_at_once = limits.get("concurrency", math.inf)
        self._in_flight = 0
        self._buckets: dict[str, _Bucket] = {}
        for key, name in (("rpm", "requests"), ("tpm", "tokens")):
            if key in limits:
                holds = limits.get("burst", limits[key]) if key == "rpm" else limits[key]
                self._buckets[name] = _Bucket(holds, limits[key] / 60, holds)

    def enter(self, now: float) -> Refusal | None:
        """A request has come: why it is refused, or None, and then it is in flight until it leaves."""
        if self._in_flight >= self._most_at_once:
            return Refusal(429, "Too many concurrent requests: slow down", "rate_limit_exceeded")
        for name, bucket in self._buckets.items():
            missing = 1.0 - bucket.left(now)
            if missing > 0:
                wait_s = missing / bucket.per_s
                headers = {"retry-after": str(math.ceil(wait_s)), "retry-after-ms": str(math.ceil(wait_s * 1000))}
                return Refusal(429, f"Rate limit reached for {name}", "rate_limit_exceeded", headers)
        if "requests" in self._buckets:
            self._buckets["requests"].level -= 1
        self._in_flight += 1
        return None

    def spend(self, tokens: int) -> None:
        """A request in flight takes so many tokens."""
        if "tokens" in self._buckets:
            self._buckets["tokens"].level -= tokens

    def leave(self) -> None:
        """A request has ended."""
        self._in_flight -= 1

    def headers(self, *, anthropic: bool) -> dict[str, str]:
        """What is left, as Anthropic tells it (moments in RFC 3339, whole seconds) or as OpenAI does (spans)."""
        told: dict[str, str] = {}
        for name, bucket in self._buckets.items():
            said = {"limit": f"{bucket.holds:.0f}", "remaining": f"{max(0, math.floor(bucket.level))}"}
            if anthropic:
                whole = datetime.now(UTC) + timedelta(seconds=math.ceil(bucket.whole_in_s))
                said["reset"] = f"{whole:%Y-%m-%dT%H:%M:%SZ}"
                told |= {f"anthropic-ratelimit-{name}-{part}": value for part, value in said.items()}
            else:
                said["reset"] = _span(bucket.whole_in_s)
                told |= {f"x-ratelimit-{part}-{name}": value for part, value in said.items()}
        return told


def _span(seconds: float) -> str:
    """As Go writes it: "120ms", "8.64s", "6m0s"."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return (f"{minutes:.0f}m" if minutes else "") + f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
