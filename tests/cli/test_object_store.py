"""Every command works on runs and reports that lie in an object store, and says plainly when it fails; nothing that was paid for is lost."""

import pytest

import harness
from harness.errors import ExitCode
from tests.cli.conftest import call
from tests.cli.loopback import loopback
from tests.store import s3

SUITE = """\
capability: facts
score: contains
params: {max_tokens: 20}
cases:
  - {id: cow, prompt: What says moo?, expect: cow}
  - {id: cat, prompt: What says meow?, expect: cat}
"""
REGISTRY = '[[providers]]\nname = "mine"\nmodel = "openai/m"\nbase_url = "{}"\napi_key = "x"\nmax_retries = 0\n'


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "animals.yaml").write_text(SUITE)
    with loopback() as server:
        (tmp_path / "own.toml").write_text(REGISTRY.format(server.url))
        yield server


@pytest.fixture
def go(bucket, desk, monkeypatch):
    def go(command, *words, code=ExitCode.FINE):
        said = call(command, *words, f"--reports={bucket.reports}")
        assert not s3.is_secret_in(said.out + said.err)
        assert said.code == code, said.err + said.out
        return said.out + said.err

    return go


def run(go, *more, code=ExitCode.FINE):
    return go("run", "animals.yaml", "--providers=own.toml", "--no-warmup", *more, code=code)


def test_what_one_machine_records_another_reports_judges_compares_routes_and_lists(bucket, go, tmp_path):
    said = run(go, "--route")
    assert f"report   {bucket.reports}/latest/report.md" in said
    assert f"routes   {bucket.reports}/routing.toml" in said
    assert not (tmp_path / "reports").exists()
    run(go)
    bucket.machine("second")
    assert f"Parquet  {bucket.reports}/runs/" in go("report")
    assert f"{bucket.reports}/routing.toml has these routes already" in go("route")
    assert f"2 runs in {bucket.reports}/runs" in go("runs")
    go("score", "latest", "animals.yaml")
    go("compare", "previous", "latest")
    go("history")
    assert "facts" in go("models", "--providers=own.toml")
    assert "it is published" in go("bless")
    bucket.machine("third")
    go("compare", "baseline", "latest")
    kept = [name for name in bucket.objects if name.startswith("latest/")]
    go("report")
    assert [name for name in bucket.objects if name.startswith("latest/")] == kept
    assert len(harness.load_run(f"{bucket.reports}/latest").scores()) == 2
    assert len(harness.load_runs(bucket.reports).calls()) == 4


def test_a_model_judges_what_lies_there_and_its_answers_are_published(bucket, go, desk, tmp_path):
    desk.text = '{"reasoning": "so", "grade": 2}'
    (tmp_path / "animals.yaml").write_text(
        SUITE.replace("contains", "{judge: {rubric: Kind., scale: 3, same_family: true}}")
    )
    (tmp_path / "own.toml").write_text(REGISTRY.format(desk.url) + "judge = true\n")
    run(go)
    assert len(desk.bodies) == 4
    bucket.machine("second")
    found = harness.load_run(f"{bucket.reports}/latest")
    assert (found.calls()["phase"] == "judge").sum() == 2
    assert found.scores()["value"].tolist() == [0.5, 0.5]


def test_a_run_is_resumed_where_it_was_not_begun(bucket, go, desk, tmp_path):
    run(go)
    (tmp_path / "animals.yaml").write_text(SUITE.replace("meow?", "miau?"))
    bucket.machine("second")
    assert "1 left of 2; 1 are done in run " in go("resume")
    assert len(desk.bodies) == 3
    bucket.machine("third")
    assert len(harness.load_run(f"{bucket.reports}/latest").calls()) == 2
    assert any("superseded.parquet" in name for name in bucket.objects)


@pytest.mark.parametrize(("status", "why"), [(403, "access denied"), (500, "the server failed: try again later")])
def test_what_the_store_does_not_take_is_kept_and_published_by_recover(bucket, go, desk, status, why):
    bucket.proxy.fault = lambda method, path: status if "calls.parquet" in path and method != "GET" else None
    said = run(go, code=ExitCode.BROKEN)
    assert why in said
    assert "What was recorded is kept in " in said
    assert len(desk.bodies) == 2
    bucket.proxy.fault = lambda method, path: None
    said = go("recover")
    assert f"published: {bucket.reports}/runs/" in said
    assert "2 attempts at 2 of 2 planned trials" in said
    bucket.machine("second")
    go("score", harness.load_runs(bucket.reports).runs[0].run_id, "animals.yaml")
    assert len(desk.bodies) == 2, "nothing was paid for twice"


def test_a_place_that_takes_nothing_is_found_out_before_anything_is_asked(bucket, go, desk):
    bucket.vanish()
    assert "there is no such bucket: create it" in run(go, code=ExitCode.BROKEN)
    assert desk.bodies == []


def test_without_credentials_nothing_is_asked(bucket, go, desk, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "needs credentials, from the environment only" in run(go, code=ExitCode.WRONG_USE)
    assert desk.bodies == []


def test_a_run_that_was_not_judged_when_the_report_failed_is_reported_later(bucket, go):
    bucket.proxy.fault = lambda method, path: 500 if "/latest/" in path and method != "GET" else None
    assert "latest" in run(go, code=ExitCode.BROKEN)
    bucket.proxy.fault = lambda method, path: None
    newest = harness.load_runs(bucket.reports).runs[0].run_id
    assert f"report   {bucket.reports}/latest/report.md" in go("report", newest)


def test_what_is_imported_is_published_and_can_be_reported_elsewhere(bucket, go, tmp_path):
    (tmp_path / "outcomes.csv").write_text(
        "provider,case_id,capability,score\na,one,facts,1\nb,one,facts,0\nb,two,facts,much\n"
    )
    said = go("import", "outcomes.csv", code=ExitCode.BELOW)
    assert f"{bucket.reports}/runs/" in said
    assert any(name.endswith("/unread.txt") for name in bucket.objects)
    bucket.machine("second")
    (run,) = harness.load_runs(bucket.reports).runs
    assert sorted(run.scores()["value"]) == [0.0, 1.0]
    assert f"{bucket.reports}/latest/report.md" in go("report", run.run_id)
