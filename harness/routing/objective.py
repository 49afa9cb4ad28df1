"""What routes are chosen for."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import WrongUse
from harness.stats import PRIOR_MASS

NAMES = ("quality", "cost", "latency", "balanced", "dollars")

FLOOR_CONFIDENCE = 0.9
"""How sure one must be that a cheaper provider keeps the quality floor: a promise is held to more than a preference."""

SLO_SHARE = 0.95
"""The share of a provider's requests that has to be within a limit of seconds."""

CHEAPEST_USD, DEAREST_USD = 1e-5, 1.0
"""A call's cost that scores 1 and 0 under the balanced objective, on a log scale. Fixed: whoever else is there changes no score."""

COST_SHARE, QUALITY_SHARE = 0.6, 0.4
"""What cost and quality weigh under the balanced objective."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What counts as better, and how sure one must be of it.

    - `quality`: the share of cases solved.
    - `cost`: the cheapest that keeps the quality floor, at most `floor` under the best single provider and under the incumbent.
    - `latency`: quality, among those that answer within `slo_s` and `slo_ttft_s` (95 % of the requests). With the other objectives these
      are limits as well.
    - `balanced`: 60 % cost and 40 % quality; cost by its logarithm between $0.00001 and $1 a call.
    - `dollars`: `solved_usd` for each solved task, less its cost, less `second_usd` for each second of waiting.

    `margin`: by how much more than the incumbent a challenger must be worth: in quality (0…1; 0.02 is two points), for cost the share
    saved, for balanced the score, for dollars USD a task. `confidence`: the posterior probability from which on traffic shifts, or stays for
    good. `prior_mass`: how many imagined cases a prior weighs. `half_life_days`: after so many days half of the evidence still counts.

    Raises:
        WrongUse: a value is out of range, or missing for this objective, or the objective is not known.
    """

    name: str = "quality"
    margin: float = 0.0
    confidence: float = 0.8
    prior_mass: float = PRIOR_MASS
    floor: float = 0.02
    slo_s: float | None = None
    slo_ttft_s: float | None = None
    solved_usd: float | None = None
    second_usd: float = 0.0
    half_life_days: float = 30.0

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise WrongUse(f"the objective {self.name!r} is not known; there is {', '.join(NAMES)}")
        for wrong, text in self._out_of_range():
            if wrong:
                raise WrongUse(text)
        if self.name == "latency" and not self.limits:
            raise WrongUse(
                "latency is a limit, not a goal: say how long a reply may take (--slo SECONDS, or --slo-ttft SECONDS)"
            )
        if self.name == "dollars" and self.solved_usd is None:
            raise WrongUse("for the objective dollars say what a solved task is worth (--solved-usd USD)")

    def _out_of_range(self) -> list[tuple[bool, str]]:
        seconds = [one for one in (self.slo_s, self.slo_ttft_s) if one is not None]
        money = [self.second_usd, *([] if self.solved_usd is None else [self.solved_usd])]
        return [
            (not 0 <= self.margin < 1, f"a margin of {self.margin} makes no sense: it is a difference, from 0 to below 1"),
            (not 0.5 < self.confidence < 1, f"a confidence of {self.confidence} makes no sense: it is a probability above 0.5 and below 1"),
            (not self.prior_mass >= 1, f"a prior mass of {self.prior_mass} makes no sense: it is a number of cases, at least 1"),
            (not 0 <= self.floor < 1, f"a quality floor of {self.floor} makes no sense: it is how much quality may be lost, from 0 to below 1"),
            (any(not 0 < one < float("inf") for one in seconds), "a limit of latency is a number of seconds above 0"),
            (any(not 0 <= one < float("inf") for one in money) or self.solved_usd == 0, "the value of a solved task and the price of a second are amounts of USD, not below 0"),
            (not 0 < self.half_life_days < float("inf"), f"a half-life of {self.half_life_days} days makes no sense: it is above 0"),
        ]  # fmt: skip

    @property
    def limits(self) -> dict[str, float]:
        """The limits in seconds, by the column that they hold for."""
        said = {"latency_s": self.slo_s, "ttft_s": self.slo_ttft_s}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def needs_costs(self) -> bool:
        """Whether nothing can be said of a provider whose cost is unknown."""
        return self.name in {"cost", "balanced", "dollars"}

    @property
    def needs_seconds(self) -> bool:
        """Whether seconds have a price."""
        return self.name == "dollars" and self.second_usd > 0

    @property
    def terms(self) -> dict[str, float]:
        """What it was told beside margin, confidence and prior mass, as far as it matters to it."""
        said = {
            "floor": self.floor if self.name == "cost" else None,
            "slo_s": self.slo_s,
            "slo_ttft_s": self.slo_ttft_s,
            "solved_usd": self.solved_usd if self.name == "dollars" else None,
            "second_usd": self.second_usd if self.name == "dollars" else None,
            "half_life_days": self.half_life_days,
        }
        return {name: float(value) for name, value in said.items() if value is not None}
