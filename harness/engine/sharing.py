"""How many processes ask, and which of them asks whom.

A provider is asked by one process only, and so are all that share an account: each rate limit has one owner. One provider's requests are not
split over processes: half a limit each would leave one half idle whenever the other is behind.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Hashable

from harness.ask import Provider
from harness.engine.plan import Plan
from harness.engine.shapes import Open, stages

Share = tuple[Provider, ...]
"""The providers that one worker asks."""

IN_FLIGHT_EACH = 256
"""So many requests in flight one event loop times to a thousandth (measured: streams of 100 chunks, 10 ms apart, on two shared cores)."""

RATE_EACH = 200.0
"""So many requests a second keep one event loop about half busy, at 2.5 ms each."""


def shares(plan: Plan, workers: int | None = None, cores: int | None = None) -> tuple[Share, ...]:
    """Who is asked by which worker: as many as are wanted (None: as the load needs and there are `cores`), but no more than owners of limits.

    The owner with the most trials comes first, to whoever has the fewest so far (Graham, Bounds on multiprocessing timing anomalies, 1969).
    """
    owned: dict[Hashable, list[Provider]] = defaultdict(list)
    for provider in plan.providers:
        owned[_owner(provider)].append(provider)
    wanted = needed(plan, cores or _cores()) if workers is None else workers
    made: list[list[Provider]] = [[] for _ in range(max(1, min(wanted, len(owned))))]
    for group in sorted(owned.values(), key=lambda group: -_trials(plan, group)):
        min(made, key=lambda share: _trials(plan, share)).extend(group)
    place = {one.name: number for number, one in enumerate(plan.providers)}
    return tuple(tuple(sorted(share, key=lambda one: place[one.name])) for share in made)


def needed(plan: Plan, cores: int) -> int:
    """How many workers the load needs: one for each 256 requests in flight or 200 requests a second, at most one for each core."""
    most = 1
    for stage in stages(plan.load):
        in_flight = sum(stage.concurrency or one.limits.at_once for one in plan.providers)
        rate = stage.rate * len(plan.providers) if isinstance(stage, Open) else 0.0
        most = max(most, math.ceil(in_flight / IN_FLIGHT_EACH), math.ceil(rate / RATE_EACH))
    return min(most, cores)


def _owner(provider: Provider) -> Hashable:
    """As `Provider.account_key`; the simulated fleet's providers, which have no address yet, are accounts of their own."""
    return provider.account_key if provider.account or not provider.simulated else (provider.address, provider.api_key)


def _trials(plan: Plan, providers: list[Provider]) -> int:
    return sum(plan.per_provider[one.name] for one in providers)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
