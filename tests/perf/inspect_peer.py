"""The same questions by inspect_ai, judged and logged by it: run by the Python of a scratch environment that has it, on nothing of ours.

`python inspect_peer.py '{"url": …, "count": …, "at_once": …, "model": …, "story": …}'` says as JSON what it took.
"""

import json
import sys
import tempfile
import time
from importlib import import_module
from typing import Any


def main(job: dict[str, Any]) -> dict[str, float]:
    """One evaluation; CPU and wall seconds without the import."""
    inspect, data = import_module("inspect_ai"), import_module("inspect_ai.dataset")
    scorer, solver = import_module("inspect_ai.scorer"), import_module("inspect_ai.solver")
    samples = [data.Sample(input=f"{number}: {job['story']}", target="9") for number in range(job["count"])]
    task = inspect.Task(dataset=data.MemoryDataset(samples), solver=solver.generate(), scorer=scorer.includes())
    cpu, wall = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        (log,) = inspect.eval(
            task,
            model=f"openai/{job['model']}", model_base_url=job["url"], model_args={"api_key": "sk-not-needed"},
            max_connections=job["at_once"], max_samples=job["at_once"], log_dir=folder, display="none",
        )  # fmt: skip
    assert log.status == "success", log.error
    assert log.results.completed_samples == job["count"]
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
