"""The routes in force as the files of those who send the traffic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness import __version__, registry, routing
from harness.deciding import routes_in_force
from harness.errors import WrongUse
from harness.registry import Catalogue
from harness.routing.export import TARGETS, Deployment, Export
from harness.settings import Places
from harness.store import latest_standings


def export(places: Places, routes: Path | None = None, env: Mapping[str, str] = os.environ) -> Export:
    """The routes in force, or those of a file, with what the registry and the last report know of their providers.

    Raises:
        WrongUse: there are no routes, or they name somebody who is not registered.
        BadInput: the routing file or the registry is damaged.
    """
    table = routing.load(routes) if routes else routes_in_force(places)
    if table is None:
        raise WrongUse(f"there is no {places.stored.shown(places.routing)}: `harness route --apply` writes it")
    catalogue = Catalogue.load()
    deployments = {}
    for entry in registry.load(places.providers, env).entries:
        facts, name = catalogue.facts(entry), entry.provider.name
        deployments[name] = Deployment(
            replace(entry.provider, prices=facts.prices, api_key=None), entry.key_variable, facts.context_tokens
        )
    standings = [one for one in latest_standings(places.stored) if one.simulated == table.simulated]
    versions = {"llm-harness": __version__, "litellm price table": catalogue.id}
    return Export(table, deployments, tuple(standings), versions)


def render(found: Export, target: str) -> str:
    """The text of a target's file. Raises WrongUse for a target that is not known."""
    if target not in TARGETS:
        raise WrongUse(f"there is no target '{target}'; there are {', '.join(TARGETS)}")
    return TARGETS[target].render(found)
