"""vLLM Semantic Router: its configuration v0.3, as far as routes and measurements say something of it.

It knows no weights: a decision for each of its domains names the models, the best one first, and takes that one (vllm-sr 0.4 refuses a `quality_score`
and reads over a domain's `model_scores`, which 0.3 goes by). Domains have to be its own categories (MMLU-Pro's); capabilities without one are `other`.
A score of 0 means unknown there, so what was not measured is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.document import write_yaml
from harness.judged import Route
from harness.routing.export.plan import Deployment, Export, shares

DOMAINS: Mapping[str, str] = {
    "arithmetic": "math", "math": "math", "code": "computer science", "biology": "biology", "business": "business",
    "chemistry": "chemistry", "economics": "economics", "engineering": "engineering", "health": "health", "history": "history",
    "law": "law", "philosophy": "philosophy", "physics": "physics", "psychology": "psychology",
}  # fmt: skip
"""The router's category of a capability."""


def render(export: Export) -> str:
    """The file: what models there are, how good each is in each domain, where it is served."""
    best: dict[str, dict[str, float]] = {}
    for route in export.table.routes:
        kept = best.setdefault(DOMAINS.get(route.capability, "other"), {})
        for name, score in _scores(export, route).items():
            kept[name] = max(kept.get(name, 0.0), score)
    config = {
        "version": "v0.3",
        "providers": {"models": [_model(one) for one in export.used()]},
        "routing": {
            "modelCards": [_card(one) for one in export.used()],
            "signals": {"domains": [_domain(name, best[name]) for name in sorted(best)]},
            "decisions": [_decision(name, best[name]) for name in sorted(best)],
        },
    }
    return f"# {export.provenance}\n{write_yaml(config)}"


def _scores(export: Export, route: Route) -> dict[str, float]:
    """Measured quality of those with a share; who gets most is never below the others, or the router would take another."""
    found = {}
    for name in shares(route):
        standing = export.standing(name, route.capability)
        if standing and standing.shrunk_quality:
            found[name] = round(standing.shrunk_quality, 6)
    first = next(iter(shares(route)))
    if found:
        found[first] = max(found.values())
    return found


def _card(one: Deployment) -> dict[str, Any]:
    card: dict[str, Any] = {"name": one.name}
    if one.context_tokens:
        card["context_window_size"] = one.context_tokens
    return card


def _domain(name: str, scores: Mapping[str, float]) -> dict[str, Any]:
    ordered = sorted(scores, key=lambda one: (-scores[one], one))
    listed = [{"model": one, "score": scores[one], "use_reasoning": False} for one in ordered]
    return {"name": name, "description": name, "mmlu_categories": [name], "model_scores": listed}


def _decision(name: str, scores: Mapping[str, float]) -> dict[str, Any]:
    return {
        "name": f"{name.replace(' ', '_')}_route",
        "description": f"requests of the domain {name}",
        "priority": 10 if name == "other" else 100,
        "algorithm": {"type": "static"},
        "rules": {"operator": "AND", "conditions": [{"type": "domain", "name": name}]},
        "modelRefs": [
            {"model": one, "use_reasoning": False} for one in sorted(scores, key=lambda one: (-scores[one], one))
        ],
    }


def _model(one: Deployment) -> dict[str, Any]:
    prices = one.prices
    pricing = {"currency": "USD", "prompt_per_1m": prices.input, "completion_per_1m": prices.output}
    model: dict[str, Any] = {"name": one.name, "provider_model_id": one.model}
    if prices.input is not None and prices.output is not None:
        model["pricing"] = {k: v if isinstance(v, str) else round(1e6 * (v or 0.0), 9) for k, v in pricing.items()}
    if one.provider.base_url:
        model["backend_refs"] = [{"name": one.name, "base_url": one.provider.base_url, "weight": 100}]
    if one.key_variable and "backend_refs" in model:
        model["backend_refs"][0]["api_key_env"] = one.key_variable
    return model
