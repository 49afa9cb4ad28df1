"""The engine: from a plan of trials to attempts handed to whoever records them.

plan = engine.Plan(suites, providers, seed=7, load=engine.Closed(concurrency=16))  # or engine.Open(rate=10, duration_s=60)
plan.count, plan.per_provider, plan.most_it_can_cost(max_output_of)
tally = await engine.run(plan, client, recorder.record, engine.RunOptions(budget_usd=2.0))
"""

from __future__ import annotations

from harness.client.cost import surely_free
from harness.engine.forecast import Amount, Forecast, forecast
from harness.engine.interrupt import Wish, ctrl_c, event_of
from harness.engine.lanes import Anchor
from harness.engine.leases import Lease
from harness.engine.messages import Ended, FromWorker, Returns, Stop, Told, ToWorker, Wants, WindDown
from harness.engine.plan import MaxOutput, Plan, most
from harness.engine.schedule import Asker, RunOptions, run
from harness.engine.shapes import AS_LIMITED, Arrivals, Closed, Load, Open, Sweep, as_json, stages, sweep_of
from harness.engine.sharing import Share, shares
from harness.engine.workers import Remains, Work, Workers

__all__ = [
    "AS_LIMITED",
    "Amount",
    "Anchor",
    "Arrivals",
    "Asker",
    "Closed",
    "Ended",
    "Forecast",
    "FromWorker",
    "Lease",
    "Load",
    "MaxOutput",
    "Open",
    "Plan",
    "Remains",
    "Returns",
    "RunOptions",
    "Share",
    "Stop",
    "Sweep",
    "ToWorker",
    "Told",
    "Wants",
    "WindDown",
    "Wish",
    "Work",
    "Workers",
    "as_json",
    "ctrl_c",
    "event_of",
    "forecast",
    "most",
    "run",
    "shares",
    "stages",
    "surely_free",
    "sweep_of",
]
