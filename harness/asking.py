"""Asking: a plan's questions through one client, each written down before it goes out and after it has ended."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from harness import client, engine
from harness.ask import JsonObject, Prompt, Provider, Trial
from harness.client import Facts, forms
from harness.settings import Terms
from harness.told import Attempt, Tally


class Journal(Protocol):
    """What attempts are written down with: `store.Recorder`, `store.Writer`."""

    def started(self, trial: Trial, number: int, most_usd: float | None = None) -> None:
        """An attempt begins."""

    def record(self, attempt: Attempt) -> None:
        """It has ended."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How far it came, and what was found out of the most requests in flight, by provider's name, where that was searched for.

    `notes` say in sentences which workers were killed.
    """

    tally: Tally
    searches: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def needs_litellm(plan: engine.Plan) -> bool:
    """Whether something in the plan is litellm's to translate or to ask; it takes longer to import than most answers."""
    shapes: dict[Hashable, tuple[Prompt, JsonObject]] = {}
    for suite in (*plan.suites, *plan.warm_ups.suites):
        for case in suite.cases:
            params = {**suite.params, **case.params}
            shapes.setdefault((forms.plain(case.prompt) or id(case), repr(params)), (case.prompt, params))
    served = tuple(
        replace(one, base_url="http://127.0.0.1") if one.simulated and one.base_url is None else one
        for one in plan.everyone
    )
    return any(
        forms.request(one, prompt, {**one.params, **params}, stream=plan.stream) is None
        for prompt, params in shapes.values()
        for one in served
    )


def ask_here(
    plan: engine.Plan,
    facts: Mapping[str, Facts],
    journal: Journal,
    terms: Terms,
    options: engine.RunOptions,
    wish: engine.Wish,
) -> Asked:
    """As `ask`, on a loop of its own, until the wish stops it."""

    async def asked() -> Asked:
        return await ask(plan, facts, journal, terms, replace(options, stop=engine.event_of(wish)))

    return client.wait(asked())


async def ask(
    plan: engine.Plan, facts: Mapping[str, Facts], journal: Journal, terms: Terms, options: engine.RunOptions
) -> Asked:
    """Ask it all in this process. `facts` tell, by provider's name, what its model takes; `options` are `terms.run_options` and what is of this process."""

    def started(trial: Trial, number: int) -> None:
        journal.started(trial, number, engine.most(trial, facts[trial.provider.name].max_output_tokens))

    made = client.Client(plan.everyone, metadata=terms.labels.kept, facts=facts, cache=terms.cache, started=started)
    async with made if needs_litellm(plan) else made.lazily() as asker:
        await asyncio.sleep(0)  # hears of a stop that was wished for before there was a loop
        if options.stop is not None and options.stop.is_set():  # while the fleet or the client came up
            return Asked(Tally(planned=plan.count), {})
        anchor = options.anchor or engine.Anchor.now()
        asker.anchor(anchor.wall, anchor.monotonic_s)
        options = replace(options, anchor=anchor, connect=asker.warm, max_output_of=_most_output(facts))
        gc.freeze()  # what start-up made is not looked at during the run: a collection would stall the clock
        try:
            tally = await engine.run(plan, asker, journal.record, options)
        finally:
            gc.unfreeze()
        found = {name: {"most": one.most, "history": one.history} for name, one in asker.searches.items()}
        return Asked(tally, found)


def _most_output(facts: Mapping[str, Facts]) -> Callable[[Provider], int | None]:
    return lambda provider: facts[provider.name].max_output_tokens
