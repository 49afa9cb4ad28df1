"""The engine: from a plan of trials to attempts handed to whoever records them.

plan = engine.Plan(suites, providers, seed=7, load=engine.Closed(concurrency=16))  # or engine.Open(rate=10, duration_s=60)
plan.count, plan.per_provider, plan.most_it_can_cost(max_output_of)
tally = await engine.run(plan, client, recorder.record, engine.RunOptions(budget_usd=2.0))
"""

from __future__ import annotations

from harness.engine.budget import surely_free
from harness.engine.forecast import Amount, Forecast, forecast
from harness.engine.interrupt import Wish, ctrl_c, event_of
from harness.engine.plan import MaxOutput, Plan, most
from harness.engine.schedule import Asker, RunOptions, run
from harness.engine.shapes import AS_LIMITED, Arrivals, Closed, Load, Open, Sweep, as_json, stages, sweep_of

__all__ = [
    "AS_LIMITED",
    "Amount",
    "Arrivals",
    "Asker",
    "Closed",
    "Forecast",
    "Load",
    "MaxOutput",
    "Open",
    "Plan",
    "RunOptions",
    "Sweep",
    "Wish",
    "as_json",
    "ctrl_c",
    "event_of",
    "forecast",
    "most",
    "run",
    "stages",
    "surely_free",
    "sweep_of",
]
