"""Tables of outcomes with known truth, in the long form that `harness verify` reads."""

import numpy as np
import pandas as pd


def table(seed, rates, sizes, *, graded=False, missing=0.0, costs=None) -> pd.DataFrame:
    """`rates` (capabilities, providers) are true means, `sizes` cases for each capability; cases are partly as hard for one as for another."""
    rng = np.random.default_rng(seed)
    rates = np.clip(np.asarray(rates, dtype=float), 0.01, 0.99)
    capability = np.repeat(np.arange(len(rates)), sizes)
    shared = rng.random((len(capability), 1))
    draws = np.where(
        rng.random((len(capability), rates.shape[1])) < 0.5, shared, rng.random((len(capability), rates.shape[1]))
    )
    scores = (draws < rates[capability]).astype(float)
    if graded:
        scores = 0.5 * scores + 0.5 * rates[capability]
    rows = [
        (f"c{case}", f"k{capability[case]}", f"p{provider}", scores[case, provider], costs[provider] if costs else None)
        for case in range(len(capability))
        for provider in range(rates.shape[1])
        if rng.random() >= missing
    ]
    return pd.DataFrame(rows, columns=["case_id", "capability", "provider", "score", "cost_usd"])
