"""Judgings lie side by side: a new one touches none before it, one is in force, and a cut at any moment leaves the one before in force."""

import os
import shutil

import orjson
import pandas as pd
import pytest

from harness.errors import StoreError, WrongUse
from harness.store import Recorder, load_runs, open_run, scorings
from harness.store.lock import Lock
from harness.store.manifest import Manifest
from tests.store import made

RUN = "20261121-014500-ab12"


@pytest.fixture
def run(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        recorder.record(made.attempt())
    return open_run(RUN, tmp_path)


def judged(run, value):
    return run.write_scores([made.score(made.attempt(), value)])


def values(run, **which):
    return list(run.scores(["value"], **which)["value"])


def files(run):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (run.path / "scores").iterdir()}


def test_a_new_judging_is_in_force_and_touches_none_before_it(run, tmp_path):
    assert (run.scorings, run.scoring_in_force) == ((), None)
    assert judged(run, 1.0) == 1
    before = files(run)
    assert judged(run, 0.0) == 2
    assert before.items() <= files(run).items()
    again = open_run(RUN, tmp_path)
    assert (again.scoring_in_force, len(again.scorings)) == (2, 2)
    assert (values(again), values(again, scoring=1), values(again, scoring=2)) == ([0.0], [1.0], [0.0])
    assert all(one.made_at for one in again.scorings)
    assert list(load_runs(tmp_path).scores(["value"])["value"]) == [0.0], "the one in force only"


def test_what_others_read_is_the_one_in_force(run):
    for value in (1.0, 0.0):
        judged(run, value)
        assert list(pd.read_parquet(run.path / "scores.parquet")["value"]) == [value]


def test_one_that_comes_out_as_an_earlier_one_is_that_one(run, tmp_path):
    assert [judged(run, value) for value in (1.0, 0.0, 1.0)] == [1, 2, 1]
    again = open_run(RUN, tmp_path)
    assert (again.scoring_in_force, len(again.scorings), values(again)) == (1, 2, [1.0])


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_number_that_there_is_not_says_which_there_are(run, number):
    judged(run, 1.0)
    with pytest.raises(WrongUse, match=f"has no judging {number}: there are 1, counted from 1"):
        run.scores(scoring=number)


def test_a_cut_before_the_manifest_leaves_the_one_before_in_force(run, tmp_path, monkeypatch):
    judged(run, 1.0)

    def cut(*_arguments):
        raise StoreError("cut")

    monkeypatch.setattr(Manifest, "save", cut)
    with pytest.raises(StoreError, match="cut"):
        judged(run, 0.0)
    monkeypatch.undo()
    again = open_run(RUN, tmp_path)
    assert (values(again), len(again.scorings)) == ([1.0], 1)
    assert list(pd.read_parquet(run.path / "scores.parquet")["value"]) == [1.0]
    assert judged(again, 0.0) == 2


def test_a_cut_before_others_see_it_is_made_good_by_the_next(run, tmp_path, monkeypatch):
    judged(run, 1.0)
    monkeypatch.setattr(scorings, "show", lambda *_: None)
    judged(run, 0.0)
    monkeypatch.undo()
    assert values(open_run(RUN, tmp_path)) == [0.0], "ours read what the manifest names"
    judged(run, 0.0)
    assert list(pd.read_parquet(run.path / "scores.parquet")["value"]) == [0.0]


def test_scorers_that_raise_half_way_leave_nothing(run, tmp_path):
    judged(run, 1.0)

    def scores():
        yield made.score(made.attempt(), 0.0)
        raise RuntimeError("a scorer broke")

    with pytest.raises(RuntimeError, match="a scorer broke"):
        run.write_scores(scores())
    assert len(files(run)) == 1
    assert values(open_run(RUN, tmp_path)) == [1.0]


def test_two_that_judge_at_once_keep_both(run, tmp_path):
    other = open_run(RUN, tmp_path)
    judged(run, 1.0)
    assert judged(other, 0.0) == 2
    assert len(open_run(RUN, tmp_path).scorings) == 2


def test_a_run_that_goes_on_is_not_judged_under_its_recorder(run):
    with Lock(run.path), pytest.raises(StoreError, match="is being written by another process"):
        judged(run, 1.0)


def test_where_a_file_can_have_one_name_only_it_is_copied(run, monkeypatch):
    def refuse(*_names):
        raise OSError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    judged(run, 1.0)
    assert list(pd.read_parquet(run.path / "scores.parquet")["value"]) == [1.0]


def as_an_older_harness_left_it(run, *, folder=False):
    """One judging, at another place, and no list of them."""
    path = run.path / "manifest.json"
    plain = orjson.loads(path.read_bytes())
    del plain["scorings"]
    shown = run.path / "scores.parquet"
    plain["scores"]["file"] = "scores.parquet"
    if folder:
        content = shown.read_bytes()
        shown.unlink()
        shown.mkdir()
        plain["scores"]["file"] = f"scores.parquet/{plain['scores']['sha256'][:12]}.parquet"
        (run.path / plain["scores"]["file"]).write_bytes(content)
    shutil.rmtree(run.path / "scores")
    path.write_bytes(orjson.dumps(plain))


@pytest.mark.parametrize("folder", [False, True])
def test_a_run_that_an_older_harness_judged_is_read_and_keeps_that_judging(run, tmp_path, folder):
    judged(run, 1.0)
    as_an_older_harness_left_it(run, folder=folder)
    old = open_run(RUN, tmp_path)
    assert (values(old), old.scoring_in_force, old.scorings[0].made_at) == ([1.0], 1, None)
    assert judged(old, 0.0) == 2
    again = open_run(RUN, tmp_path)
    assert (values(again), values(again, scoring=1)) == ([0.0], [1.0])
    assert list(pd.read_parquet(run.path / "scores.parquet")["value"]) == [0.0]


def test_a_judging_of_an_older_harness_that_is_damaged_is_not_kept(run, tmp_path):
    judged(run, 1.0)
    as_an_older_harness_left_it(run)
    (run.path / "scores.parquet").write_bytes(b"PAR1")
    assert judged(open_run(RUN, tmp_path), 0.0) == 1


def test_an_earlier_judging_that_is_damaged_says_so_and_the_others_are_read(run, tmp_path):
    judged(run, 1.0)
    judged(run, 0.0)
    again = open_run(RUN, tmp_path)
    (again.path / again.scorings[0].part.file).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"is damaged: .* Restore it from a copy"):
        again.scores(scoring=1)
    assert values(again) == [0.0]
