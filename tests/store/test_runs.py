"""A run is found by any of its names, and gives back what was recorded or says what is wrong."""

import random
from dataclasses import replace
from pathlib import Path

import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import StoreError, WrongUse
from harness.store import Recorder, load_run, open_run, parquet, runs, set_latest
from harness.store.columns import CALLS, SCORES
from harness.store.compaction import finish
from harness.store.lock import Lock
from harness.store.manifest import Manifest
from harness.told import Attempt, Truth
from tests.store import made

RUN = "20261121-014500-ab12"


def record(reports, *attempts, run_id=RUN):
    with Recorder(reports, made.info(run_id)) as recorder:
        for one in attempts:
            recorder.record(one)
    return open_run(run_id, reports)


def kill(recorder):
    """Leave what a killed process leaves: a journal that nobody holds."""
    recorder._writer.close()
    recorder._aside.close()
    recorder._lock.close()


@pytest.fixture
def run(tmp_path):
    return record(tmp_path, made.failed(), made.attempt(number=2, simulated=True), made.attempt(made.trial(1)))


def test_a_run_is_found_by_id_by_folder_by_pointer_and_as_latest(run, tmp_path, monkeypatch):
    set_latest(tmp_path, RUN)
    for name in [RUN, run.path, str(run.path), "latest", tmp_path / "latest", str(tmp_path / "latest")]:
        assert open_run(name, tmp_path).run_id == RUN
    assert load_run(tmp_path / "latest").path == run.path
    monkeypatch.chdir(tmp_path)
    assert load_run("latest").run_id == RUN
    assert open_run(Path("latest"), Path()).run_id == RUN


def test_latest_points_to_the_last_one_set(run, tmp_path):
    record(tmp_path, run_id="20261121-014501-0001")
    set_latest(tmp_path, RUN)
    set_latest(tmp_path, "20261121-014501-0001")
    assert (tmp_path / "latest" / "run").read_text() == "20261121-014501-0001\n"
    assert open_run("latest", tmp_path).run_id == "20261121-014501-0001"


def test_a_name_that_is_no_run_is_told_the_latest_ones(run, tmp_path):
    with pytest.raises(WrongUse, match=f"nothing is no run and no folder of one; in .* the latest are {RUN}"):
        open_run("nothing", tmp_path)


def test_without_any_run_it_says_how_to_record_one(tmp_path):
    with pytest.raises(WrongUse, match="`harness run` records one"):
        open_run("latest", tmp_path)


@pytest.mark.parametrize("target", ["gone", ""])
def test_a_pointer_to_a_run_that_is_gone_says_so(run, tmp_path, target):
    set_latest(tmp_path, target)
    with pytest.raises(WrongUse, match=r"latest/run points to .* which is not there"):
        open_run("latest", tmp_path)


def test_a_pointer_that_cannot_be_read_is_a_store_error(tmp_path):
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "run").write_bytes(b"\xff")
    with pytest.raises(StoreError, match="latest/run cannot be read"):
        open_run("latest", tmp_path)


def test_a_pointer_that_cannot_be_written_is_a_store_error(tmp_path):
    (tmp_path / "latest").write_text("")
    with pytest.raises(StoreError, match="latest/run cannot be written"):
        set_latest(tmp_path, RUN)


def test_a_folder_without_a_run_says_what_is_missing(tmp_path):
    (tmp_path / "runs" / "empty").mkdir(parents=True)
    with pytest.raises(WrongUse, match=r"holds no run: it has no manifest\.json"):
        open_run("empty", tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"created":1}'])
def test_a_killed_run_whose_manifest_is_damaged_says_so_and_keeps_the_journal(tmp_path, content):
    recorder = Recorder(tmp_path, made.info())
    recorder.record(made.attempt())
    kill(recorder)
    (recorder.path / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"manifest\.json is not a run's manifest"):
        open_run(RUN, tmp_path)
    (journal,) = (recorder.path / "journal").iterdir()
    assert journal.stat().st_size > 100


def test_a_killed_run_that_another_process_closes_meanwhile_is_closed_once(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path, made.info())
    recorder.record(made.attempt())
    kill(recorder)

    class Slow(Lock):
        def __init__(self, folder):
            super().__init__(folder)
            monkeypatch.undo()
            finish(folder, Manifest.load(folder), "interrupted")

    monkeypatch.setattr(runs, "Lock", Slow)
    run = open_run(RUN, tmp_path)
    assert (run.attempts, run.state) == (1, "interrupted")


def test_a_journal_that_was_made_parquet_of_and_not_yet_removed_is_not_read_again(tmp_path):
    recorder = Recorder(tmp_path, made.info())
    recorder.record(made.attempt())
    (journal,) = (recorder.path / "journal").iterdir()
    content = journal.read_bytes()
    recorder.close()
    journal.parent.mkdir()
    journal.write_bytes(content)
    assert open_run(RUN, tmp_path).attempts == 1


def test_plain_pyarrow_and_plain_pandas_read_both_files(run):
    run.write_scores([made.score(made.attempt())])
    assert pq.read_table(run.path / "calls.parquet").column_names == CALLS.names
    calls, scores = pd.read_parquet(run.path / "calls.parquet"), pd.read_parquet(run.path / "scores.parquet")
    assert list(scores.columns) == SCORES.names
    pd.testing.assert_frame_equal(calls, run.calls())
    pd.testing.assert_frame_equal(scores, run.scores())
    assert str(calls["started_at"].dtype) == "datetime64[us, UTC]"


def test_columns_are_read_alone(run):
    assert list(run.calls(["attempt", "text"]).columns) == ["attempt", "text"]
    with pytest.raises(StoreError, match="has no column 'txt'"):
        run.calls(["txt"])


