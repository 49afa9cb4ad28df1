"""Three providers over real HTTP of which one is down at any time: how many questions are answered. `python -m tests.routing.outage 10000` prints it."""

import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.ask import Deadlines, Retries
from harness.client import wait
from harness.errors import AllFailed
from harness.routing import BreakerOptions, Known, Router, RouterOptions
from tests.routing.switchable import Service, services, table

NAMES, AT_ONCE, TURNS = ("one", "two", "three"), 16, 12
MODES = ("500", "gone", "cut", "hang")


@dataclass(frozen=True)
class Found:
    """`refused` counts by provider what it failed."""

    asks: int
    answered: int
    failed_over: int
    seconds: float
    refused: dict[str, int]
    opened: dict[str, int]
    unanswered: dict[str, int]


def outage(asks: int) -> Found:
    """So many questions, 16 at a time; after each twelfth of them another provider goes down, in another way, and the one before comes back."""
    return wait(_outage(asks))


async def _outage(asks: int) -> Found:
    async with services(*NAMES) as made:
        candidates = tuple(
            one.candidate(place, retries=Retries(1, 0.05), deadlines=Deadlines(first_token_s=1.0))
            for place, one in enumerate(made)
        )
        third = dict.fromkeys(NAMES, 1 / 3)
        options = RouterOptions(deadline_s=20.0, seed=3, breaker=BreakerOptions(open_s=0.2, most_open_s=1.0))
        router = Router(lambda: Known(candidates, table=table({"math": third})), options)
        failed, begun = Counter[str](), time.perf_counter()
        down = itertools.cycle(itertools.product(MODES, range(len(made))))

        async def work(left: Iterator[int]) -> None:
            for _ in left:
                try:
                    await router.ask("2+2?", capability="math")
                except AllFailed as error:
                    failed[str(error)] += 1

        async with router:
            for turn in range(TURNS):
                mode, place = next(down)
                for number, one in enumerate(made):
                    await _set(one, mode if number == place else "well")
                left = iter(range(asks * turn // TURNS, asks * (turn + 1) // TURNS))
                await asyncio.gather(*(work(left) for _ in range(AT_ONCE)))
        stats = router.stats()
        seconds = time.perf_counter() - begun
        refused = {name: sum(one.failures.values()) for name, one in stats.providers.items()}
        opened = {name: one.opened for name, one in stats.providers.items()}
        return Found(stats.asks, stats.answered, stats.failed_over, seconds, refused, opened, dict(failed))


async def _set(service: Service, mode: str) -> None:
    if mode == "gone":
        await service.stop()
        return
    await service.start()
    service.mode = mode


if __name__ == "__main__":
    found = outage(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    sys.stdout.write(
        f"{found.answered:,} of {found.asks:,} answered ({100 * found.answered / found.asks:.3f} %) in {found.seconds:.1f} s while one of three "
        f"providers was down at any time; {found.failed_over:,} by another than the first choice; failures {found.refused}, breakers opened {found.opened}\n"
    )
