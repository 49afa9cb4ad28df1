"""What servers tell of their limits in the headers of their answers, and how long to wait for that.

They name them in many ways, and one rule reads them: of the words of a name one is `limit`, `remaining` or `reset`, and the others say of
what. `x-ratelimit-remaining-requests: 59` (OpenAI, Azure, Groq), `anthropic-ratelimit-input-tokens-reset: 2026-11-21T10:00:00Z`,
`x-ratelimit-limit-req-minute: 720` (Mistral), `x-ratelimit-reset: 1` and `x-tokenlimit-remaining: 9` (Together), `ratelimit-remaining: 3`.
A reset is a span ("6m0s", "120ms", "1.5"), a moment in RFC 3339, or in seconds or milliseconds since 1970. What cannot be read is passed over.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from harness.client.limits.rates import Need

Kind = Literal["requests", "tokens", "prompt", "output"]

USUAL_WINDOW_S = 60.0
LONGEST_WINDOW_S = 31 * 86400.0
_PARTS = frozenset({"limit", "remaining", "reset"})
_WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "1h": 3600.0, "day": 86400.0, "month": 30 * 86400.0}
_HEADS = frozenset({"x", "anthropic", "ratelimit", "tokenlimit", "ratelimitbysize"})
_KINDS = frozenset({"requests", "req", "tokens", "input", "output"})
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")
_SPANS = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH_S, _EPOCH_MS = 1e9, 1e12


@dataclass(frozen=True, slots=True)
class Notice:
    """One limit as an answer tells it: what is left of it, of how much, and in how many seconds all of it is there again."""

    kind: Kind
    remaining: float
    limit: float | None
    reset_s: float

    @property
    def refill(self) -> float:
        """What comes back in a second, as in a token bucket; 0 where no limit is told, and all comes back at once."""
        if self.limit is None:
            return 0.0
        missing = self.limit - self.remaining
        return missing / self.reset_s if missing > 0 and self.reset_s > 0 else self.limit / USUAL_WINDOW_S


def notices(headers: Mapping[str, str], now: datetime) -> dict[str, Notice]:
    """The limits that an answer's headers tell, by what they are of; header names are in lower case."""
    said: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        if "limit" in name:
            words = name.split("-")
            part = next((word for word in words if word in _PARTS), None)
            subject = [word for word in words if word != part]
            if part is not None and _known(subject):
                said.setdefault("-".join(subject), {})[part] = value
    found = {subject: _notice(subject, parts, now) for subject, parts in said.items()}
    return {subject: notice for subject, notice in found.items() if notice is not None}


def _known(subject: list[str]) -> bool:
    return all(word in _HEADS or word in _KINDS or word in _WINDOWS for word in subject)


def _notice(subject: str, parts: Mapping[str, str], now: datetime) -> Notice | None:
    remaining, limit = _amount(parts.get("remaining")), _amount(parts.get("limit"))
    reset_s = _reset(parts["reset"], now) if "reset" in parts else None
    words = subject.split("-")
    if reset_s is None and limit:  # it comes back by the minute, unless the name says otherwise
        window_s = next((_WINDOWS[word] for word in words if word in _WINDOWS), USUAL_WINDOW_S)
        reset_s = window_s * max(0.0, 1 - (remaining or 0.0) / limit)
    if remaining is None or reset_s is None:
        return None
    return Notice(_kind(words), remaining, limit or None, reset_s)


def _kind(words: list[str]) -> Kind:
    if "input" in words:
        return "prompt"
    if "output" in words:
        return "output"
    return "tokens" if {"tokens", "tokenlimit", "ratelimitbysize"} & set(words) else "requests"


def _amount(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _reset(text: str, now: datetime) -> float | None:
    """Seconds until the limit is whole again; a moment that has passed is 0."""
    text = text.strip()
    seconds = _amount(text)
    if seconds is None:
        seconds = _span(text) if _SPANS.fullmatch(text) else _until(text, now)
    elif seconds >= _EPOCH_S:
        seconds = max(0.0, seconds / (1000.0 if seconds >= _EPOCH_MS else 1.0) - now.timestamp())
    return seconds if seconds is not None and seconds <= LONGEST_WINDOW_S else None


def _span(text: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in _SPAN.findall(text))


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@dataclass(slots=True)
class _Bucket:
    """What is thought to be left of a limit at `as_of`. `heard_of`: when the request was sent whose answer told it."""

    level: float = math.inf
    limit: float | None = None
    refill: float = 0.0
    as_of: float = 0.0
    whole_at: float = 0.0
    heard_of: float = -math.inf
    sent: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=10_000))

    def hear(self, notice: Notice, sent_at: float, now: float) -> None:
        """An answer has told; older news than what is known is passed over."""
        if sent_at < self.heard_of:
            return
        self.heard_of, self.as_of = sent_at, sent_at
        while self.sent and self.sent[0][0] <= sent_at:
            self.sent.popleft()
        self.level = notice.remaining - sum(amount for _at, amount in self.sent)
        self.limit, self.refill = notice.limit, notice.refill
        self.whole_at = sent_at + notice.reset_s
        self._advance(now)

    def wait(self, amount: float, now: float) -> float:
        """How long until there is so much, in seconds."""
        self._advance(now)
        missing = (amount if self.limit is None else min(amount, self.limit)) - self.level
        if missing <= 0:
            return 0.0
        return missing / self.refill if self.refill else self.whole_at - now

    def take(self, amount: float, now: float) -> None:
        """A request that takes about so much goes out."""
        self._advance(now)
        self.level -= amount
        self.sent.append((now, amount))

    def _advance(self, now: float) -> None:
        if self.limit is None:
            if now >= self.whole_at:
                self.level = math.inf
        else:
            self.level = min(self.limit, self.level + self.refill * (now - self.as_of))
        self.as_of = now


class Told:
    """What a server has told of the limits of one account on one model, and what was sent since. Moments are monotonic seconds.

    A limit is taken for a token bucket, as OpenAI, Anthropic and Groq say that theirs are: what is missing comes back evenly until the reset.
    What was sent after the request whose answer told is taken off, since the server had not seen it.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[Kind, _Bucket]] = {}

    def hear(self, found: Mapping[str, Notice], sent_at: float, now: float) -> None:
        """An answer to a request that was sent then has told this."""
        for subject, notice in found.items():
            _kind, bucket = self._buckets.setdefault(subject, (notice.kind, _Bucket()))
            bucket.hear(notice, sent_at, now)

    def wait(self, need: Need, now: float) -> float:
        """How long until the server would take such a request, in seconds; 0: now."""
        return max((bucket.wait(_of(need, kind), now) for kind, bucket in self._buckets.values()), default=0.0)

    def take(self, need: Need, now: float) -> None:
        """Such a request goes out."""
        for kind, bucket in self._buckets.values():
            bucket.take(_of(need, kind), now)


def _of(need: Need, kind: Kind) -> float:
    return {"requests": 1, "tokens": need.total, "prompt": need.prompt, "output": need.output}[kind]
