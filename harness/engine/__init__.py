"""The engine: from a plan of trials to attempts handed to whoever records them.

plan = engine.Plan(suites, providers, seed=7)
plan.count, plan.per_provider, plan.most_it_can_cost(max_output_of)
tally = await engine.run(plan, client, recorder.record, engine.RunOptions(load=engine.Load(concurrency=16)))
"""

from __future__ import annotations

from harness.engine.interrupt import Wish, ctrl_c, event_of
from harness.engine.plan import MaxOutput, Plan, most
from harness.engine.schedule import Asker, Load, RunOptions, run

__all__ = ["Asker", "Load", "MaxOutput", "Plan", "RunOptions", "Wish", "ctrl_c", "event_of", "most", "run"]
