"""What routes are chosen for."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import WrongUse
from harness.stats import PRIOR_MASS

NAMES = ("quality",)


@dataclass(frozen=True, slots=True)
class Objective:
    """What counts as better, and how sure one must be of it.

    `margin`: by how much more than the incumbent a challenger's quality must be (0…1; 0.02 is two points). `confidence`: the
    posterior probability from which on traffic shifts, or stays for good. `prior_mass`: how many imagined cases a prior weighs.

    Raises:
        WrongUse: a value is out of range, or the objective is not known.
    """

    name: str = "quality"
    margin: float = 0.0
    confidence: float = 0.8
    prior_mass: float = PRIOR_MASS

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise WrongUse(f"the objective {self.name!r} is not known; there is {', '.join(NAMES)}")
        if not 0 <= self.margin < 1:
            raise WrongUse(
                f"a margin of {self.margin} makes no sense: it is a difference in quality, from 0 to below 1"
            )
        if not 0.5 < self.confidence < 1:
            raise WrongUse(
                f"a confidence of {self.confidence} makes no sense: it is a probability above 0.5 and below 1"
            )
        if not self.prior_mass >= 1:
            raise WrongUse(f"a prior mass of {self.prior_mass} makes no sense: it is a number of cases, at least 1")
