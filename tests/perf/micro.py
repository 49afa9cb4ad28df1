"""The micro-benchmarks beside this file, by pytest-benchmark: planning, decoding, judging, journaling, routing, each with a peer."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.perf.found import Section, table
from tests.perf.worker import JobFailed

HERE = Path(__file__).parent
QUICK = (
    "--benchmark-max-time=0.05",
    "--benchmark-min-rounds=2",
    "--benchmark-warmup=off",
    "-k",
    "not any_minute and not memory",
)


def measure(*, quick: bool) -> Section:
    """Run them all and make a table of each group.

    Raises:
        JobFailed: one of them failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "micro.json"
        command = [
            sys.executable, "-m", "pytest", str(HERE), "-q", "--benchmark-enable", "--benchmark-only", f"--benchmark-json={out}",
            *(QUICK if quick else ()),
        ]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise JobFailed(f"the micro-benchmarks failed:\n{done.stdout[-2000:]}")
        told = json.loads(out.read_text())
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in told["benchmarks"]:
        groups[one["group"] or "others"].append(one)
    rows = []
    for name, members in sorted(groups.items()):
        rows.append((f"**{name}**", "", ""))
        for one in sorted(members, key=lambda one: one["stats"]["median"]):
            title = one["name"].removeprefix("test_").replace("_", " ")
            rows.append((f"– {title}", _time(one["stats"]["median"]), one["stats"]["rounds"]))
    return Section(
        "Parts",
        "Medians by pytest-benchmark. A *peer* is the least that others would do for the same.",
        [table(("what", "median", "rounds"), rows)],
        data={one["fullname"]: {**one["stats"], "data": None} for one in told["benchmarks"]},
    )


def _time(seconds: float) -> str:
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale:
            return f"{seconds / scale:,.3g} {unit}"
    return f"{seconds / 1e-9:.0f} ns"
