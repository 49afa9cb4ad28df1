"""The registry with the evidence taken back: what is known of each provider beside what was measured, and its traffic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness import registry
from harness.ask import Provider
from harness.deciding import routes_in_force
from harness.judged import Standing
from harness.registry import Catalogue, ModelFacts
from harness.settings import Places
from harness.store import latest_standings


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One provider, with its prices: what the catalogue says of its model, what was measured, which share of each capability's traffic it gets."""

    provider: Provider
    facts: ModelFacts
    measured: Mapping[str, Standing]
    routes: Mapping[str, float]


def models(places: Places | None = None, env: Mapping[str, str] = os.environ) -> list[ModelCard]:
    """The registry with the evidence taken back: for each provider its facts, its standings of the last report, its routes."""
    places = places or Places()
    known = registry.load(places.providers, env)
    catalogue = Catalogue.load()
    measured = latest_standings(places.stored)
    table = routes_in_force(places)
    routes = table.routes if table else ()
    cards = []
    for entry in known.entries:
        name, facts = entry.provider.name, catalogue.facts(entry)
        cards.append(
            ModelCard(
                provider=replace(entry.provider, prices=facts.prices),
                facts=facts,
                measured={one.capability: one for one in measured if one.provider == name},
                routes={one.capability: one.weights[name] for one in routes if one.weights.get(name)},
            )
        )
    return cards
