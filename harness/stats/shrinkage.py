"""Small samples pulled toward what is known from larger ones."""

from __future__ import annotations

PRIOR_MASS = 30.0
"""How many imagined cases a prior weighs, unless stated otherwise."""


def shrink(mean: float, n: float, toward: float, mass: float = PRIOR_MASS) -> float:
    """The posterior mean of a rate under a Beta prior with mean `toward` and weight of `mass` imagined cases.

    It is (n · mean + mass · toward) / (n + mass); for n = 0 it is `toward`.

    Source: conjugate Beta prior; Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 2.4.
    """
    return toward if n == 0 else (n * mean + mass * toward) / (n + mass)
