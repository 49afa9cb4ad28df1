"""The budget: the most that a request can cost is set aside before it goes out, and what it did cost is counted after."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from harness.engine.messages import Refusal


class Budget:
    """What may be spent, in USD; `limit` None is no limit, `spent` what was spent of it before.

    What is spent and what is set aside never exceed the limit together, so as long as no request costs more than was set aside for it,
    the limit holds whatever happens to the requests in flight.
    """

    def __init__(self, limit: float | None, spent: float = 0.0) -> None:
        self.limit = limit
        self.spent = spent
        self._held: dict[int, float] = {}
        self._receipts = 0
        self._settled = asyncio.Event()

    @property
    def left(self) -> float | None:
        """What is neither spent nor set aside; None without a limit."""
        return None if self.limit is None else max(0.0, self.limit - self.spent - self.held)

    @property
    def held(self) -> float:
        """What is set aside."""
        return sum(self._held.values())

    @property
    def refusal(self) -> Refusal:
        """Why the last request that was refused does not fit."""
        limit = self.limit or 0.0
        return Refusal(limit, max(0.0, limit - self.spent))

    async def hold(self, usd: float) -> int | None:
        """Set aside the most that a request can cost; the receipt is for `settle`. None if it will never fit any more.

        Waits as long as only what others have set aside keeps it from fitting: most of that comes back.
        """
        while not self.fits(usd):
            if self.limit is not None and self.spent + usd > self.limit:
                return None
            self._settled.clear()
            await self._settled.wait()
        return self.set_aside(usd)

    def fits(self, usd: float) -> bool:
        """Whether so much can be set aside now."""
        return self.limit is None or self.spent + self.held + usd <= self.limit

    def set_aside(self, usd: float) -> int:
        """Set it aside; returns the receipt."""
        self._receipts += 1
        self._held[self._receipts] = usd
        return self._receipts

    def settle(self, receipt: int, usd: float | None) -> None:
        """Give back what was set aside and count what was spent; None, for unknown, counts as all that was set aside."""
        held = self._held.pop(receipt)
        self.spent += held if usd is None else usd
        self._settled.set()


class Purse:
    """What one trial has set aside of a budget: for one request at a time, from before it goes out until it has ended.

    `since` is when it was set aside; None while no request is out.
    """

    def __init__(self, budget: Budget) -> None:
        self.since: datetime | None = None
        self._budget = budget
        self._receipt = 0

    async def hold(self, usd: float) -> bool:
        """Set aside what the next request can cost at most; whether it fits."""
        receipt = await self._budget.hold(usd)
        if receipt is None:
            return False
        self._receipt, self.since = receipt, datetime.now(UTC)
        return True

    def settle(self, usd: float | None) -> None:
        """The request has ended; None is an unknown cost. Does nothing where nothing was set aside."""
        if self.since is not None:
            self._budget.settle(self._receipt, usd)
            self.since = None
