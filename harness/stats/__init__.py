"""Numbers in, numbers out: units, intervals, percentiles, shrinkage, the frontier. scipy's only door.

Every public function names the source of its formula, and the tests show by simulation that intervals hold what they promise.
"""

from harness.stats.agreement import Agreement, Kappa, agreement
from harness.stats.crossed import Crossed, Posterior, crossed_posteriors
from harness.stats.frontier import aiq, frontier, hull, quality_at
from harness.stats.intervals import CONFIDENCE, Interval, clustered_mean, clustered_rate, wilson
from harness.stats.paired import (
    FALL,
    RISE,
    Paired,
    Tails,
    false_discovery,
    p_growth,
    paired_logs,
    paired_means,
    paired_rates,
)
from harness.stats.percentiles import percentile, percentile_interval, smallest_n
from harness.stats.repeats import pass_at_k, pass_hat_k
from harness.stats.series import Prediction, Step, prediction, step
from harness.stats.shrinkage import PRIOR_MASS, shrink
from harness.stats.units import (
    CALL_COLUMNS,
    KEY,
    SCORE_COLUMNS,
    STATES,
    cases_of,
    flags,
    numbered,
    trial_scores,
    trials_of,
)

__all__ = [
    "CALL_COLUMNS",
    "CONFIDENCE",
    "FALL",
    "KEY",
    "PRIOR_MASS",
    "RISE",
    "SCORE_COLUMNS",
    "STATES",
    "Agreement",
    "Crossed",
    "Interval",
    "Kappa",
    "Paired",
    "Posterior",
    "Prediction",
    "Step",
    "Tails",
    "agreement",
    "aiq",
    "cases_of",
    "clustered_mean",
    "clustered_rate",
    "crossed_posteriors",
    "false_discovery",
    "flags",
    "frontier",
    "hull",
    "numbered",
    "p_growth",
    "paired_logs",
    "paired_means",
    "paired_rates",
    "pass_at_k",
    "pass_hat_k",
    "percentile",
    "percentile_interval",
    "prediction",
    "quality_at",
    "shrink",
    "smallest_n",
    "step",
    "trial_scores",
    "trials_of",
    "wilson",
]