def test_scores_are_marked_simulated_as_the_reply_was(run):
    run.write_scores([made.score(made.attempt()), made.score(made.attempt(made.trial(1)), 0.0)])
    assert list(run.scores()["simulated"]) == [True, False]
    assert list(run.scores(["value"])["value"]) == [1.0, 0.0]
    assert set(run.scores()["run_id"]) == {RUN}


def test_scores_survive_and_may_be_written_again(run, tmp_path):
    run.write_scores([made.score(made.attempt())])
    assert len(open_run(RUN, tmp_path).scores()) == 1
    run.scores()
    run.write_scores([])
    assert len(run.scores()) == 0
    assert len(open_run(RUN, tmp_path).scores()) == 0


def test_a_run_without_scores_says_how_to_make_them(run):
    with pytest.raises(WrongUse, match=f"has no scores yet: `harness score {RUN}`"):
        run.scores()


def test_damaged_scores_say_how_to_make_them_anew(run, tmp_path):
    run.write_scores([made.score(made.attempt())])
    (path,) = (run.path / "scores").iterdir()
    path.write_bytes(b"PAR1")
    again = open_run(RUN, tmp_path)
    with pytest.raises(StoreError, match=rf"scores/\w+\.parquet is damaged: .* `harness score {RUN}` makes it anew"):
        again.scores()
    again.write_scores([made.score(made.attempt())])
    assert len(open_run(RUN, tmp_path).scores()) == 1


@pytest.mark.parametrize("read", [lambda run: run.calls(), lambda run: list(run.outcomes())])
def test_damaged_calls_are_never_read(run, tmp_path, read):
    (path,) = (run.path / "calls.parquet").iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"calls\.parquet/0001-\w+\.parquet is damaged: .* Restore it from a copy"):
        read(open_run(RUN, tmp_path))
    path.unlink()
    with pytest.raises(StoreError, match="there is no such file or folder"):
        read(open_run(RUN, tmp_path))


def texts(run):
    return [(one.ref.case_id, one.reply.text, one.answered) for one in run.outcomes()]


def test_a_success_decides_over_a_later_failure(tmp_path):
    run = record(tmp_path, made.attempt(text="good"), made.failed(number=2))
    assert texts(run) == [("case-0", "good", True)]


def test_among_equals_the_later_decides(tmp_path):
    run = record(tmp_path, made.attempt(text="old"), made.attempt(text="new"), made.failed(made.trial(1)))
    second = record(tmp_path, made.failed(kind="dns"), made.failed(kind="tls"), run_id="r2")
    assert texts(run) == [("case-0", "new", True), ("case-1", "", False)]
    assert [one.failure_kind for one in second.outcomes()] == ["tls"]


def test_only_measured_trials_have_outcomes(tmp_path):
    phases = ["warmup", "measure", "judge"]
    run = record(tmp_path, *(made.attempt(made.trial(phase=one), text=one) for one in phases))
    assert texts(run) == [("case-0", "measure", True)]


def test_outcomes_are_the_same_over_many_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 7)
    attempts = [made.attempt(made.trial(n), text=str(n)) for n in range(30)]
    run = record(tmp_path, *attempts, made.attempt(attempts[3].trial, text="again"))
    found = [one.reply.text for one in run.outcomes()]
    assert found == [str(n) for n in range(30) if n != 3] + ["again"]


@settings(deadline=None)  # each example writes a run
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_deciding_attempts_follow_the_rule_whatever_the_order(tmp_path_factory, told):
    attempts = [
        (made.attempt if ok else made.failed)(made.trial(case), number) for number, (case, ok) in enumerate(told, 1)
    ]
    reports = tmp_path_factory.mktemp("r")
    found = {one.ref.case_id: one for one in record(reports, *attempts).outcomes()}
    expected: dict[str, Attempt] = {}
    for one in attempts:
        held = expected.get(one.trial.case.id)
        if held is None or one.ok or not held.ok:
            expected[one.trial.case.id] = one
    assert {name: (one.reply, one.answered) for name, one in found.items()} == {
        name: (one.reply, one.ok) for name, one in expected.items()
    }


TRUTH = Truth("r-1", "good", "arithmetic", 0.9, True, 0.2, 0.5, 11, 3, 0.00025)
TRUTH_LINE = orjson.dumps(TRUTH).decode() + "\n"


def test_a_run_without_a_fleet_has_no_truths(run):
    assert run.truths() == []


def test_the_fleet_s_truth_is_read_and_a_torn_last_line_left_out(run):
    made.write_truth(run.path, TRUTH_LINE, TRUTH_LINE, TRUTH_LINE[:30])
    assert run.truths() == [TRUTH, TRUTH]


@pytest.mark.parametrize("line", ["{}\n", "no\n", "[1]\n"])
def test_a_truth_that_cannot_be_read_is_a_store_error(run, line):
    made.write_truth(run.path, TRUTH_LINE, line)
    with pytest.raises(StoreError, match=r"truth\.jsonl is not a record of the simulated fleet"):
        run.truths()


def test_any_bytes_behind_a_journal_s_good_lines_never_break_a_run(tmp_path):
    chance = random.Random(1)
    for number in range(5):
        info = replace(made.info(), run_id=f"r{number}")
        recorder = Recorder(tmp_path, info)
        recorder.record(made.attempt())
        kill(recorder)
        (journal,) = (recorder.path / "journal").iterdir()
        with journal.open("ab") as file:
            file.write(chance.randbytes(50))
        run = open_run(info.run_id, tmp_path)
        assert run.attempts == 1
        assert run.notes
