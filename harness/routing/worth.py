"""What a challenger is worth beside the incumbent, in the objective's own unit, and whether it keeps the objective's limits."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.routing.asked import Sides, keeps, normal
from harness.routing.evidence import Evidence
from harness.routing.objective import (
    CHEAPEST_USD,
    COST_SHARE,
    DEAREST_USD,
    FLOOR_CONFIDENCE,
    QUALITY_SHARE,
    SLO_SHARE,
    Objective,
)
from harness.stats import Posterior

SPAN = math.log(DEAREST_USD / CHEAPEST_USD)


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether a provider keeps what the objective demands of everybody: `yes` or `no` with enough probability, otherwise `open`.

    `why` goes on after its name, `short` names what it breaks. `needed`: how many more cases would tell; None: not known, or too many.
    """

    keeps: Literal["yes", "open", "no"] = "yes"
    why: str = ""
    needed: int | None = None
    short: str = ""


FIT = Fitness()


def cheapness(usd: float) -> float:
    """1 for a call of `CHEAPEST_USD` or less, 0 for one of `DEAREST_USD` or more, by the logarithm of its cost between."""
    return 1.0 - math.log(min(max(usd, CHEAPEST_USD), DEAREST_USD) / CHEAPEST_USD) / SPAN


def worth(
    evidence: Evidence, objective: Objective, capability: str, quality: Posterior, pair: tuple[str, str]
) -> Posterior | str:
    """What is believed of challenger − incumbent (`pair`) in the objective's unit; a text says why nothing can be.

    `quality` is the same in quality. Costs and seconds are of the cases that both have; their errors add to that of quality.
    """
    cost = evidence.asked.cost(capability, *pair) if objective.needs_costs else None
    wait = evidence.asked.wait(capability, *pair) if objective.needs_seconds else None
    if objective.needs_costs and cost is None:
        return f"shares no case of known cost with {pair[1]}"
    if objective.needs_seconds and (wait is None or not all(map(evidence.asked.is_timed, pair))):
        return f"shares no timed case with {pair[1]}, or the harness was saturated"
    if objective.name == "cost" and cost is not None:
        return _saving(cost)
    if objective.name == "balanced" and cost is not None:
        shift, slope = cheapness(cost.challenger) - cheapness(cost.incumbent), _slope(cost)
        return _moved(quality, QUALITY_SHARE, COST_SHARE * shift, COST_SHARE * slope * cost.error)
    if objective.name == "dollars" and cost is not None and objective.solved_usd is not None:
        spent, errors = cost.challenger - cost.incumbent, [cost.error]
        if objective.needs_seconds and wait is not None:
            spent += objective.second_usd * (wait.challenger - wait.incumbent)
            errors.append(objective.second_usd * wait.error)
        return _moved(quality, objective.solved_usd, -spent, math.hypot(*errors))
    return quality


def overall(evidence: Evidence, objective: Objective, provider: str) -> float:
    """What a provider is worth over all its cases, in the objective's unit: quality is pulled toward 0.5; −∞ where a cost is not known."""
    quality = evidence.rated(provider, objective.prior_mass)
    cost = evidence.cost_per_call[provider]
    if objective.name == "balanced":
        return QUALITY_SHARE * quality + COST_SHARE * cheapness(cost) if math.isfinite(cost) else -math.inf
    if objective.name == "dollars":
        seconds = evidence.seconds_per_call(provider) if objective.needs_seconds else 0.0
        return (objective.solved_usd or 0.0) * quality - cost - objective.second_usd * seconds
    return quality


def fitness(
    evidence: Evidence, objective: Objective, capability: str, provider: str, references: Collection[str]
) -> Fitness:
    """Whether a provider is reliable, keeps the limits of latency, and under the objective cost the floor below each of `references`."""
    if not evidence.is_reliable(provider):
        return Fitness("no", f"answers at most {100 * evidence.reliable_at_most[provider]:.0f} % of its trials")
    found = [_limit(evidence, objective, capability, provider, column) for column in objective.limits]
    if objective.name == "cost":
        found += [_floor(evidence, objective, capability, provider, one) for one in references if one != provider]
    order = {"no": 0, "open": 1, "yes": 2}
    return min(found, key=lambda one: order[one.keeps], default=FIT)


def _limit(evidence: Evidence, objective: Objective, capability: str, provider: str, column: str) -> Fitness:
    limit = objective.limits[column]
    if not evidence.asked.is_timed(provider):
        share = 100 * evidence.asked.saturated[provider]
        return Fitness("open", f"was timed while the harness was saturated ({share:.0f} % of its calls)")
    kept, n = evidence.asked.within(capability, provider, column, limit)
    what = "begins" if column == "ttft_s" else "ends"
    why = f"{what} its reply within {limit:g} s for {kept:,} of {n:,} requests"
    return _told(keeps(kept, n, SLO_SHARE), objective.confidence, 1 - objective.confidence, why)


def _floor(evidence: Evidence, objective: Objective, capability: str, provider: str, reference: str) -> Fitness:
    posterior = evidence.posterior(capability, provider, reference, objective.prior_mass)
    if posterior is None:
        return Fitness("open", f"shares no scored case with {reference}")
    sure = posterior.probability(-objective.floor)
    why = f"is within {100 * objective.floor:g} points of {reference} with a probability of {sure:.2f}"
    told = _told(sure, FLOOR_CONFIDENCE, 1 - objective.confidence, why)
    needed = posterior.needed(-objective.floor, FLOOR_CONFIDENCE) if told.keeps == "open" else None
    return Fitness(told.keeps, why, needed, "below the floor")


def _told(probability: float, enough: float, too_little: float, why: str) -> Fitness:
    return Fitness("yes" if probability >= enough else "no" if probability <= too_little else "open", why)


def _saving(cost: Sides) -> Posterior:
    """The share of the incumbent's cost that is saved; a free incumbent leaves nothing to save."""
    if cost.incumbent <= 0:
        return normal(-1.0 if cost.challenger > 0 else 0.0, 1e-6, cost.n)
    return normal(1 - cost.challenger / cost.incumbent, cost.error / cost.incumbent, cost.n)


def _slope(cost: Sides) -> float:
    """How much the score changes with a USD, at the cheaper of the two."""
    return 1 / (SPAN * max(min(cost.challenger, cost.incumbent), CHEAPEST_USD))


def _moved(quality: Posterior, factor: float, shift: float, error: float) -> Posterior:
    return Posterior(
        n=quality.n,
        variance=factor**2 * quality.variance + quality.n * error**2,
        weights=quality.weights,
        means=factor * quality.means + shift,
        sds=np.hypot(factor * quality.sds, error),
    )
