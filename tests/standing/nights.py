"""Made-up runs of the same cases, night after night, as tables of outcomes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from harness import standing

FIRST = datetime(2026, 11, 1, 3, tzinfo=UTC)


def outcomes(n: int, **columns: object) -> pd.DataFrame:
    """A table of `n` cases of provider a with these columns in place of the usual ones."""
    usual = {
        "provider": "a", "suite": "s", "capability": "s", "case_hash": [f"h{k}" for k in range(n)], "case_id": [f"c{k}" for k in range(n)],
        "cluster": [f"case:h{k}" for k in range(n)], "quality": 1.0, "state": "scored", "reliability": 1.0, "ttft": 0.2, "latency": 1.0,
        "cost": 0.001, "tokens": 50.0, "failure": None, "saturated": False, "replayed": False, "simulated": False, "params": "{}",
        "price_id": "p", "scorers": "exact 1", "model": "m", "served": "m", "fingerprint": None,
    }  # fmt: skip
    return standing.typed(pd.DataFrame({**usual, **columns}, index=range(n)))


def nights(
    slow: Sequence[float],
    right: Sequence[float],
    *,
    seed: int = 0,
    n: int = 60,
    names: Sequence[str] = ("a",),
    drift: float = 0.03,
) -> list[standing.Night]:
    """A run for each factor of latency in `slow` and share of right answers in `right`; every night is faster or slower by `drift` besides."""
    rng = np.random.default_rng(seed)
    hard: Mapping[str, np.ndarray] = {name: rng.beta(4, 1, n) for name in names}
    long = {name: 0.8 * rng.lognormal(0, 0.6, n) for name in names}
    found = []
    for number, (slowness, share) in enumerate(zip(slow, right, strict=True)):
        parts = []
        for name in names:
            factor = (slowness if name == names[0] else 1.0) * rng.lognormal(0, drift)
            rate = np.clip(hard[name] + (share if name == names[0] else 0.0), 0, 1)
            parts.append(
                outcomes(
                    n, provider=name, quality=(rng.random(n) < rate).astype(float),
                    latency=long[name] * factor * rng.lognormal(0, 0.2, n), cost=0.001 * rng.lognormal(0, 0.02, n),
                )
            )  # fmt: skip
        created = FIRST + timedelta(days=number)
        found.append(
            standing.Night(f"{created:%Y%m%d}-030000-{number:04x}", created, pd.concat(parts, ignore_index=True))
        )
    return found
