"""A row of litellm's table → Prices.

The row has a price for each class of tokens, and for longer prompts either keys such as `input_cost_per_token_above_200k_tokens`, whose unsaid
classes cost what they did, or a list `tiered_pricing` with ranges, whose unsaid classes cost what input does. Prices of batches and of
service tiers (`_batches`, `_priority`, `_flex`, …) are left out: nothing here asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from harness.ask import Prices, PriceTier

_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "input": "input_cost_per_token",
        "output": "output_cost_per_token",
        "cached_input": "cache_read_input_token_cost",
        "cache_write": "cache_creation_input_token_cost",
        "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
        "reasoning": "output_cost_per_reasoning_token",
    }
)
"""Our word for a class of tokens and litellm's."""

_ABOVE = re.compile(rf"({'|'.join(_CLASSES.values())})_above_(\d+)(k?)_tokens")
_REACHED_COUNTS = frozenset({"xai"})  # there a tier begins at its threshold, elsewhere one token later
_USUAL_SHARE_OF_CACHED: Mapping[str, float] = MappingProxyType({"fireworks_ai": 0.5})
"""What cached input costs, as a share of input, where the provider has one rule for all models that it says nothing else of."""


def prices_of(row: Mapping[str, Any], price_id: str) -> Prices:
    """The prices of a row; none at all where it prices no token, or says 0 for all."""
    provider = str(row.get("litellm_provider"))
    base, tiers = _classes(row), _above(row, provider)
    if ranges := _ranges(row):
        base, tiers = _by_range(base, ranges)
    if base["input"] == base["output"] == 0 and provider != "ollama":
        return Prices()  # the table writes 0 where no price is published; only on one's own machine it means 0
    if base["input"] is None and base["output"] is None:
        return Prices()
    share = _USUAL_SHARE_OF_CACHED.get(provider)
    if share and base["cached_input"] is None and base["input"] is not None:
        base["cached_input"] = base["input"] * share
    return Prices(**base, id=price_id, tiers=tiers, varies="off_peak_pricing" in row)


def _classes(row: Mapping[str, Any]) -> dict[str, float | None]:
    return {ours: _usd(row.get(theirs)) for ours, theirs in _CLASSES.items()}


def _above(row: Mapping[str, Any], provider: str) -> tuple[PriceTier, ...]:
    tiers: dict[int, PriceTier] = {}
    ours = {theirs: name for name, theirs in _CLASSES.items()}
    for key, value in row.items():
        found = _ABOVE.fullmatch(key)
        if found is None or value is None:
            continue
        above = int(found[2]) * (1000 if found[3] else 1) - (provider in _REACHED_COUNTS)
        change: dict[str, Any] = {ours[found[1]]: _usd(value)}
        tiers[above] = replace(tiers.get(above) or PriceTier(above), **change)
    return tuple(tiers[above] for above in sorted(tiers))


def _ranges(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    said = row.get("tiered_pricing")
    ranges = [one for one in said if len(one.get("range") or ()) == 2] if isinstance(said, list) else []
    return sorted(ranges, key=lambda one: float(one["range"][0]))


def _by_range(
    flat: Mapping[str, float | None], ranges: list[Mapping[str, Any]]
) -> tuple[dict[str, float | None], tuple[PriceTier, ...]]:
    """The first range's prices, and those of the others. What a range does not say is never taken from the one before it."""
    each = [_classes(one) for one in ranges]
    for one in each:
        if one["output"] is None:
            one.update(output=flat["output"], reasoning=flat["reasoning"])
    first, *rest = each
    for one in rest:
        for name, instead in (("cached_input", "input"), ("cache_write", "input"), ("reasoning", "output")):
            if one[name] is None and first[name] is not None:
                one[name] = one[instead]
    tiers = [
        PriceTier(int(one["range"][0]), **prices)
        for one, prices in zip(ranges[1:], rest, strict=True)
        if prices["input"]
    ]
    return first, tuple(tiers)


def _usd(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
