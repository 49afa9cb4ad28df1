"""`weights.json`: the routes and all that they rest on, for whoever reads neither TOML nor a target of ours. Its JSON Schema is generated here."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from typing import Any, get_args

from harness.judged import Decision, Estimate, Route, Standing, Status
from harness.routing.export.plan import Export
from harness.routing.file import address

VERSION = 1

_TEXT = {"type": "string", "minLength": 1}
_NUMBER, _SHARE = {"type": "number"}, {"type": "number", "minimum": 0, "maximum": 1}
_COUNT = {"type": "integer", "minimum": 0}


def render(export: Export) -> str:
    """The file as JSON, sorted where its order says nothing."""
    table = export.table
    found = {
        "schema": VERSION,
        "id": address(table),
        "parent": table.parent,
        "status": table.status,
        "created": table.created.astimezone(UTC).isoformat(),
        "simulated": table.simulated,
        "objective": {"name": table.objective, "margin": table.margin, "confidence": table.confidence, **dict(table.terms)},
        "prior_mass": table.prior_mass,
        "runs": list(table.run_ids),
        "suites": dict(sorted(table.suite_hashes.items())),
        "prices": list(table.price_ids),
        "versions": dict(sorted(export.versions.items())),
        "capabilities": {route.capability: _capability(export, route) for route in table.routes},
    }  # fmt: skip
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _capability(export: Export, route: Route) -> dict[str, Any]:
    names = {*route.weights, *([route.challenger] if route.challenger else [])}
    names |= {one.provider for one in export.standings if one.capability == route.capability}
    evidence = asdict(route.difference) if route.difference else None
    return {
        "decision": route.decision,
        "incumbent": route.incumbent,
        "challenger": route.challenger,
        "probability": route.probability,
        "paired_difference": evidence,
        "n_needed": route.n_needed,
        "why": route.why,
        "providers": {
            name: {"weight": route.weights.get(name, 0.0), **_measured(export.standing(name, route.capability))}
            for name in sorted(names)
        },
    }


def _measured(one: Standing | None) -> dict[str, Any]:
    if one is None:
        return {}
    said = {
        "n": one.n_scored,
        "score_mean": one.quality.value if one.quality else None,
        "score_ci95": _interval(one.quality),
        "score_shrunk": one.shrunk_quality,
        "cost_per_call_usd": one.cost_per_call,
        "cost_per_solved_usd": one.cost_per_solved,
        "latency_p50_s": one.latency.p50.value if one.latency.p50 else None,
        "latency_p95_s": one.latency.p95.value if one.latency.p95 else None,
        "ttft_p50_s": one.ttft.p50.value if one.ttft.p50 else None,
        "fail_rate": 1 - one.reliability.value if one.reliability else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _interval(one: Estimate | None) -> list[float] | None:
    return None if one is None or one.low is None or one.high is None else [one.low, one.high]


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of weights.json."""
    measured = {
        "weight": {**_SHARE, "description": "share of the capability's traffic; the shares sum to 1"},
        "n": {**_COUNT, "description": "scored cases"},
        "score_mean": _SHARE,
        "score_ci95": {"type": "array", "items": _SHARE, "minItems": 2, "maxItems": 2},
        "score_shrunk": {**_SHARE, "description": "pulled toward the provider's mean over all capabilities"},
        **{name: {"type": "number", "minimum": 0} for name in
           ("cost_per_call_usd", "cost_per_solved_usd", "latency_p50_s", "latency_p95_s", "ttft_p50_s")},
        "fail_rate": _SHARE,
    }  # fmt: skip
    difference = _object({"value": _NUMBER, "n": _COUNT, "low": _or_null(_NUMBER), "high": _or_null(_NUMBER)})
    capability = {
        "decision": {"enum": list(get_args(Decision))},
        "incumbent": _TEXT,
        "challenger": _or_null(_TEXT),
        "probability": _or_null(_SHARE),
        "paired_difference": _or_null(difference),
        "n_needed": _or_null(_COUNT),
        "why": {"type": "string"},
        "providers": {"type": "object", "additionalProperties": _object(measured, ("weight",)), "minProperties": 1},
    }
    texts = {"type": "array", "items": _TEXT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "weights.json",
        "description": "Routing weights with the evidence they rest on. Written by harness export weights.",
        **_object(
            {
                "schema": {"const": VERSION},
                "id": {**_TEXT, "description": "content address of the routes"},
                "parent": _or_null(_TEXT),
                "status": {"enum": list(get_args(Status))},
                "created": {"type": "string", "format": "date-time"},
                "simulated": {"type": "boolean"},
                "objective": {"type": "object", "required": ["name", "margin", "confidence"]},
                "prior_mass": {"type": "number", "minimum": 1},
                "runs": texts,
                "suites": {"type": "object", "additionalProperties": _TEXT},
                "prices": texts,
                "versions": {"type": "object", "additionalProperties": _TEXT},
                "capabilities": {"type": "object", "additionalProperties": _object(capability)},
            }
        ),
    }


def _object(properties: dict[str, Any], required: tuple[str, ...] | None = None) -> dict[str, Any]:
    names = list(properties) if required is None else list(required)
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _or_null(form: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [form, {"type": "null"}]}
