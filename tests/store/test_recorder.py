"""Nothing that was recorded is lost: not by a kill, not by a full disk, not by a folder that cannot be written."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.store import Recorder, open_run
from harness.store.columns import CALLS
from tests.store import made

RUN = "20261121-014500-ab12"


GOING_ON = [".lock", "journal", "manifest.json"]
ENDED = [".lock", "calls.parquet", "manifest.json"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def journal_of(recorder):
    (path,) = (recorder.path / "journal").iterdir()
    return path


def record(reports, attempts, state="complete"):
    with Recorder(reports, made.info()) as recorder:
        for one in attempts:
            recorder.record(one)
        recorder.close(state)
    return open_run(RUN, reports)


def test_a_run_that_goes_on_has_its_info_and_a_journal_and_a_closed_one_parquet_and_a_manifest(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        assert recorder.path == tmp_path / "runs" / RUN
        recorder.record(made.attempt())
        assert names(recorder.path) == GOING_ON
        assert len(names(recorder.path / "journal")) == 1
    assert names(recorder.path) == ENDED
    assert len(names(recorder.path / "calls.parquet")) == 1


def test_every_attempt_is_a_row_in_the_order_of_recording(tmp_path):
    attempts = [made.failed(number=1), made.attempt(number=2), made.attempt(made.trial(1))]
    run = record(tmp_path, attempts)
    calls = run.calls()
    assert list(calls.columns) == CALLS.names
    assert list(calls["attempt"]) == [1, 2, 1]
    assert list(calls["status"]) == ["failed", "ok", "ok"]
    assert set(calls["run_id"]) == {RUN}
    assert (run.attempts, run.trials, run.state, run.info) == (3, 2, "complete", made.info())


def test_the_context_of_the_recording_is_in_each_row(tmp_path):
    with Recorder(tmp_path, made.info(harness_version="9.9"), worker="w3") as recorder:
        recorder.record(made.attempt())
    row = open_run(RUN, tmp_path).calls().iloc[0]
    assert (row["worker"], row["harness_version"], row["metadata"]) == ("w3", "9.9", [("team", "blue")])
    assert row["host"]


def test_a_run_without_attempts_is_a_run(tmp_path):
    run = record(tmp_path, [])
    assert (run.attempts, run.trials, len(run.calls())) == (0, 0, 0)


def test_an_exception_closes_the_run_as_interrupted_and_keeps_what_was_recorded(tmp_path):
    def attempts():
        yield made.attempt()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record(tmp_path, attempts())
    run = open_run(RUN, tmp_path)
    assert (run.state, run.attempts) == ("interrupted", 1)


def test_a_closed_recorder_records_nothing_and_closes_once(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    recorder.close("interrupted")
    recorder.close("complete")
    assert open_run(RUN, tmp_path).state == "interrupted"
    with pytest.raises(StoreError, match="is closed"):
        recorder.record(made.attempt())


def test_a_run_is_never_written_over(tmp_path):
    record(tmp_path, [made.attempt()])
    with pytest.raises(StoreError, match=r"cannot be made: File exists\. Nothing was sent"):
        Recorder(tmp_path, made.info())
    assert open_run(RUN, tmp_path).attempts == 1


def test_reports_that_is_a_file_is_a_store_error(tmp_path):
    (tmp_path / "reports").write_text("")
    with pytest.raises(StoreError, match="is a file, not a folder"):
        Recorder(tmp_path / "reports", made.info())


CHILD = """
import sys
from pathlib import Path
from harness.store import Recorder
from tests.store import made

with Recorder(Path(sys.argv[1]), made.info()) as recorder:
    for n in range(int(sys.argv[2])):
        recorder.record(made.attempt(made.trial(n), text="x" * 300))
        print(n, flush=True)
    sys.stdin.read()
