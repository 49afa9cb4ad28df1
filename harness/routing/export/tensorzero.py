"""TensorZero: `tensorzero.toml`, a function for each capability whose variants are our providers, sampled by a static experiment.

Weights are normalised there; a variant that is not a candidate gets no traffic, and is a fallback instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w

from harness.routing.export.plan import Deployment, Export, shares

KINDS: Mapping[str, str] = {
    "openai": "openai", "anthropic": "anthropic", "groq": "groq", "together_ai": "together", "mistral": "mistral", "xai": "xai",
    "deepseek": "deepseek", "openrouter": "openrouter", "fireworks_ai": "fireworks", "gemini": "google_ai_studio_gemini", "azure": "azure",
}  # fmt: skip
"""TensorZero's types of provider by litellm's names; any other is taken for an endpoint that speaks OpenAI's protocol."""


def render(export: Export) -> str:
    """The file, with its functions, models and providers."""
    functions = {
        route.capability: {
            "type": "chat",
            "variants": {one.name: {"type": "chat_completion", "model": one.name} for one in export.used()},
            "experimentation": {
                "type": "static",
                "candidate_variants": shares(route),
                "fallback_variants": [one.name for one in export.used() if one.name not in shares(route)],
            },
        }
        for route in export.table.routes
    }
    models = {one.name: {"routing": [one.name], "providers": {one.name: _provider(one)}} for one in export.used()}
    return f"# {export.provenance}\n{tomli_w.dumps({'functions': functions, 'models': models})}"


def _provider(one: Deployment) -> dict[str, Any]:
    kind = KINDS.get(one.kind, "openai")
    named = {"azure": "deployment_id"}.get(kind, "model_name")
    address = {"azure": "endpoint", "openai": "api_base"}.get(kind)
    return {
        "type": kind,
        named: one.model,
        **({address: one.provider.base_url} if address and one.provider.base_url else {}),
        "api_key_location": f"env::{one.key_variable}" if one.key_variable else "none",
    }
