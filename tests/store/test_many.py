"""Many runs are one dataset: through `load_runs`, and for other tools by a glob alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import harness
from harness.errors import StoreError, WrongUse
from harness.store import Recorder, load_runs, open_run, runs_in
from tests.store import made

FIRST, SECOND, THIRD = "20261121-014500-0001", "20261121-014500-0002", "20261121-014500-0003"


def record(reports, run_id, *attempts, scored=True, state="complete", **info):
    with Recorder(reports, replace(made.info(run_id), **info)) as recorder:
        for one in attempts:
            recorder.record(one)
        recorder.close(state)
    run = open_run(run_id, reports)
    if scored:
        run.write_scores(made.score(one) for one in attempts)
    return run


@pytest.fixture
def reports(tmp_path):
    record(tmp_path, FIRST, made.attempt(), made.attempt(made.trial(1)))
    record(tmp_path, SECOND, made.attempt(made.trial(2)), scored=False, state="interrupted")
    return tmp_path


def test_the_rows_of_all_finished_runs_come_with_their_run(reports):
    runs = load_runs(reports / "runs")
    assert len(runs) == 2
    assert runs.calls(["run_id", "case_id"]).to_numpy().tolist() == [
        [FIRST, "case-0"], [FIRST, "case-1"], [SECOND, "case-2"],
    ]  # fmt: skip
    assert runs.scores(["run_id"])["run_id"].tolist() == [FIRST, FIRST]
    assert runs.calls().dtypes.to_dict() == open_run(FIRST, reports).calls().dtypes.to_dict()


def test_the_reports_folder_will_do_and_the_front_door_has_it(reports):
    assert len(harness.load_runs(reports)) == 2


def test_a_run_that_goes_on_one_that_was_killed_and_what_is_no_run_are_left_out_by_name(reports):
    going_on = Recorder(reports, made.info(THIRD))
    (reports / "runs" / "odd").mkdir()
    killed = Recorder(reports, made.info("20261121-014500-0004"))
    killed.record(made.attempt())
    killed._writer.close()
    assert killed._aside
    killed._aside.close()
    killed._lock.close()
    going_on.record(made.attempt())
    runs = load_runs(reports / "runs")
    told = {one.path.name: (one.state, one.remedy) for one in runs.left_out}
    assert {name: state for name, (state, _) in told.items()} == {
        THIRD: "being written", "20261121-014500-0004": "killed", "odd": "no run",
    }  # fmt: skip
    assert told["20261121-014500-0004"][1] == "`harness recover 20261121-014500-0004` makes a run of what it recorded"
    assert len(runs) == 2
    going_on.close()
    assert len(load_runs(reports)) == 3


def test_a_damaged_manifest_and_a_missing_part_are_named_with_what_to_do(reports):
    (reports / "runs" / FIRST / "manifest.json").write_text("{")
    (part,) = (reports / "runs" / SECOND / "calls.parquet").iterdir()
    part.unlink()
    first, second = runs_in(reports / "runs")
    assert (first.state, second.state) == ("damaged", "damaged")
    assert "manifest.json is not a run's manifest" in first.remedy
    assert second.remedy == f"{part.name} is missing: restore it from a copy"


def test_runs_are_chosen_by_suite_provider_and_time(reports):
    trial = made.trial(5)
    provider = trial.provider.name
    day = open_run(FIRST, reports).info.created
    record(
        reports,
        THIRD,
        made.attempt(trial),
        suites={"other": "x"},
        providers={"somebody": {}},
        created=day + timedelta(1),
    )
    runs = load_runs(reports)
    assert [one.run_id for one in runs.where(suite="other").runs] == [THIRD]
    assert [one.run_id for one in runs.where(provider=["somebody", "nobody"]).runs] == [THIRD]
    assert [one.run_id for one in runs.where(since=day + timedelta(hours=1)).runs] == [THIRD]
    assert [one.run_id for one in runs.where(until=(day + timedelta(hours=1)).replace(tzinfo=None)).runs] == [
        FIRST,
        SECOND,
    ]
    assert runs.where(provider="somebody").calls(["provider"]).empty, f"its rows are {provider}'s"
    assert len(runs.where(since=datetime(1999, 1, 1)).calls(["provider"])) == 4  # noqa: DTZ001 - taken as UTC


def test_rows_of_other_providers_are_left_out(reports):
    mixed = [made.attempt(), made.attempt(made.trial(1, provider="second"))]
    names = {one.trial.provider.name for one in mixed}
    assert len(names) == 2
    record(reports, THIRD, *mixed, providers={name: {} for name in names})
    assert set(load_runs(reports).where(provider="second").calls(["provider"])["provider"]) == {"second"}
    assert len(load_runs(reports).where(provider="second").scores(["value"])) == 1


def test_a_column_that_an_older_run_has_not_is_null_there(reports, monkeypatch):
    (part,) = (reports / "runs" / FIRST / "calls.parquet").iterdir()
    pq.write_table(pq.read_table(part).drop_columns(["end_tokens", "load_level"]), part)
    monkeypatch.setattr("harness.store.parquet.check", lambda *_: None)
    frame = load_runs(reports).calls(["load_level", "end_tokens", "run_id"])
    assert list(frame.columns) == ["load_level", "end_tokens", "run_id"]
    assert frame.loc[frame["run_id"] == FIRST, "end_tokens"].isna().all()


def test_an_unknown_column_and_a_folder_that_is_not_there_are_wrong_use(reports):
    with pytest.raises(WrongUse, match="there is no column 'txt'; there are run_id, trial_id"):
        load_runs(reports).calls(["txt"])
    with pytest.raises(WrongUse, match="is no folder of runs"):
        load_runs(reports / "nowhere")


def test_a_file_that_is_not_the_one_of_the_manifest_is_a_store_error(reports):
    (part,) = (reports / "runs" / FIRST / "calls.parquet").iterdir()
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(StoreError, match="is damaged"):
        load_runs(reports).calls(["run_id"])


def test_no_runs_give_empty_frames(tmp_path):
    assert load_runs(tmp_path).calls(["run_id"]).empty
    assert runs_in(tmp_path / "runs") == []


GLOB, SCORES_GLOB = "runs/*/calls.parquet/*.parquet", "runs/*/scores.parquet"
"""As documented in reports/README.md."""


def test_pandas_and_pyarrow_read_them_by_the_documented_glob(reports):
    files = sorted(reports.glob(GLOB))
    assert ds.dataset(files).to_table(["run_id"])["run_id"].to_pylist() == [FIRST, FIRST, SECOND]
    assert len(pd.concat(pd.read_parquet(file, columns=["run_id"]) for file in files)) == 3
    assert "`runs/*/calls.parquet/*.parquet`" in Path("reports/README.md").read_text()


def test_duckdb_reads_them_by_the_documented_glob(reports):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed (68 MB): pip install duckdb")
    asked = f"select run_id, count(*) from read_parquet('{reports / GLOB}', union_by_name=true) group by 1 order by 1"
    assert duckdb.sql(asked).fetchall() == [(FIRST, 2), (SECOND, 1)]
    joined = f"select avg(value) from '{reports / GLOB}' join '{reports / SCORES_GLOB}' using (run_id, trial_id)"
    assert duckdb.sql(joined).fetchall() == [(load_runs(reports).scores(["value"])["value"].mean(),)]


def test_polars_reads_them_by_the_documented_glob(reports):
    polars = pytest.importorskip("polars", reason="polars is not installed (180 MB): pip install polars")
    counts = polars.scan_parquet(reports / GLOB).group_by("run_id").len().sort("run_id").collect()
    assert counts.rows() == [(FIRST, 2), (SECOND, 1)]
