"""Every process of a run has a journal of its own; what was started and has no end is known; a full journal is followed by another."""

import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from harness.errors import StoreError
from harness.store import Recorder, WriteOptions, Writer, aside, open_run
from harness.store.aside import full_journals, main
from harness.store.manifest import Manifest
from tests.store import made

RUN = "20261121-014500-ab12"

CHILD = """
import sys
from pathlib import Path
from harness.store import Writer
from tests.store import made

folder, worker, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with Writer(folder, made.info(), worker=worker) as writer:
    for n in range(count):
        trial = made.trial(n, provider=worker)
        writer.started(trial, 1, 0.25)
        writer.record(made.attempt(trial))
    writer.started(made.trial(count, provider=worker), 1, 0.25)
    print("done", flush=True)
    sys.stdin.read()
"""


@contextmanager
def worker(folder, name, count):
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), name, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout
            assert child.stdout.readline() == b"done\n"
            yield child
        finally:
            child.kill()


def stop_looking(recorder):
    assert recorder._aside
    recorder._aside.close()


def journals(path):
    return sorted((path / "journal").iterdir())


def test_several_processes_record_one_run_and_what_each_had_in_flight_is_named(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        with worker(recorder.path, "alpha", 5), worker(recorder.path, "beta", 3):
            recorder.record(made.attempt(made.trial(9)))
            assert len(journals(recorder.path)) == 3
            with pytest.raises(StoreError, match="is being written by another process"):
                open_run(RUN, tmp_path)
        recorder.close("interrupted")
    run = open_run(RUN, tmp_path)
    assert run.calls()["worker"].value_counts().to_dict() == {"alpha": 5, "beta": 3, "0": 1}
    assert sorted((one.provider, one.case_id, one.most_usd) for one in run.in_flight) == [
        ("alpha", "case-5", 0.25), ("beta", "case-3", 0.25),
    ]  # fmt: skip
    (note,) = run.notes
    assert note.startswith(
        "2 calls were in flight when the run, or a worker of it, was killed and are possibly paid for (at most $0.500000): "
    )
    assert "sums::case-5 to alpha" in note


def test_a_run_is_not_closed_under_a_worker_that_outlives_its_owner(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    with worker(recorder.path, "alpha", 2) as child:
        stop_looking(recorder)
        recorder._lock.close()
        with pytest.raises(StoreError, match=r"jsonl is being written by another process: wait"):
            open_run(RUN, tmp_path)
        child.send_signal(signal.SIGKILL)
        child.wait()
        recorder._writer.close()
        assert open_run(RUN, tmp_path).attempts == 2


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ([None], "1 calls .*their price is unknown"),
        ([0.5, None], "at most .0.500000 for 1 of them, the others' price is unknown"),
    ],
)
def test_the_most_that_calls_in_flight_can_have_cost_is_said_as_far_as_it_is_known(tmp_path, prices, said):
    with Recorder(tmp_path, made.info()) as recorder:
        for number, usd in enumerate(prices):
            recorder.started(made.trial(number), 1, usd)
    assert re.search(said, open_run(RUN, tmp_path).notes[0])


def test_many_calls_in_flight_are_counted_and_ten_are_named(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        for number in range(12):
            recorder.started(made.trial(number), 1, 0.5)
    (note,) = open_run(RUN, tmp_path).notes
    assert note.startswith("12 calls")
    assert note.count(" to alpha") == 10
    assert note.endswith(", ….")


def test_an_attempt_that_ended_is_not_in_flight_also_over_two_journals(tmp_path):
    options = WriteOptions(journal_bytes=1)
    with Recorder(tmp_path, made.info(), options=options) as recorder:
        for number in range(3):
            recorder.started(made.trial(number), 1)
        for number in (2, 0):
            recorder.record(made.attempt(made.trial(number)))
        assert len(journals(recorder.path)) == 3
    run = open_run(RUN, tmp_path)
    assert [one.case_id for one in run.in_flight] == ["case-1"]
    assert run.notes[0].startswith("1 calls were in flight")


def test_full_journals_become_parts_while_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(aside, "LOOKS_EVERY_S", 0.05)
    with Recorder(tmp_path, made.info(), options=WriteOptions(journal_bytes=5_000)) as recorder:
        for number in range(40):
            recorder.started(made.trial(number), 1)
            recorder.record(made.attempt(made.trial(number)))
        recorder.started(made.trial(40), 1)
        for _ in range(600):
            if Manifest.load(recorder.path).calls:
                break
            time.sleep(0.1)
        manifest = Manifest.load(recorder.path)
        assert manifest.state == "interrupted"
        assert 0 < manifest.rows < 40
        with pytest.raises(StoreError, match="is being written by another process"):
            open_run(RUN, tmp_path)
    run = open_run(RUN, tmp_path)
    assert [f"case-{n}" for n in range(40)] == list(run.calls()["case_id"])
    assert [one.ref.case_id for one in run.outcomes()] == [f"case-{n}" for n in range(40)]
    assert [one.case_id for one in run.in_flight] == ["case-40"]
    assert len(run._manifest.calls) > 1
    assert (run.trials, run.state) == (40, "complete")


def test_compaction_beside_a_run_takes_only_full_journals_and_says_what_is_wrong(tmp_path, capsys):
    options = WriteOptions(journal_bytes=1)
    with Recorder(tmp_path, made.info(), options=options) as recorder:
        stop_looking(recorder)
        assert main(recorder.path) == 0
        recorder.record(made.attempt())
        first, then = journals(recorder.path)
        assert full_journals(recorder.path, Manifest.load(recorder.path)) == [first]
        (recorder.path / "calls.parquet").write_text("")
        assert main(recorder.path) == 3
        assert "calls.parquet cannot be made: File exists" in capsys.readouterr().err
        (recorder.path / "calls.parquet").unlink()
        assert main(recorder.path) == 0
        assert journals(recorder.path) == [then]
        assert Manifest.load(recorder.path).rows == 1
    assert open_run(RUN, tmp_path).attempts == 1


def test_attempts_are_numbered_on_from_those_of_an_earlier_writer(tmp_path):
    trial = made.trial()
    options = WriteOptions(before={trial.ref.trial_id: 3})
    with Recorder(tmp_path, made.info(), options=options) as recorder:
        recorder.started(trial, 1)
        recorder.record(made.attempt(trial))
        recorder.started(trial, 2)
        recorder.record(made.attempt(made.trial(1)))
    run = open_run(RUN, tmp_path)
    assert list(run.calls()["attempt"]) == [4, 1]
    assert [one.attempt for one in run.in_flight] == [5]


def test_a_writer_that_was_closed_records_nothing(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        writer = Writer(recorder.path, made.info(), worker="a/b")
        assert any(path.name.startswith("a_b-") for path in journals(recorder.path))
        writer.close()
        writer.close()
        with pytest.raises(StoreError, match="is closed"):
            writer.started(made.trial(), 1)
