"""OpenRouter: the fields of a request for each capability. It has no weights: an order of models and limits, and `split` for whoever draws the first one.

`models` falls back in order. `max_price` (USD for a million tokens) keeps a request from costing more than the dearest of our own providers does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.judged import Route
from harness.routing.export.plan import Deployment, Export, shares


def render(export: Export) -> str:
    """One object: by capability `request`, the fields to send, and `split`, the shares of the first model."""
    found = {
        "provenance": export.provenance,
        "capabilities": {route.capability: _capability(export, route) for route in export.table.routes},
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _capability(export: Export, route: Route) -> dict[str, Any]:
    members = {name: export.deployments[name] for name in shares(route)}
    provider: dict[str, Any] = {"allow_fallbacks": True, "require_parameters": True}
    if price := _most(list(members.values())):
        provider["max_price"] = price
    return {
        "request": {"models": [_slug(one) for one in members.values()], "provider": provider},
        "split": {_slug(members[name]): weight for name, weight in shares(route).items()},
    }


def _slug(one: Deployment) -> str:
    """OpenRouter's name of a model: "author/model", which a model of theirs has already."""
    return one.model if "/" in one.model else f"{ {'gemini': 'google'}.get(one.kind, one.kind) }/{one.model}"


def _most(members: Sequence[Deployment]) -> dict[str, float]:
    prices = {"prompt": [one.prices.input for one in members], "completion": [one.prices.output for one in members]}
    known = {side: [one for one in mine if one is not None] for side, mine in prices.items()}
    return {side: round(1e6 * max(mine), 9) for side, mine in known.items() if len(mine) == len(members)}