"""


@contextmanager
def recording_child(reports, count, **options):
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(reports), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def test_a_killed_run_opens_as_interrupted_with_every_record(tmp_path):
    with recording_child(tmp_path, 50) as child:
        for line in child.stdout:
            if int(line) == 49:
                break
        child.send_signal(signal.SIGKILL)
    assert names(tmp_path / "runs" / RUN) == GOING_ON
    run = open_run(RUN, tmp_path)
    assert run.state == "interrupted"
    assert list(run.calls()["case_id"]) == [f"case-{n}" for n in range(50)]
    assert run.notes == ()
    assert names(run.path) == ENDED
    assert run.info == made.info()


def test_a_run_killed_at_any_moment_keeps_at_least_what_it_said_was_recorded(tmp_path):
    for moment in range(3):
        reports = tmp_path / str(moment)
        with recording_child(reports, 100_000) as child:
            said = [int(child.stdout.readline()) for _ in range(1 + 97 * moment)]
            child.send_signal(signal.SIGKILL)
        found = list(open_run(RUN, reports).calls()["case_id"])
        assert found == [f"case-{n}" for n in range(len(found))]
        assert len(found) > said[-1]


def test_a_run_that_goes_on_is_not_closed_under_its_recorder(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        recorder.record(made.attempt())
        with pytest.raises(StoreError, match=r"is being written by another process \(process \d+ on .*: wait"):
            open_run(RUN, tmp_path)
        recorder.record(made.attempt(made.trial(1)))
    assert open_run(RUN, tmp_path).attempts == 2


def limit_file_size(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_stops_the_run_with_a_clear_error_and_keeps_what_was_recorded(tmp_path):
    with recording_child(tmp_path, 1000, preexec_fn=lambda: limit_file_size(30_000)) as child:
        said, error = child.communicate()
    recorded = len(said.splitlines())
    assert child.returncode == 1
    assert "jsonl cannot be written: the file may not grow further" in error
    run = open_run(RUN, tmp_path)
    assert 5 < recorded == run.attempts < 100
    assert run.notes == ()


def test_a_disk_too_full_for_the_parquet_keeps_the_journal(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    for number in range(3):
        recorder.record(made.attempt(made.trial(number)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(StoreError, match=r"calls\.parquet/0001 cannot be written: the file may not grow") as caught:
            recorder.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert f"What was recorded is kept in {recorder.path / 'journal'}" in str(caught.value)
    assert "journal" in names(recorder.path)
    assert names(recorder.path / "calls.parquet") == []
    assert open_run(RUN, tmp_path).attempts == 3


def test_what_ended_a_run_is_told_before_that_it_could_not_be_closed(tmp_path):
    def attempts(*errors):
        yield made.attempt()
        (tmp_path / "runs" / RUN / "calls.parquet").write_text("")
        yield from (1 / 0 for _ in errors)

    with pytest.raises(ZeroDivisionError) as caught:
        record(tmp_path, attempts("broken"))
    assert "calls.parquet cannot be made" in caught.value.__notes__[0]
    with pytest.raises(StoreError, match=r"calls\.parquet cannot be made"):
        open_run(RUN, tmp_path)
    (tmp_path / "runs" / RUN / "calls.parquet").unlink()
    assert open_run(RUN, tmp_path).attempts == 1


def test_a_run_that_cannot_be_closed_says_so_at_the_end_of_its_block(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    (recorder.path / "calls.parquet").write_text("")
    with pytest.raises(StoreError, match=r"calls\.parquet cannot be made: File exists"), recorder:
        recorder.record(made.attempt())


@contextmanager
def a_folder_without_permission():
    """Works for root as well, whom the file system lets do anything."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        record(folder, [made.attempt()])
        shutil.copytree(folder / "runs" / RUN, killed := folder / "runs" / "killed")
        (killed / "journal").mkdir()
        (killed / "journal" / "0.jsonl").write_bytes(b"")
        for path in [*folder.rglob("*"), folder]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        if user == 0:
            os.seteuid(65_534)
        try:
            yield folder
        finally:
            os.seteuid(user)
            for path in [folder, *folder.rglob("*")]:
                path.chmod(0o755)


def test_a_read_only_folder_is_read_but_says_why_it_is_not_written():
    with a_folder_without_permission() as reports:
        with pytest.raises(StoreError, match="permission denied: change the permissions, or choose another folder"):
            Recorder(reports, made.info("another"))
        with pytest.raises(StoreError, match=r"killed cannot be written: permission denied"):
            open_run("killed", reports)
        run = open_run(RUN, reports)
        assert len(run.calls()) == 1
        with pytest.raises(StoreError, match=r"scores cannot be made: permission denied"):
            run.write_scores([])


def test_damage_in_the_middle_is_reported_and_kept_aside(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    for number in range(4):
        recorder.record(made.attempt(made.trial(number)))
    journal = journal_of(recorder)
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"arithmetic", b"arithmetik")
    journal.write_bytes(b"".join(lines))
    recorder.close()
    run = open_run(RUN, tmp_path)
    assert list(run.calls()["case_id"]) == ["case-0", "case-2", "case-3"]
    (note,) = run.notes
    assert "damaged in 1 places" in note
    assert run.damaged == 1
    assert (run.path / "journal.damaged" / journal.name).read_bytes() == b"".join(lines)
    assert open_run(RUN, tmp_path).notes == run.notes


def test_a_torn_last_line_is_told(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    recorder.record(made.attempt())
    recorder.record(made.attempt(made.trial(1)))
    journal = journal_of(recorder)
    os.truncate(journal, journal.stat().st_size - 9)
    recorder.close("interrupted")
    run = open_run(RUN, tmp_path)
    assert run.attempts == 1
    assert run.notes == ("The run was killed while a record was being written: that record is lost.",)
