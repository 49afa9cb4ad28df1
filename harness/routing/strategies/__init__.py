"""The strategies: each one file, each one rule by which a router ranks those who can answer."""

from __future__ import annotations

from collections.abc import Mapping

from harness.registry import StrategyName
from harness.routing.strategies.balanced import balanced
from harness.routing.strategies.contract import Asked, Ranking, Strategy
from harness.routing.strategies.cost import cost, costs
from harness.routing.strategies.manual import manual
from harness.routing.strategies.performance import performance
from harness.routing.strategies.priority import priority
from harness.routing.strategies.quality import quality, quality_of
from harness.routing.strategies.round_robin import round_robin
from harness.routing.strategies.weighted import weighted

STRATEGIES: Mapping[StrategyName, Strategy] = {
    "weighted": weighted,
    "cost": cost,
    "performance": performance,
    "quality": quality,
    "balanced": balanced,
    "round_robin": round_robin,
    "manual": manual,
    "priority": priority,
}

FALLBACKS: Mapping[str, Strategy] = {"priority": priority, "cost": cost, "latency": performance, "weights": weighted}
"""The words of `[fallback] strategy` in providers.toml."""

__all__ = ["FALLBACKS", "STRATEGIES", "Asked", "Ranking", "Strategy", "costs", "performance", "quality_of"]
