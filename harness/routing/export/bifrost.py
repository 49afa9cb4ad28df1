"""Bifrost: `config.json` with a virtual key for each capability, whose provider configs carry the weights.

An empty list of models denies all, so each names its own; a provider's key is named by its variable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.judged import Route
from harness.routing.export.plan import Deployment, Export, shares

NAMES: Mapping[str, str] = {"together_ai": "together", "ollama_chat": "ollama"}
"""Bifrost's names where they are not litellm's."""


def render(export: Export) -> str:
    """The config as JSON."""
    providers: dict[str, Any] = {}
    for one in export.used():
        kept = providers.setdefault(_name(one), {"keys": []})
        key = {"name": one.name, "value": f"env.{one.key_variable}" if one.key_variable else "", "models": [one.model]}
        kept["keys"].append({**key, "weight": 1.0})
        if one.provider.base_url:
            kept["network_config"] = {"base_url": one.provider.base_url}
    config = {
        "$schema": "https://www.getbifrost.ai/schema",
        "providers": providers,
        "governance": {"virtual_keys": [_virtual_key(export, route) for route in export.table.routes]},
        "config_store": {"enabled": False},
    }
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def _virtual_key(export: Export, route: Route) -> dict[str, Any]:
    configs = [
        {
            "provider": _name(export.deployments[name]),
            "weight": weight,
            "allowed_models": [export.deployments[name].model],
            "key_ids": [name],
        }
        for name, weight in shares(route).items()
    ]
    return {
        "id": f"llm-harness-{route.capability}",
        "name": route.capability,
        "description": export.provenance,
        "is_active": True,
        "provider_configs": configs,
    }


def _name(one: Deployment) -> str:
    return NAMES.get(one.kind, one.kind)
