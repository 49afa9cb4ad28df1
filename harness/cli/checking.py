"""`harness providers --check`: each ready provider asked whether it can be worked with, all at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from harness import registry
from harness.ask import Provider
from harness.cli import fleet
from harness.client import Client, wait
from harness.client.health import Health, check
from harness.pipeline import with_prices
from harness.registry import Catalogue
from harness.render.figures import DASH, plural, usd
from harness.render.tables import Table


def checked(path: Path, only: Sequence[str], *, simulated: bool, ask: bool) -> list[Health]:
    """The health of every provider that would take part in a run; simulated ones are served for as long as this takes.

    Raises:
        WrongUse: `only` names one that is not registered or not ready.
        NothingSelected: nobody is ready.
    """
    known = registry.load(path, os.environ)
    catalogue = Catalogue.load()
    providers = [with_prices(one, catalogue) for one in registry.participants(known, only, simulated)]
    to_serve = [one for one in providers if one.simulated and not one.base_url]
    with ExitStack() as stack:
        served = stack.enter_context(fleet.serve(to_serve, ())) if to_serve else ()
        at = {one.name: one.base_url for one in served}
        return wait(_all([replace(one, base_url=at.get(one.name, one.base_url)) for one in providers], ask=ask))


async def _all(providers: Sequence[Provider], *, ask: bool) -> list[Health]:
    async with Client(providers) as client:
        return list(await asyncio.gather(*(check(client, one, ask=ask) for one in providers)))


def table(found: Sequence[Health], *, ask: bool) -> Table:
    """A row for each provider: what is known to be so, and what is wrong or cannot be told."""
    rows = tuple(
        (
            one.provider,
            _word(one.reachable),
            _word(one.key_accepted),
            _word(one.model_available),
            DASH if one.round_trip_s is None else f"{1000 * one.round_trip_s:,.0f}",
            (one.wrong or one.note or "in order") + (" (simulated)" if one.simulated else ""),
        )
        for one in found
    )
    bad = sum(not one.ok for one in found)
    costs = [one.cost_usd for one in found]
    spent = "an unknown sum" if None in costs else usd(sum(cost for cost in costs if cost is not None))
    how = (
        f"each was asked one small question, for {spent}"
        if ask
        else "asked for their listings of models, which is free"
    )
    verdict = (
        f"{bad} of {plural(len(found), 'provider')} cannot be worked with"
        if bad
        else f"{plural(len(found), 'provider')} in order"
    )
    head = ("provider", "reached", "key", "model", "ms", "remark")
    return Table("Health of the providers that are ready", head, rows, f"{verdict}; {how}; a dash is unknown")


def _word(known: bool | None) -> str:
    return DASH if known is None else "yes" if known else "no"
