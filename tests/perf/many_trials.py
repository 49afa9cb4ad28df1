"""Runs as many trials as it is told, whose answers take no time, into a real recorder; prints the peak of its memory in MB, before closing and after.

python -m tests.perf.many_trials TRIALS FOLDER
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from harness import engine, store
from tests.engine.made import attempt, provider, suite
from tests.perf.memory import peak_mb

CASES = 1000


class AtOnce:
    """Answers every trial at once and keeps nothing."""

    async def attempts(self, trial, permit):
        assert await permit()
        yield attempt(trial)


def main(trials: int, folder: Path) -> None:
    """One run of `trials` trials over two providers."""
    providers = (provider("alpha", 32), provider("beta", 32))
    plan = engine.Plan((suite(cases=min(CASES, trials // 2)),), providers, repeat=max(1, trials // 2 // CASES))
    info = store.RunInfo(run_id=store.new_run_id(datetime.now(UTC)), created=datetime.now(UTC), planned=plan.count)
    with store.Recorder(folder, info) as recorder:
        tally = asyncio.run(engine.run(plan, AtOnce(), recorder.record))
        asked = peak_mb()
    sys.stdout.write(f"{tally.done} {asked:.1f} {peak_mb():.1f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
