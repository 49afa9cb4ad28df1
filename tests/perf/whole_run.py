"""`harness run` as a person calls it: how long until its first request, and how much memory it takes.

As a program, `python -m tests.perf.whole_run ARGUMENTS …` is `harness ARGUMENTS …` that says at its end how much memory it had taken
when all was recorded, and when all was done.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from harness import cli, pipeline
from tests.perf.found import Check, Section, table, times
from tests.perf.memory import peak_mb
from tests.perf.ours import write_project
from tests.perf.paced_server import Served

CASES = 100
IMPORTS = "from harness.client.door import litellm; litellm()"


def arguments(folder: Path, url: str, cases: int) -> list[str]:
    """`run`, with a suite of so many cases in a folder, 64 at once."""
    places = write_project(folder, url, cases)
    where = ["--providers", str(places.providers), "--reports", str(places.reports)]
    return ["run", str(places.suites[0]), *where, "--concurrency", "64"]


def start_up(served: Served, rounds: int) -> Section:
    """From the command to the first request at the server, beside what Python and litellm's import take by themselves."""
    command = [sys.executable, "-m", "harness"]
    took: dict[str, list[float]] = {"to the first request": [], "harness --help": [], "import of litellm": []}
    cpu: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            wall_s, cpu_s = first_request(served, [*command, *arguments(Path(folder), served.stream(0.0, 2, 0.0), 8)])
            took["to the first request"].append(wall_s)
            cpu.append(cpu_s)
        took["harness --help"].append(_seconds([*command, "--help"]))
        took["import of litellm"].append(_seconds([sys.executable, "-c", IMPORTS]))
    middle = {name: median(seconds) for name, seconds in took.items()}
    first = middle["to the first request"]
    rows = [
        (name, seconds, median(cpu) if name == "to the first request" else None) for name, seconds in middle.items()
    ]
    return Section(
        "Start-up",
        f"`harness run` from its start to its first request at the server; median of {times(rounds)}. On a busy machine the CPU says more.",
        [table(("what", "seconds", "of them CPU"), rows)],
        checks=[Check("first request after", f"{first:.2f} s", "≤ 1 s", first <= 1.0)],
        data={**took, "CPU to the first request": cpu},
    )


def first_request(served: Served, command: Sequence[str], **options: Any) -> tuple[float, float]:
    """Runs the command to its end; the seconds until its first request was read, and its CPU until then (0 where there is no /proc)."""
    served.log()
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as process:
        stat = Path(f"/proc/{process.pid}/stat")
        cpu_s = 0.0
        while not (seen := served.log()) and process.poll() is None:
            if stat.exists():
                user, system = stat.read_text().rpartition(")")[2].split()[11:13]
                cpu_s = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
            time.sleep(0.01)
    assert seen, "nothing was asked"
    return seen[0].read_at - begun, cpu_s


def _seconds(command: list[str]) -> float:
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - begun


def memory(served: Served, trials: tuple[int, ...]) -> Section:
    """The most memory that runs of so many trials take, each in a process of its own: 100 cases, asked again and again."""
    rows, data = [], {}
    for count in trials:
        with tempfile.TemporaryDirectory() as folder:
            asked = [*arguments(Path(folder), served.stream(0.0, 2, 0.0), CASES), "--repeat", str(count // CASES)]
            command = [sys.executable, "-m", "tests.perf.whole_run", *asked]
            begun = time.monotonic()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            taken = json.loads(done.stderr.splitlines()[-1])
            served.log()
        data[str(count)] = taken
        rows.append((count, taken["recorded_mb"], taken["done_mb"], time.monotonic() - begun))
    recorded = [float(row[1]) for row in rows]
    growth = recorded[-1] / recorded[-2] if len(rows) > 1 else 1.0
    short = f"{trials[-1]:,} trials"
    checks = [Check(f"peak memory while asking, {short}", f"{recorded[-1]:.0f} MB", "< 300 MB", recorded[-1] < 300)]
    if len(trials) > 1:
        what = f"the same beside {trials[-2]:,} trials"
        checks.append(Check(what, f"× {growth:.2f}", "≤ × 1.10 (flat)", growth <= 1.1))
    return Section(
        "Memory",
        f"`harness run` on {CASES} cases, repeated, streams of two tokens without delay; peaks of the process.",
        [table(("trials", "MB while asking", "MB with judging and report", "seconds"), rows)],
        checks=checks,
        data=data,
    )


def _noting(step: Callable[..., Any], peaks: dict[str, float], name: str) -> Callable[..., Any]:
    """The step; the peak so far is noted at its end."""

    @functools.wraps(step)
    def noted(*given: Any, **named: Any) -> Any:
        try:
            return step(*given, **named)
        finally:
            peaks[name] = peak_mb()

    return noted


if __name__ == "__main__":
    peaks: dict[str, float] = {}
    pipeline.record = _noting(pipeline.record, peaks, "recorded_mb")
    code = _noting(cli.main, peaks, "done_mb")(sys.argv[1:])
    sys.stderr.write("\n" + json.dumps(peaks) + "\n")
    sys.exit(code)
