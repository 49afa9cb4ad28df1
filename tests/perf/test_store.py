"""What writing an attempt down costs: it is done within the run, on the event loop."""

import pytest

from harness.store import Recorder
from harness.store.journal import FINISHED, Journal
from tests.store.made import attempt, info

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
