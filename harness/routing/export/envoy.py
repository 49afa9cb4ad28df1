"""Envoy AI Gateway: `AIGatewayRoute` of aigateway.envoyproxy.io/v1beta1.

A rule for each capability, matched by the model's name that a client asks for. Weights are whole numbers (a missing one counts as 1); a rule has at most 128
backends, a route at most 15 rules. The backends are `AIServiceBackend`s of our providers' names, which the cluster has to have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.document import write_yaml
from harness.judged import Route
from harness.routing.export.plan import Export, shares, whole

TOTAL, MOST_RULES = 10_000, 15


def render(export: Export) -> str:
    """One document, or several where there are more capabilities than a route has rules."""
    routes = export.table.routes
    parts = [routes[start : start + MOST_RULES] for start in range(0, len(routes), MOST_RULES)]
    return "---\n".join(f"# {export.provenance}\n{write_yaml(_route(export, part, n))}" for n, part in enumerate(parts))


def _route(export: Export, routes: Sequence[Route], number: int) -> dict[str, Any]:
    return {
        "apiVersion": "aigateway.envoyproxy.io/v1beta1",
        "kind": "AIGatewayRoute",
        "metadata": {"name": "llm-harness" + (f"-{number + 1}" if number else "")},
        "spec": {
            "parentRefs": [{"name": "envoy-ai-gateway", "kind": "Gateway", "group": "gateway.networking.k8s.io"}],
            "rules": [_rule(export, route) for route in routes],
        },
    }


def _rule(export: Export, route: Route) -> dict[str, Any]:
    return {
        "matches": [{"headers": [{"type": "Exact", "name": "x-ai-eg-model", "value": route.capability}]}],
        "backendRefs": [
            {"name": resource_name(name), "modelNameOverride": export.deployments[name].model, "weight": weight, "priority": 0}
            for name, weight in whole(shares(route), TOTAL).items()
        ],
    }  # fmt: skip


def resource_name(name: str) -> str:
    """A provider's name as Kubernetes takes it: small letters, digits and hyphens (RFC 1123)."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].rstrip("-") or "provider"
