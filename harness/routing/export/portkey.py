"""Portkey: a gateway config that picks the capability by a request's metadata and balances by weight within it.

A target without a weight counts as 1, so each has one; only shares above 0 are named. `provider` is the slug of Portkey's own catalogue, which holds the key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.judged import Route
from harness.routing.export.plan import Deployment, Export, shares

SLUGS: Mapping[str, str] = {
    "azure": "azure-openai", "gemini": "google", "together_ai": "together-ai", "vertex_ai": "vertex-ai", "ollama_chat": "ollama",
}  # fmt: skip
"""Portkey's names where they are not litellm's."""


def render(export: Export) -> str:
    """The config as JSON. A request says metadata {"capability": …}; any other goes where the first capability goes."""
    routes = export.table.routes
    conditions = [{"query": {"metadata.capability": {"$eq": one.capability}}, "then": one.capability} for one in routes]
    config = {
        "strategy": {
            "mode": "conditional",
            "conditions": conditions,
            "default": routes[0].capability if routes else "",
        },
        "targets": [_target(export, one) for one in routes],
    }
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def _target(export: Export, route: Route) -> dict[str, Any]:
    balanced = [_member(export.deployments[name], weight) for name, weight in shares(route).items()]
    return {"name": route.capability, "strategy": {"mode": "loadbalance"}, "targets": balanced}


def _member(one: Deployment, weight: float) -> dict[str, Any]:
    member: dict[str, Any] = {
        "provider": SLUGS.get(one.kind, one.kind),
        "virtual_key": one.name,
        "weight": weight,
        "override_params": {"model": one.model},
    }
    if one.provider.base_url:
        member["custom_host"] = one.provider.base_url
    return member
