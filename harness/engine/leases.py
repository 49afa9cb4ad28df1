"""One budget for several processes: each has a part of it on lease, asks for more when the next request does not fit, and gives back on request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from harness.engine.budget import Budget
from harness.engine.messages import Grant, Recall, Refusal, Returns, ToWorker, Wants

PARTS = 16
"""A lease grows by at most such a part of the budget for each worker, so that most requests need not ask for it."""


class Lease(Budget):
    """A worker's part of the budget. `tell` sends to the process that owns the whole; what that says is given to `heard`, on the event loop."""

    def __init__(self, tell: Callable[[Wants | Returns], None]) -> None:
        super().__init__(0.0)
        self._tell = tell
        self._line = asyncio.Lock()
        self._answer: asyncio.Future[int | None] | None = None
        self._recalled = False
        self._granted = 0.0
        self._refusal = Refusal(0.0, 0.0)

    @property
    def refusal(self) -> Refusal:
        """As `Budget.refusal`, of the whole budget."""
        return self._refusal

    async def hold(self, usd: float) -> int | None:
        """As `Budget.hold`, of the whole budget."""
        async with self._line:
            if self.fits(usd):
                return self.set_aside(usd)
            self._answer = asyncio.get_running_loop().create_future()
            self._recalled = True
            self._tell(Wants(usd, self.spent, self._keep(), self._granted))
            return await self._answer

    def settle(self, receipt: int, usd: float | None) -> None:
        """As `Budget.settle`; while somebody waits for money, what is free goes back."""
        super().settle(receipt, usd)
        if self._recalled:
            self.give_back()

    def give_back(self) -> None:
        """Keep only what is spent and set aside."""
        self._tell(Returns(self.spent, self._keep(), self._granted))

    def heard(self, message: ToWorker) -> None:
        """The owner of the budget has spoken."""
        if isinstance(message, Recall):
            self._recalled = True
            self.give_back()
        elif isinstance(message, Grant):
            self._recalled = False
            self._granted += message.usd
            self.limit = (self.limit or 0.0) + message.usd
            if self._answer is not None and not self._answer.done():  # set aside at once: a recall may be next
                self._answer.set_result(self.set_aside(message.wanted))
        elif isinstance(message, Refusal):
            self._refusal = message
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(None)

    def _keep(self) -> float:
        """What is set aside. That, and what is spent, is now all there is."""
        self.limit = self.spent + self.held
        return self.held


class Lender:
    """The whole budget for so many workers, in USD; `spent` of it were spent before. `tell` sends to one of them, by name.

    What is leased never exceeds the limit, and what a worker spends never exceeds its lease.
    """

    def __init__(self, budget: Budget, workers: int, tell: Callable[[str, Grant | Refusal | Recall], None]) -> None:
        self._limit, self._tell = budget.limit or 0.0, tell
        self._chunk = self._limit / (PARTS * workers)
        self._leased = {"": budget.spent}
        self._spent = {"": budget.spent}
        self._granted: dict[str, float] = {}
        self._waiting: dict[str, float] = {}
        self._recalled = {""}

    def heard(self, worker: str, message: Wants | Returns) -> None:
        """A worker wants more, or has given back."""
        on_its_way = self._granted.get(worker, 0.0) - message.granted
        self._spent[worker], self._leased[worker] = message.spent, message.spent + message.held + on_its_way
        if isinstance(message, Wants):
            self._waiting[worker] = message.usd
            self._recalled.add(worker)
        self._serve()

    def closed(self, worker: str, spent: float | None = None) -> None:
        """A worker has ended, and has spent so much at most; None: as it has said."""
        self._spent[worker] = self._leased[worker] = self._spent.get(worker, 0.0) if spent is None else spent
        self._waiting.pop(worker, None)
        self._recalled.add(worker)
        self._serve()

    def _serve(self) -> None:
        for worker, usd in list(self._waiting.items()):
            free = self._limit - sum(self._leased.values())
            if usd <= free:
                self._grant(worker, usd, usd if len(self._waiting) > 1 else max(usd, min(free, self._chunk)))
            elif usd > (left := self._limit - sum(self._spent.values())):
                del self._waiting[worker]
                self._tell(worker, Refusal(self._limit, max(0.0, left)))
        if self._waiting:
            self._recall()

    def _grant(self, worker: str, wanted: float, usd: float) -> None:
        del self._waiting[worker]
        self._recalled.discard(worker)
        self._leased[worker] += usd
        self._granted[worker] = self._granted.get(worker, 0.0) + usd
        self._tell(worker, Grant(wanted, usd))

    def _recall(self) -> None:
        """What is leased to others and not set aside comes back, and what is set aside as soon as it is settled."""
        for worker in self._leased.keys() - self._recalled:
            self._recalled.add(worker)
            self._tell(worker, Recall())
