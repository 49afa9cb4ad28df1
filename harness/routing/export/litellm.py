"""LiteLLM's proxy: `config.yaml`, which `litellm.Router(model_list=…)` reads as well.

A model group for each capability, with a weight on every sibling, as one without a weight gets nothing; only `simple-shuffle` reads weights.
`order` is not written: only the lowest that is there would get traffic. Then a group for each provider alone, to which requests fall back, and the group
`auto`: LiteLLM's `heuristic_v2` chooses one of four tiers by what was measured, with our providers from the cheapest to the best as tiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.document import write_yaml
from harness.judged import Standing
from harness.routing.export.plan import Deployment, Export, shares

TIERS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
ENOUGH = 0.8
"""The probability of success from which on `auto` takes a tier."""

REQUEST_TYPES: Mapping[str, str] = {
    "code": "code_generation",
    "arithmetic": "analytical_reasoning",
    "math": "analytical_reasoning",
    "reasoning": "analytical_reasoning",
    "facts": "factual_lookup",
    "multilingual": "writing",
    "writing": "writing",
}
"""Which of LiteLLM's types of request a capability is; any other is general."""


def render(export: Export) -> str:
    """The whole file."""
    groups = [
        _entry(route.capability, export.deployments[name], weight, route.capability)
        for route in export.table.routes
        for name, weight in shares(route).items()
    ]
    capabilities = {route.capability for route in export.table.routes}
    alone = [_entry(one.name, one) for one in export.used() if one.name not in capabilities]
    found: dict[str, Any] = {"model_list": [*groups, *alone, *_auto(export, capabilities)]}
    names = [one.name for one in export.used() if one.name not in capabilities]
    found["router_settings"] = {
        "routing_strategy": "simple-shuffle",
        "enable_weighted_failover": True,
        "num_retries": max((one.provider.retries.max_retries for one in export.used()), default=0),
        "fallbacks": [
            {route.capability: order}
            for route in export.table.routes
            if (order := _order(export, shares(route), names))
        ],
    }
    return f"# {export.provenance}\n{write_yaml(found)}"


def _order(export: Export, weights: Mapping[str, float], names: Sequence[str]) -> list[str]:
    """Who is asked when a group fails: first its own members by weight, then the others by measured quality."""

    def rank(name: str) -> tuple[float, float, str]:
        standing = export.standing(name)
        return -weights.get(name, 0.0), -(standing.shrunk_quality or 0.0) if standing else 0.0, name

    return sorted((name for name in names if set(weights) != {name}), key=rank)  # who is alone in it has failed already


def _entry(group: str, one: Deployment, weight: float | None = None, capability: str | None = None) -> dict[str, Any]:
    provider, prices = one.provider, one.prices
    said: dict[str, Any] = {
        "model": provider.model,
        "api_key": f"os.environ/{one.key_variable}" if one.key_variable else None,
        "api_base": provider.base_url,
        "weight": weight,
        "rpm": provider.limits.rpm,
        "tpm": provider.limits.tpm,
        "max_parallel_requests": provider.limits.max_concurrency,
        "timeout": provider.deadlines.total_s,
        "stream_timeout": provider.deadlines.first_token_s,
        "max_retries": 0,
        "input_cost_per_token": prices.input,
        "output_cost_per_token": prices.output,
        "cache_read_input_token_cost": prices.cached_input,
        "drop_params": True if provider.drop_params else None,
        **provider.params,
    }
    return {
        "model_name": group,
        "litellm_params": {name: value for name, value in said.items() if value is not None},
        "model_info": {"id": f"{capability}::{one.name}" if capability else one.name},
    }


def _auto(export: Export, taken: set[str]) -> list[dict[str, Any]]:
    """The group that chooses by the prompt; none where nothing was measured, or somebody else has its name."""
    measured = [
        (one, standing) for one in export.used() if (standing := export.standing(one.name)) and standing.quality
    ]
    measured = [
        (one, standing) for one, standing in measured if standing.cost_per_call is not None and one.name not in taken
    ]
    if not measured or "auto" in taken | {one.name for one in export.used()}:
        return []
    ladder = _ladder([standing for _, standing in measured])
    tiers = [ladder[round(number * (len(ladder) - 1) / 3)] for number in range(4)]
    config = {
        "classifier_type": "heuristic_v2",
        "heuristic_v2_success_threshold": ENOUGH,
        "tiers": dict(zip(TIERS, (one.provider for one in tiers), strict=True)),
        "heuristic_v2_artifact": _artifact(export, tiers),
    }
    params = {"model": "auto_router/complexity_router", "complexity_router_config": config}
    params["complexity_router_default_model"] = tiers[-1].provider
    return [{"model_name": "auto", "litellm_params": params, "model_info": {"id": "auto"}}]


def _ladder(standings: Sequence[Standing]) -> list[Standing]:
    """From the cheapest to the best: each is better than all that are cheaper."""
    found: list[Standing] = []
    for one in sorted(standings, key=lambda one: (one.cost_per_call or 0.0, one.provider)):
        if not found or _rate(one) > _rate(found[-1]):
            found.append(one)
    return found


def _rate(one: Standing) -> float:
    return one.quality.value if one.quality else 0.0


def _artifact(export: Export, tiers: Sequence[Standing]) -> dict[str, Any]:
    definition = "mean score of the scored cases"
    domains: dict[tuple[int, str], list[float]] = {}
    for number, tier in enumerate(tiers, 1):
        for one in export.standings:
            if one.provider == tier.provider and one.capability in REQUEST_TYPES and one.quality:
                kept = domains.setdefault((number, REQUEST_TYPES[one.capability]), [0.0, 0.0])
                kept[0] += one.quality.value * one.quality.n
                kept[1] += one.quality.n
    return {
        "schema_version": 1,
        "global_statistics": [{"tier": number, **_counts(one)} for number, one in enumerate(tiers, 1)],
        "domain_statistics": [
            {"tier": tier, "request_type": kind, "successes": round(good, 6), "observations": n}
            for (tier, kind), (good, n) in sorted(domains.items())
        ],
        "routing_threshold": ENOUGH,
        "datasets": [
            {"name": name, "url": f"suite:{digest}", "license": "internal", "rows": max(1, _rows(tiers)), "success_definition": definition}
            for name, digest in sorted(export.table.suite_hashes.items())
        ],
        "success_definition": definition,
        "split_method": "all measured cases; held-out figures by `harness verify`",
    }  # fmt: skip


def _counts(one: Standing) -> dict[str, float]:
    n = one.quality.n if one.quality else 0
    return {"successes": round(_rate(one) * n, 6), "observations": float(n)}


def _rows(tiers: Sequence[Standing]) -> int:
    return sum(one.n_scored for one in {one.provider: one for one in tiers}.values())
