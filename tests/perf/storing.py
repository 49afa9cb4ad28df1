"""What recording costs: writing an attempt down, making Parquet of them, opening the run again, and the bytes that a row takes.

As a program, `python -m tests.perf.storing ROWS` records so many and says as JSON what it took.
"""

import csv
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from harness import store
from harness.ask import Case, Criterion, Prompt, Provider, Trial
from harness.store import Recorder, WriteOptions
from harness.told import Attempt, Clock, Cost, Reply, Sent, Usage
from tests.perf.found import Check, Section, table
from tests.perf.work import MODEL, PARAMS, messages
from tests.store.made import NOW, info

CASES = 1000
SAMPLE = 20_000
"""So many rows are written as JSON lines and CSV, to compare their bytes."""
TALE = "farmer sheep nine seventeen away left so are there because seven ran the and all but of 17 8 9"


@dataclass(frozen=True, slots=True)
class Stored:
    """Microseconds an attempt (started and recorded), rows a second, seconds to open the run, bytes a row of each format."""

    rows: int
    journal_us: float
    rows_s: float
    open_s: float
    parquet: float
    jsonl: float
    csv: float


def trials(count: int) -> Iterator[Trial]:
    """A thousand questions, repeated."""
    provider = Provider("paced", f"openai/{MODEL}")
    criteria = (Criterion("contains", {"all": ["9"]}),)
    cases = [Case(f"c{number}", Prompt(tuple(messages(number))), "math", criteria) for number in range(CASES)]
    for number in range(count):
        yield Trial("sheep", "5a5a", cases[number % CASES], provider, PARAMS, repeat=number // CASES)


def attempts(count: int) -> Iterator[Attempt]:
    """Different attempts at them: replies of 20 to 200 words, times and counts drawn."""
    chance, words = random.Random(7), TALE.split()
    for number, trial in enumerate(trials(count)):
        said = " ".join(chance.choices(words, k=chance.randint(20, 200)))
        ttft_s = chance.lognormvariate(-1, 0.5)
        yield Attempt(
            trial=trial,
            number=1,
            started_at=NOW,
            sent=Sent("openai_chat", PARAMS),
            reply=Reply(said, finish_reason="stop", response_id=f"r-{number}", model_served=MODEL),
            usage=Usage(160, len(said) // 4, 0, 0, 0, "usage"),
            cost=Cost(ttft_s / 1000, "exact", "registry"),
            clock=Clock(connect_s=0.0, ttft_s=ttft_s, ttfv_s=ttft_s, latency_s=5 * ttft_s, chunk_count=len(said) // 4),
            http_status=200,
        )


def record(rows: int, reports: Path) -> Stored:
    """Record so many rows in a folder, and open them again."""
    left, journal_s = attempts(rows), 0.0
    all_at_the_end = WriteOptions(journal_bytes=1 << 40)
    recorder = Recorder(reports, info(litellm_version="1", harness_version="1"), options=all_at_the_end)
    while some := list(islice(left, 10_000)):
        for one in some:
            assert one.trial.ref.trial_id  # addresses are the plan's to make, not the journal's
        begun = time.perf_counter()
        for one in some:
            recorder.started(one.trial, 1)
            recorder.record(one)
        journal_s += time.perf_counter() - begun
    begun = time.perf_counter()
    recorder.close()
    compact_s = time.perf_counter() - begun
    begun = time.perf_counter()
    left_over = store.remainder(store.load_run(recorder.path), trials(rows))
    Recorder.again(left_over, recorder.info).close()
    open_s = time.perf_counter() - begun
    parts = sorted(part for part in recorder.path.rglob("*.parquet") if part.is_file())
    jsonl, comma = _others(parts[0])
    size = sum(part.stat().st_size for part in parts)
    return Stored(rows, 1e6 * journal_s / rows, rows / compact_s, open_s, size / rows, jsonl, comma)


def _others(part: Path) -> tuple[float, float]:
    """Bytes a row of the same rows as JSON lines and as CSV."""
    sample: list[dict[str, Any]] = next(pq.ParquetFile(part).iter_batches(batch_size=SAMPLE)).to_pylist()
    lines, text = sum(len(orjson.dumps(row)) + 1 for row in sample), io.StringIO()
    writer = csv.DictWriter(text, list(sample[0]))
    writer.writeheader()
    writer.writerows(sample)
    return lines / len(sample), len(text.getvalue().encode()) / len(sample)


def measure(rows: int) -> Section:
    """Record in a process of its own."""
    command = [sys.executable, "-m", "tests.perf.storing", str(rows)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    stored = Stored(**json.loads(done.stdout))
    sizes = [
        (name, size, f"{size / stored.parquet:.1f} ×")
        for name, size in (("Parquet", stored.parquet), ("JSON lines", stored.jsonl), ("CSV", stored.csv))
    ]
    open_s = stored.open_s * 200_000 / rows
    return Section(
        "Recording",
        f"{rows:,} rows of {CASES:,} questions with replies of 20 to 200 words.",
        [table(("format", "bytes a row", "of Parquet"), sizes)],
        checks=[
            Check(
                "journaling an attempt, begun and ended",
                f"{stored.journal_us:.1f} µs",
                "≤ 20 µs",
                stored.journal_us <= 20,
            ),
            Check(
                "making Parquet of the journal", f"{stored.rows_s:,.0f} rows/s", "≥ 100,000", stored.rows_s >= 100_000
            ),
            Check("opening a run of 200,000 trials to go on", f"{open_s:.2f} s", "≤ 3 s", open_s <= 3.0),
        ],
        data=asdict(stored),
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(asdict(record(int(sys.argv[1]), Path(folder)))))
