"""Routes in the files of those who send the traffic: a family, one file for each target, each a `render(Export) -> str`.

Of a target's own rules what matters is in its file: a sibling without a weight gets no traffic in LiteLLM and weight 1 in Envoy and Portkey, so every
sibling has one. Keys are named, never written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.routing.export import bifrost, envoy, litellm, openrouter, portkey, tensorzero, vllm, weights
from harness.routing.export.plan import Deployment, Export
from harness.routing.export.weights import schema as weights_schema


@dataclass(frozen=True, slots=True)
class Target:
    """Whose file it is, what it is usually called, and who makes it."""

    file: str
    render: Callable[[Export], str]


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "weights": Target("weights.json", weights.render),
        "litellm": Target("litellm.yaml", litellm.render),
        "openrouter": Target("openrouter.json", openrouter.render),
        "envoy": Target("envoy.yaml", envoy.render),
        "portkey": Target("portkey.json", portkey.render),
        "tensorzero": Target("tensorzero.toml", tensorzero.render),
        "vllm": Target("vllm-semantic-router.yaml", vllm.render),
        "bifrost": Target("bifrost.json", bifrost.render),
    }
)

__all__ = ["TARGETS", "Deployment", "Export", "Target", "weights_schema"]
