"""The circuit breaker of a provider: who failed too often is left alone for a while, then probed, then trusted again.

    closed ── `failures` of the last `window` outcomes failed ──▶ open ── after `open_s`, doubled each time ──▶ half-open
      ▲                                                             ▲                                                │
      └───────────── `closes_after` probes were answered ───────────┼────────────────────────────────────────────────┤
                                                                    └───────────── a probe failed ───────────────────┘

(M. Nygard, Release It!, "Circuit Breaker".) What is no fault of the provider's health, such as a malformed question, is no outcome.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.errors import WrongUse
from harness.told import STOPS_PROVIDER, Failure

State = Literal["closed", "open", "half_open"]

_NO_FAULT = frozenset({"content_filtered", "rate_limited"})
"""Failures of the provider's or the account's side that say nothing of its health; a rate limit is waited for by itself."""


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """The numbers of a breaker; times are in seconds.

    It opens when `failures` of the last `window` outcomes failed, and at once after a failure that asking again cannot mend (a refused key, a spent
    account, a model that is not there). It stays open for `open_s`, twice as long after each probe that failed, `most_open_s` at most. Then `probes`
    questions at a time go through, and it closes when `closes_after` of them were answered.

    Raises:
        WrongUse: a number makes no sense.
    """

    failures: int = 5
    window: int = 20
    open_s: float = 10.0
    most_open_s: float = 120.0
    probes: int = 1
    closes_after: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.failures <= self.window:
            raise WrongUse(f"a breaker cannot open after {self.failures} failures of the last {self.window} outcomes")
        if not 0 < self.open_s <= self.most_open_s:
            raise WrongUse(f"a breaker cannot stay open for {self.open_s} s, and {self.most_open_s} s at most")
        if self.probes < 1 or self.closes_after < 1:
            raise WrongUse("a breaker needs a probe at least, and one answer to close")


class Breaker:
    """One provider's. `changed` is told of each change that is not the clock's doing; moments are monotonic seconds."""

    def __init__(self, options: BreakerOptions, changed: Callable[[], None] = lambda: None) -> None:
        self.opened = 0
        self.until: float | None = None
        self._options = options
        self._changed = changed
        self._failed: deque[bool] = deque(maxlen=options.window)
        self._again = 0
        self._probing = 0
        self._passed = 0

    def state(self, now: float) -> State:
        """What it is."""
        if self.until is None:
            return "closed"
        return "open" if now < self.until else "half_open"

    def admits(self, now: float) -> bool:
        """Whether a question may go through."""
        if self.until is None:
            return True
        return now >= self.until and self._probing < self._options.probes

    def begin(self) -> bool:
        """A question goes through; whether it is a probe, which it also is where it goes to an open one as a last resort. `end` takes that back."""
        if self.until is None:
            return False
        self._probing += 1
        self._changed()
        return True

    def end(self, failed: bool | None, now: float, *, probe: bool = False, lasting: bool = False) -> None:
        """It has ended: whether it failed, None where that says nothing of the provider. `lasting`: asking again cannot mend it."""
        if probe:
            self._probing -= 1
            self._changed()
        if failed is None:
            return
        if self.until is None:
            self._failed.append(failed)
            if failed and (lasting or sum(self._failed) >= self._options.failures):
                self._open(now, lasting=lasting)
        elif probe and failed:
            if now >= self.until:
                self._open(now, lasting=lasting)
        elif probe:
            self._passed += 1
            if self._passed >= self._options.closes_after:
                self._close()

    def _open(self, now: float, *, lasting: bool) -> None:
        options = self._options
        wait_s = options.most_open_s if lasting else min(options.most_open_s, options.open_s * 2.0**self._again)
        self.opened += self.until is None
        self.until, self._passed = now + wait_s, 0
        self._again = min(self._again + 1, 60)
        self._changed()

    def _close(self) -> None:
        self.until, self._again, self._passed = None, 0, 0
        self._failed.clear()
        self._changed()


def blames(failure: Failure | None) -> bool | None:
    """What an attempt's failure says of its provider's health: False, none at all; True, it is to blame; None, it says nothing."""
    if failure is None:
        return False
    if failure.kind in STOPS_PROVIDER:
        return True
    return True if failure.side in {"provider", "network"} and failure.kind not in _NO_FAULT else None
