"""The budget: the most that an attempt can cost is set aside before it is made, and what it did cost is counted after."""

from __future__ import annotations

import asyncio


class Budget:
    """What may be spent, in USD; `limit` None is no limit.

    What is spent and what is set aside never exceed the limit together, so as long as no attempt costs more than was set aside for it,
    the limit holds whatever happens to the attempts in flight.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._held: dict[int, float] = {}
        self._receipts = 0
        self._settled = asyncio.Event()

    async def hold(self, usd: float) -> int | None:
        """Set aside the most that an attempt can cost; the receipt is for `settle`. None if it will never fit any more.

        Waits as long as only what others have set aside keeps it from fitting: most of that comes back.
        """
        while self.limit is not None and self.spent + sum(self._held.values()) + usd > self.limit:
            if self.spent + usd > self.limit:
                return None
            self._settled.clear()
            await self._settled.wait()
        self._receipts += 1
        self._held[self._receipts] = usd
        return self._receipts

    def settle(self, receipt: int, usd: float | None) -> None:
        """Give back what was set aside and count what was spent; None, for unknown, counts as all that was set aside."""
        held = self._held.pop(receipt)
        self.spent += held if usd is None else usd
        self._settled.set()
