"""How far two people, or a person and a judge, agree: the share, and what is left of it beyond chance."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from harness.stats import special
from harness.stats.intervals import CONFIDENCE, Interval, wilson


class Kappa(NamedTuple):
    """Cohen's kappa with its interval: 1 is full agreement, 0 what chance would give; no interval where one side always says the same."""

    value: float
    low: float | None
    high: float | None


class Agreement(NamedTuple):
    """The share of `n` pairs that agree, with its interval (`wilson`), and kappa; None where both always say one and the same thing.

    `weighted` is kappa with quadratic weights, where a near miss counts for more than a far one; None for categories without an order.
    """

    n: int
    share: float
    interval: Interval
    kappa: Kappa | None
    weighted: Kappa | None


def agreement(pairs: Sequence[tuple[Hashable, Hashable]], confidence: float = CONFIDENCE) -> Agreement:
    """The agreement of pairs of categories, which are ordered if they are numbers, and more than two.

    Kappa and its interval, from the asymptotic variance: J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20 (1960) 37–46; Weighted kappa, Psychological Bulletin 70 (1968) 213–220; J. L. Fleiss, J. Cohen and B. S. Everitt, Large sample
    standard errors of kappa and weighted kappa, Psychological Bulletin 72 (1969) 323–327. Where all pairs agree that variance is 0, which would
    make the interval a point: its lower end is then that of the share, put in kappa's place.

    Raises:
        ValueError: there is no pair.
    """
    if not pairs:
        raise ValueError("agreement needs at least one pair")
    said = {one for pair in pairs for one in pair}
    ordered = all(isinstance(one, int | float) for one in said)
    names = sorted(said, key=lambda one: one if ordered else str(one))  # type: ignore[return-value, arg-type]  # numbers, or texts
    place = {name: number for number, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    for one, other in pairs:
        table[place[one], place[other]] += 1
    agreed = int(np.trace(table))
    interval = wilson(agreed, len(pairs), confidence)
    values = np.array(names, dtype=float) if ordered else None
    weighted = None if values is None or len(names) < 3 else _kappa(table, _quadratic(values), None, confidence)
    return Agreement(
        len(pairs), agreed / len(pairs), interval, _kappa(table, np.eye(len(names)), interval, confidence), weighted
    )


def _quadratic(values: np.ndarray) -> np.ndarray:
    apart = np.subtract.outer(values, values) ** 2
    return np.asarray(1 - apart / apart.max())


def _kappa(table: np.ndarray, weights: np.ndarray, share: Interval | None, confidence: float) -> Kappa | None:
    n = table.sum()
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = float(rows @ weights @ columns)
    if math.isclose(chance, 1.0):
        return None
    value = (float((weights * p).sum()) - chance) / (1 - chance)
    if math.isclose(value, 1.0):
        least = share.low if share else wilson(float(n), int(n), confidence).low
        return Kappa(1.0, (least - chance) / (1 - chance), 1.0)
    if rows.max() == 1 or columns.max() == 1:  # it is 0 whatever the other says, and its variance too
        return Kappa(0.0, None, None)
    around = np.add.outer(weights @ columns, rows @ weights) * (1 - value)
    spread = float((p * (weights - around) ** 2).sum()) - (value - chance * (1 - value)) ** 2
    half = float(special.ndtri((1 + confidence) / 2)) * math.sqrt(max(0.0, spread) / n) / (1 - chance)
    return Kappa(value, max(-1.0, value - half), min(1.0, value + half))
