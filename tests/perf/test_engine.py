"""What the engine adds to a run of 500 trials whose answers take no time."""

import asyncio

import pytest

from harness import engine
from harness.told import Attempt
from tests.engine.made import Script, provider, suite

TRIALS, AT_ONCE = 500, 16
PLAN = engine.Plan((suite(cases=TRIALS // 2),), (provider("alpha", AT_ONCE), provider("beta", AT_ONCE)))


@pytest.mark.benchmark(group="run 500 trials")
def test_run(benchmark):
    """`engine.run`: trials made as they are asked for, budget, progress, stops."""

    def run():
        rows: list[Attempt] = []
        options = engine.RunOptions(budget_usd=1e6, max_output_of=lambda _: 1000, progress=lambda _: None)
        tally = asyncio.run(engine.run(PLAN, Script(), rows.append, options))
        return tally, rows

    tally, rows = benchmark.pedantic(run, rounds=8, warmup_rounds=1)
    assert (tally.done, tally.failed, len(rows)) == (TRIALS, 0, TRIALS)


@pytest.mark.benchmark(group="run 500 trials")
def test_run_peer_workers(benchmark):
    """Peer: the same number of tasks that take trials from a list and ask the same client."""

    async def ask_all(trials):
        client, rows = Script(), []

        async def work():
            while trials:
                rows.extend([attempt async for attempt in client.attempts(trials.pop())])

        await asyncio.gather(*(work() for _ in range(2 * AT_ONCE)))
        return rows

    def run():
        trials = [trial for provider in PLAN.providers for trial in PLAN.trials(provider)]
        return asyncio.run(ask_all(trials))

    assert len(benchmark.pedantic(run, rounds=8, warmup_rounds=1)) == TRIALS
