"""CPU a call and calls a second, 64 at once: asked, recorded and judged by the harness, beside plain aiohttp in the same process and run.

Each round of ours follows one of plain aiohttp, which posts the same bytes and reads the JSON; the ratios are what counts. Ours has all in
it, from the first question to scores.parquet, but for what a program does once, such as loading litellm.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
import pytest

from harness import engine, pipeline, scorers, store
from harness.ask import Case, Criterion, Limits, Prompt, Provider, Suite
from harness.client import Client
from harness.client.templates import Translator
from harness.registry import Catalogue
from tests.client.server import provider
from tests.perf.fast_server import serving
from tests.store.made import info

AT_ONCE = 64
CALLS = {True: 1500, False: 2 * AT_ONCE}
"""How many calls a round takes: when it is measured, and when this is a test among others."""
STORY = "A farmer has seventeen sheep, and all but nine run away. How many are left?\n" * 8
PARAMS = {"temperature": 0.2, "max_tokens": 500}
CONTAINS_NINE = Criterion("contains", {"all": ["9"]})


@dataclass
class Spent:
    """CPU and wall time of this process, in seconds."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    """What the block spends, without collections of what was made before it."""
    spent = Spent()
    gc.collect()
    gc.freeze()
    cpu, wall = time.process_time(), time.perf_counter()
    yield spent
    spent.cpu_s, spent.wall_s = time.process_time() - cpu, time.perf_counter() - wall
    gc.unfreeze()


def suite(calls: int) -> Suite:
    """Cases of one shape with texts of their own, made anew so that nothing is known of them from a round before."""
    system = {"role": "system", "content": "Be brief."}
    prompts = [Prompt((system, {"role": "user", "content": f"{number}: {STORY}"})) for number in range(calls)]
    cases = [
        Case(f"c{number}", prompt, "math", (CONTAINS_NINE,), params=PARAMS) for number, prompt in enumerate(prompts)
    ]
    return Suite("sheep", tuple(cases), Path("sheep.yaml"))


def ours(asked: Provider, calls: int, folder: Path) -> tuple[Spent, Spent]:
    """What it takes to ask and record all, and to make tables of them and judge."""
    plan = engine.Plan((suite(calls),), (asked,), stream=False)
    facts = Catalogue.load().facts(asked)
    assert plan.suites[0].hash

    async def ask() -> Spent:
        async with Client((asked,), facts={asked.name: facts}) as client:
            with measured() as spent:
                tally = await engine.run(plan, client, recorder.record)
            assert (tally.done, tally.failed) == (calls, 0)
        return spent

    with store.Recorder(folder, info()) as recorder:
        asking = asyncio.run(ask())
        with measured() as judging:
            recorder.close()
            run = store.load_run(recorder.path)
            assert pipeline.judge(run, plan.suites, scorers.Permissions()) == 0
    assert run.scores()["value"].sum() == calls
    return asking, judging


def plain(asked: Provider, calls: int) -> Spent:
    """Peer: 64 workers post the same bodies by aiohttp and read the JSON."""
    translator = Translator()
    made = [translator.request(asked, case.prompt, case.params, stream=False) for case in suite(calls).cases]
    requests = [request for request in made if request]

    async def post() -> Spent:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            left = iter(requests)

            async def work() -> None:
                for request in left:
                    async with session.post(request.url, data=request.body, headers=request.headers) as response:
                        assert (await response.json())["choices"]

            with measured() as spent:
                await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return spent

    return asyncio.run(post())


@pytest.mark.parametrize("delay_s", [0.0, 0.05], ids=["0 ms", "50 ms"])
@pytest.mark.benchmark(group=f"{AT_ONCE} at once: ask, record and judge", min_rounds=1)
def test_calls(benchmark, tmp_path, capsys, delay_s):
    """The time is that of a round of ours; the ratios to plain aiohttp are printed beside it."""
    calls = CALLS[bool(benchmark.enabled)]
    rounds: list[tuple[Spent, Spent, Spent]] = []

    def take(asked: Provider) -> None:
        rounds.append((plain(asked, calls), *ours(asked, calls, tmp_path / str(len(rounds)))))

    with serving(delay_s) as url:
        asked = provider(url, limits=Limits(max_concurrency=AT_ONCE))
        benchmark.pedantic(take, (asked,), rounds=5 if benchmark.enabled else 1, warmup_rounds=int(benchmark.enabled))
    found = _figures(rounds[1:] or rounds, calls)
    benchmark.extra_info.update(found)
    if benchmark.enabled:
        with capsys.disabled():
            told = "  ".join(f"{name} {value:.4g}" for name, value in found.items())
            sys.stdout.write(f"\nserver's {delay_s * 1000:g} ms: {told}\n")
    assert found["calls a second"] > 0


def _figures(rounds: list[tuple[Spent, Spent, Spent]], calls: int) -> dict[str, float]:
    """Medians over the rounds: CPU in µs a call, and how ours stands to plain aiohttp's of the same round."""
    return {
        "calls a second": median(calls / (one.wall_s + two.wall_s) for _, one, two in rounds),
        "of plain aiohttp's": median(base.wall_s / (one.wall_s + two.wall_s) for base, one, two in rounds),
        "while asking": median(base.wall_s / one.wall_s for base, one, _ in rounds),
        "CPU µs a call": median((one.cpu_s + two.cpu_s) / calls * 1e6 for _, one, two in rounds),
        "× plain aiohttp's": median((one.cpu_s + two.cpu_s) / base.cpu_s for base, one, two in rounds),
        "× it while asking": median(one.cpu_s / base.cpu_s for base, one, _ in rounds),
        "plain aiohttp's µs": median(base.cpu_s / calls * 1e6 for base, _, _ in rounds),
    }
