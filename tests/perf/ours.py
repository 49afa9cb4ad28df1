"""What `harness run` does for the same questions: prepare, ask, record, judge. Only the report is left out."""

import functools
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness import engine, pipeline, scorers
from harness.settings import Places, Selection, Terms
from tests.perf.work import KEY, MODEL, PARAMS, Done, Job, measured

REGISTRY = """\
[[providers]]
name = "paced{number}"
model = "openai/{model}"
base_url = "{url}"
api_key = "{key}-{number}"
"""
SUITE = """\
from tests.perf.work import messages

capability, count, params = "math", {count}, {params}
score = {{"contains": {{"all": ["{word}"]}}}}


def cases(rng):
    for number in range(count):
        yield {{"id": f"c{{number}}", "messages": messages(number)}}
"""


def write_project(folder: Path, url: str, cases: int, *, stream: bool = True, providers: int = 1) -> Places:
    """A registry with one provider or several at one address, and a suite of so many cases."""
    registry, suite = folder / "providers.toml", folder / "suite_sheep.py"
    entries = (REGISTRY.format(model=MODEL, url=url, key=KEY, number=number) for number in range(providers))
    registry.write_text("\n".join(entries))
    suite.write_text(SUITE.format(count=cases, params=PARAMS, word="sheep" if stream else "9"))
    return Places((suite,), registry, folder / "reports")


def do(job: Job) -> Done:
    """Everything from the first question to scores.parquet is in the figures; of streams the clock is that of calls.parquet.

    What a program does once, such as its imports, is not in them: see the start-up. That of several workers is taken out again: the time until the
    first question, and the CPU of a run of a question each.
    """
    done, idle_s = _run(job)
    if job.workers > 1:
        done.wall_s -= idle_s
        spread_s = 0.1 if job.stream else None
        done.cpu_s -= _cpu_s(replace(job, count=job.workers, at_once=job.workers, spread_s=spread_s))
    return done


@functools.cache
def _cpu_s(job: Job) -> float:
    return _run(job)[0].cpu_s


def _run(job: Job) -> tuple[Done, float]:
    """One run, and the seconds until its first question. Each worker asks a provider of its own: the limits of one have one owner."""
    done, share = Done(), job.count // job.workers
    with tempfile.TemporaryDirectory() as folder:
        places = write_project(Path(folder), job.url, share, stream=job.stream, providers=job.workers)
        load = (
            engine.Open(share / job.spread_s, concurrency=share)
            if job.spread_s
            else engine.Closed(job.at_once // job.workers)
        )
        terms = Terms(load=load, workers=job.workers)
        prepared = pipeline.prepare(places, Selection(), terms)
        prepared = replace(prepared, plan=replace(prepared.plan, stream=job.stream))
        begun = datetime.now(UTC)
        with measured(done):
            recorded = pipeline.record(prepared, places, terms)
            pipeline.judge(recorded.run, prepared.plan.suites, scorers.Permissions())
        calls = recorded.run.calls(["phase", "status", "ttft_s", "latency_s", "saturated", "started_at"])
        calls = calls[calls["phase"] == "measure"]
        right = recorded.run.scores()["value"].sum()
        assert right == len(calls) == job.count, f"{right} right of {len(calls)} recorded of {job.count}"
        if job.stream:
            done.ttft_s, done.latency_s = calls["ttft_s"].tolist(), calls["latency_s"].tolist()
            done.saturated = int(calls["saturated"].sum())
    return done, (calls["started_at"].min() - begun).total_seconds()
