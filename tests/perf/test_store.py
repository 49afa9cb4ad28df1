"""What writing an attempt down costs: it is done within the run, on the event loop."""

import pytest

from harness.store import Recorder, WriteOptions
from harness.store.compaction import compact, left_journals
from harness.store.journal import FINISHED, Journal
from harness.store.manifest import Manifest
from tests.store.made import attempt, info, trial

GROUP = "journal an attempt"
ROUNDS = {"rounds": 200, "iterations": 10}


@pytest.fixture
def row(tmp_path) -> bytes:
    """The line of an attempt, as its recorder writes it."""
    with Recorder(tmp_path / "one", info()) as recorder:
        recorder.record(attempt())
        (journal,) = (recorder.path / "journal").iterdir()
        return journal.read_bytes()


@pytest.mark.benchmark(group=GROUP)
def test_record(benchmark, tmp_path):
    """`Recorder.record`: the attempt as a row, as JSON, with its checksum, in the file when it returns."""
    one = attempt()
    with Recorder(tmp_path, info()) as recorder:
        benchmark.pedantic(recorder.record, (one,), **ROUNDS)


@pytest.mark.benchmark(group=GROUP)
def test_started_and_recorded(benchmark, tmp_path):
    """Both lines of an attempt, before its request and after it: at most 20 µs."""
    one = attempt()
    with Recorder(tmp_path, info()) as recorder:

        def both() -> None:
            recorder.started(one.trial, 1, 0.01)
            recorder.record(one)

        benchmark.pedantic(both, **ROUNDS)


@pytest.mark.benchmark(group="make Parquet of 20,000 journalled attempts")
def test_compaction(benchmark, tmp_path):
    """Read, checked, turned into columns, compressed, written and read back: at least 100,000 rows a second, so 0.2 s."""
    recorder = Recorder(tmp_path, info(), options=WriteOptions(durability="process"))
    attempts = [attempt(trial(number, repeat=number % 3), text=f"answer {number}") for number in range(1000)]
    for one in attempts * 20:
        recorder.started(one.trial, 1, 0.01)
        recorder.record(one)
    manifest = Manifest.load(recorder.path)
    journals = left_journals(recorder.path, manifest)
    made = benchmark.pedantic(compact, (recorder.path, manifest, journals), rounds=3)
    assert made is None or made.rows == 20_000
    recorder.close()


@pytest.mark.benchmark(group=GROUP)
def test_append(benchmark, tmp_path, row):
    """`Journal.append` of a row that is JSON already."""
    with Journal(tmp_path / "journal.jsonl") as journal:
        benchmark.pedantic(journal.append, (FINISHED, row[:-1]), **ROUNDS)


@pytest.mark.benchmark(group=GROUP)
def test_append_peer_write_and_flush(benchmark, tmp_path, row):
    """Peer: a plain file, the same bytes, `write` and `flush`."""
    with (tmp_path / "plain").open("wb") as file:

        def write() -> None:
            file.write(row)
            file.flush()

        benchmark.pedantic(write, **ROUNDS)
