"""Exploration by Thompson sampling: those who may be better than what is known of them get a share of the picks, and its price is stated.

Each provider's quality in a capability is believed to be Beta distributed: by its last standing, as if that were at most `prior_mass` cases, and by live marks. Thompson
sampling draws a quality of each and takes the best, so a provider is taken as often as it is likely to be the best (Thompson, Biometrika 25,
1933; Russo et al., A Tutorial on Thompson Sampling, 2018, section 3). That probability is computed when beliefs change, and mixed into the weights: picks
stay cheap, and their probabilities are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import WrongUse
from harness.routing.known import Candidate
from harness.routing.strategies import costs, quality_of
from harness.stats import PRIOR_MASS

DRAWS = 4_000
"""By so many draws the probability of being the best is computed: to within 1.6 points, 95 % of the time."""


@dataclass(frozen=True, slots=True)
class Explore:
    """`share` of the picks is decided by Thompson sampling, the others as ever. A standing weighs at most as much as `prior_mass` marks.

    With a record the marks of earlier routers in the same place count as well, each half as much after every `half_life_days`.

    Raises:
        WrongUse: a number makes no sense.
    """

    share: float = 0.1
    prior_mass: float = PRIOR_MASS
    half_life_days: float = 30.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise WrongUse(f"a share of {self.share} cannot be explored with: it is above 0, and 1 at most")
        if not self.half_life_days > 0:
            raise WrongUse(f"a half-life of {self.half_life_days} days makes no sense")
        if not self.prior_mass > 0:
            raise WrongUse(f"a prior mass of {self.prior_mass} makes no sense: it is a number of cases above 0")


@dataclass(frozen=True, slots=True)
class Price:
    """What exploring is expected to cost for a capability, by what is believed now.

    `share` of the picks goes to another provider than without it. `quality` is how much worse a reply is on average (0…1; below 0: the strategy does not go by quality, and exploring
    makes replies better). `usd_per_1000` is what a thousand asks cost more, by prices or measured costs; None where these are unknown.
    """

    capability: str | None
    share: float
    quality: float
    usd_per_1000: float | None

    def __str__(self) -> str:
        dollars = (
            "at an unknown price" if self.usd_per_1000 is None else f"and ${self.usd_per_1000:+.4f} for a thousand asks"
        )
        where = f" in '{self.capability}'" if self.capability else ""
        return (
            f"exploring{where} sends {100 * self.share:.1f} % of the asks elsewhere, expected to cost {100 * self.quality:+.2f} points of quality a reply "
            f"{dollars}"
        )


class Beliefs:
    """What is believed of each provider's quality in each capability. `mark` adds one live opinion."""

    def __init__(self, options: Explore) -> None:
        self._options = options
        self._marks: defaultdict[tuple[str | None, str], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def mark(self, capability: str | None, provider: str, score: float, days: float = 0.0) -> None:
        """A reply was worth so much, from 0 to 1, so many days ago: it counts half after each half-life."""
        weight = 0.5 ** (days / self._options.half_life_days)
        seen = self._marks[capability, provider]
        seen[0] += weight * score
        seen[1] += weight * (1.0 - score)

    def beta(self, one: Candidate, capability: str | None) -> tuple[float, float]:
        """Both parameters of its Beta distribution; (1, 1), anything, where nothing is known."""
        good, bad = self._marks.get((capability, one.name), (0.0, 0.0))
        standing, value = one.standing(capability), quality_of(one, capability)
        mass = 0.0 if standing is None or value is None else min(self._options.prior_mass, float(standing.n_scored))
        return 1.0 + good + mass * (value or 0.0), 1.0 + bad + mass * (1.0 - (value or 0.0))

    def explored(
        self, among: Sequence[Candidate], weights: Sequence[float], capability: str | None
    ) -> tuple[tuple[float, ...], Price]:
        """The weights with exploration mixed in, and what that costs."""
        share, betas = self._options.share, [self.beta(one, capability) for one in among]
        means = np.array([good / (good + bad) for good, bad in betas])
        best = self._best(betas)
        usual = np.asarray(weights, dtype=float)
        mixed = (1.0 - share) * usual + share * best
        usd = costs(among, capability)
        price = Price(
            capability,
            share=float(np.abs(mixed - usual).sum() / 2),
            quality=float((usual - mixed) @ means),
            usd_per_1000=_dearer(usd, among, mixed - usual),
        )
        return tuple(float(one) for one in mixed), price

    def _best(self, betas: Sequence[tuple[float, float]]) -> np.ndarray:
        """The probability of each to be the best."""
        rng = np.random.default_rng(self._options.seed)
        drawn = np.column_stack([rng.beta(good, bad, DRAWS) for good, bad in betas])
        return np.bincount(drawn.argmax(axis=1), minlength=len(betas)) / DRAWS


def _dearer(usd: Mapping[str, float | None], among: Sequence[Candidate], more: np.ndarray) -> float | None:
    known = [usd[one.name] for one in among]
    if any(one is None for one in known):
        return None
    return 1_000.0 * sum(float(gain) * (one or 0.0) for gain, one in zip(more, known, strict=True))
