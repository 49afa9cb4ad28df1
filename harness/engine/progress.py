"""How far a run is: counted with each attempt, told a few times a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.told import Attempt, EndedBy, Tally

INTERVAL_S = 0.1
"""Progress is told at most this often, and once more at the end."""


class Progress:
    """Counts attempts and trials; `tell` (None: nobody) gets a Tally at most every `INTERVAL_S`, and when `told_last` is called."""

    def __init__(
        self, planned: int, tell: Callable[[Tally], None] | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.planned = planned
        self._tell = tell
        self._clock = clock
        self._told_at = float("-inf")
        self.failed = 0
        self._done = self._attempts = self._unpriced = 0
        self._spend_usd = 0.0
        self._stopped: dict[str, str] = {}
        self._ended_by: EndedBy | None = None
        self._why = ""

    @property
    def tally(self) -> Tally:
        """How far the run is now."""
        return Tally(
            planned=self.planned,
            done=self._done,
            failed=self.failed,
            attempts=self._attempts,
            spend_usd=self._spend_usd,
            unpriced=self._unpriced,
            stopped=dict(self._stopped),
            ended_by=self._ended_by,
            why=self._why,
        )

    def attempted(self, attempt: Attempt) -> None:
        """An attempt has ended. What was replayed cost nothing now."""
        self._attempts += 1
        if not attempt.replayed:
            self._spend_usd += attempt.cost.usd or 0.0
            self._unpriced += attempt.ok and attempt.cost.usd is None
        self._tell_now_and_then()

    def ended(self, last: Attempt) -> None:
        """A trial is answered, or has failed for good."""
        self._done += 1
        self.failed += not last.ok
        self._tell_now_and_then()

    def stopped(self, provider: str, why: str) -> None:
        """A provider's remaining trials are not asked; the first reason stays."""
        self._stopped.setdefault(provider, why)

    def limited(self, limit: EndedBy, why: str) -> None:
        """A limit ends the run before all was asked; the first one stays."""
        if self._ended_by is None:
            self._ended_by, self._why = limit, why

    def told_last(self) -> None:
        """The run has ended."""
        if self._tell is not None:
            self._tell(self.tally)

    def _tell_now_and_then(self) -> None:
        now = self._clock()
        if now - self._told_at >= INTERVAL_S:
            self._told_at = now
            self.told_last()
