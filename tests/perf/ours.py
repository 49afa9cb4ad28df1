"""What `harness run` does for the same questions: prepare, ask, record, judge. Only the report is left out."""

import tempfile
from dataclasses import replace
from pathlib import Path

from harness import engine, pipeline, scorers
from harness.settings import Places, Selection, Terms
from tests.perf.work import KEY, MODEL, PARAMS, Done, Job, measured

REGISTRY = """\
[[providers]]
name = "paced"
model = "openai/{model}"
base_url = "{url}"
api_key = "{key}"
"""
SUITE = """\
from tests.perf.work import messages

capability, count, params = "math", {count}, {params}
score = {{"contains": {{"all": ["{word}"]}}}}


def cases(rng):
    for number in range(count):
        yield {{"id": f"c{{number}}", "messages": messages(number)}}
"""


def write_project(folder: Path, url: str, cases: int, *, stream: bool = True) -> Places:
    """A registry with one provider, and a suite of so many cases."""
    registry, suite = folder / "providers.toml", folder / "suite_sheep.py"
    registry.write_text(REGISTRY.format(model=MODEL, url=url, key=KEY))
    suite.write_text(SUITE.format(count=cases, params=PARAMS, word="sheep" if stream else "9"))
    return Places((suite,), registry, folder / "reports")


def do(job: Job) -> Done:
    """Everything from the first question to scores.parquet is in the figures; of streams the clock is that of calls.parquet.

    What a program does once, such as loading litellm, is not in them: see the start-up.
    """
    done = Done()
    with tempfile.TemporaryDirectory() as folder:
        places = write_project(Path(folder), job.url, job.count, stream=job.stream)
        load = (
            engine.Open(job.count / job.spread_s, concurrency=job.count) if job.spread_s else engine.Closed(job.at_once)
        )
        terms = Terms(load=load)
        prepared = pipeline.prepare(places, Selection(), terms)
        prepared = replace(prepared, plan=replace(prepared.plan, stream=job.stream))
        with measured(done):
            recorded = pipeline.record(prepared, places, terms)
            pipeline.judge(recorded.run, prepared.plan.suites, scorers.Permissions())
        calls = recorded.run.calls(["phase", "status", "ttft_s", "latency_s", "saturated"])
        calls = calls[calls["phase"] == "measure"]
        right = recorded.run.scores()["value"].sum()
        assert right == len(calls) == job.count, f"{right} right of {len(calls)} recorded of {job.count}"
        if job.stream:
            done.ttft_s, done.latency_s = calls["ttft_s"].tolist(), calls["latency_s"].tolist()
            done.saturated = int(calls["saturated"].sum())
    return done
