"""What is decided on is read lean: the same values as the plain frames, texts once each, prompts and replies never."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from harness import pipeline, routing
from harness.errors import StoreError, WrongUse
from harness.store import Recorder, load_run, open_run
from tests.store import made

COLUMNS = (
    "run_id",
    "trial_id",
    "provider",
    "capability",
    "cluster",
    "status",
    "failure_kind",
    "latency_s",
    "started_at",
)


@pytest.fixture
def run(tmp_path):
    attempts = [
        made.failed(),
        *(made.attempt(made.trial(number)) for number in range(3, 0, -1)),
        made.attempt(number=2),
    ]
    with Recorder(tmp_path, made.info("r")) as recorder:
        for one in attempts:
            recorder.record(one)
    run = open_run("r", tmp_path)
    run.write_scores(made.score(one) for one in attempts[1:])
    return run


def test_the_lean_frames_hold_what_the_plain_ones_hold(run):
    calls, scores = run.evidence(COLUMNS, ("trial_id", "state", "value"))
    plain = run.calls(COLUMNS)
    for name in COLUMNS[2:]:
        there, expected = calls[name], plain[name]
        assert there.isna().tolist() == expected.isna().tolist()
        assert there.dropna().tolist() == expected.dropna().tolist()
    pairs = calls.merge(scores, on="trial_id")
    expected = plain.merge(run.scores(), on="trial_id")
    assert len(pairs) == len(expected) > 0
    assert pairs["value"].tolist() == expected["value"].tolist()


def test_texts_are_categoricals_whose_categories_are_sorted(run):
    calls, _ = run.evidence(("case_id", "trial_id"))
    assert calls["case_id"].cat.categories.tolist() == sorted(set(run.calls(["case_id"])["case_id"]))
    assert pd.api.types.is_integer_dtype(calls["trial_id"])


def test_without_scores_asked_for_a_run_need_not_have_been_scored(tmp_path):
    with Recorder(tmp_path, made.info("r")) as recorder:
        recorder.record(made.attempt())
    run = open_run("r", tmp_path)
    assert len(run.evidence(("provider",))[0]) == 1
    with pytest.raises(WrongUse, match="has no scores yet"):
        run.evidence(("provider",), ("state",))


def test_a_run_without_attempts_gives_empty_frames(tmp_path):
    Recorder(tmp_path, made.info("r")).close()
    calls, scores = open_run("r", tmp_path).evidence(COLUMNS)
    assert (len(calls), len(scores)) == (0, 0)
    assert set(calls.columns) == set(COLUMNS)
    assert isinstance(calls["provider"].dtype, pd.CategoricalDtype)


def test_a_column_that_an_older_run_has_not_is_left_out(run, monkeypatch):
    (part,) = (run.path / "calls.parquet").iterdir()
    pq.write_table(pq.read_table(part).drop_columns(["load_level"]), part)
    monkeypatch.setattr("harness.store.parquet.check", lambda *_: None)
    calls, _ = run.evidence(("provider", "load_level"))
    assert list(calls.columns) == ["provider"]


def test_a_damaged_part_is_a_store_error(run):
    (part,) = (run.path / "calls.parquet").iterdir()
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(StoreError, match="is damaged"):
        load_run(run.path).evidence(COLUMNS)


def test_prompts_and_replies_are_not_read_for_a_decision(run, monkeypatch):
    read = []
    whole = pq.ParquetFile.read

    def spy(file, columns=None, **rest):
        read.extend(columns or file.schema_arrow.names)
        return whole(file, columns=columns, **rest)

    monkeypatch.setattr(pq.ParquetFile, "read", spy)
    pipeline.decide(run, None, routing.Objective())
    assert "provider" in read
    assert not {"text", "messages_json", "reasoning", "params_json"} & set(read)


def test_a_column_of_numbers_without_a_value_is_all_unknown_and_takes_no_memory(run):
    calls, _ = run.evidence(("trial_id", "load_level", "latency_s"))
    assert calls["load_level"].isna().tolist() == run.calls(["load_level"])["load_level"].isna().tolist()
    assert calls["load_level"].dtype == float
    assert calls["load_level"].to_numpy().strides == (0,)
    assert calls["latency_s"].to_numpy().strides != (0,)
    assert calls[calls["trial_id"] >= 0]["load_level"].isna().all()
