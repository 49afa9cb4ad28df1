"""`import`: outcomes from elsewhere become a run that says so, and feed the same report, routes and comparison."""

import csv
import gzip
import json
import random
from pathlib import Path

import pytest

from harness.errors import ExitCode
from harness.store import load_runs, open_run
from tests.cli.conftest import ROOT, call

LOGS = ROOT / "tests" / "load" / "outcomes"
PUBLIC = ROOT.parent / "shared" / "data" / "outcomes"
HEAD = ["case_id", "capability", "provider", "score", "cost_usd", "latency_s"]


def write(path, share, cases=300):
    """A table of two providers: `share` says how often each is right about each capability."""
    draw = random.Random(5)
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEAD)
        for number in range(cases):
            capability = ("math", "facts")[number % 2]
            for provider, right in share.items():
                table.writerow([f"c{number}", capability, provider, int(draw.random() < right[capability]), 0.001, 0.5])
    return path


ALIKE = {"even": {"math": 0.6, "facts": 0.6}, "special": {"math": 0.95, "facts": 0.3}}


def imported(*words):
    said = call("import", *words, "--json")
    assert said.code == ExitCode.FINE, said.err
    return json.loads(said.out)


def test_an_imported_table_feeds_report_and_routes(project):
    told = imported(write(project / "evals.csv.gz", ALIKE))
    assert (told["rows"], told["cases"], told["providers"], told["unread"]) == (600, 300, ["even", "special"], 0)
    said = call("report", told["run"], "--json")
    report = json.loads(said.out)
    assert (report["state"], report["trials"], report["spend_usd"], report["duration_s"]) == (
        "complete",
        600,
        pytest.approx(0.6),
        0.0,
    )
    assert {
        one["capability"]: round(one["quality"]["value"], 1)
        for one in report["standings"]
        if one["provider"] == "special"
    }["math"] > 0.8
    assert any(note.startswith("Imported from evals.csv.gz (csv, sha256 ") for note in report["notes"])
    assert any("were timed elsewhere, by a clock that we do not know" in note for note in report["notes"])
    routes = {one["capability"]: one for one in json.loads(call("route", told["run"], "--json").out)["routes"]}
    assert max(routes["math"]["weights"], key=routes["math"]["weights"].get) == "special"
    assert max(routes["facts"]["weights"], key=routes["facts"]["weights"].get) == "even"


def test_the_same_evidence_gives_the_same_routes_when_they_are_asked_for_again(project):
    told = imported(write(project / "evals.csv", ALIKE))
    assert call("route", told["run"], "--json").out == call("route", told["run"], "--json").out


def test_two_imports_compare_case_by_case(project):
    before = imported(write(project / "before.csv", ALIKE), "--suite", "ours")["run"]
    after = imported(
        write(project / "after.csv", {**ALIKE, "special": {"math": 0.2, "facts": 0.3}}), "--suite", "ours"
    )["run"]
    said = call("compare", before, after, "--json")
    assert said.code == ExitCode.BELOW
    cells = {(one["provider"], one["capability"], one["measure"]): one for one in json.loads(said.out)["cells"]}
    lost = cells["special", "math", "quality"]
    assert (lost["verdict"], lost["n_pairs"], lost["n_missing"]) == ("regressed", 150, 0)


def test_the_rows_say_that_they_were_imported_and_nothing_that_the_table_does_not_tell(project):
    path = project / "evals.csv"
    path.write_text(f"{','.join(HEAD)},error\na,math,m,1,,,\nb,math,m,,0.5,2,\nc,math,m,,,,it fell over\n")
    run = open_run(imported(path)["run"], Path("reports"))
    calls = run.calls().set_index("case_id")
    assert set(calls["wire"]) == set(calls["timing_source"]) == {"imported"}
    assert calls[["started_at", "ttft_s", "messages_json", "text", "litellm_version"]].isna().all(axis=None)
    assert calls["cost_status"].to_dict() == {"a": "unknown", "b": "estimated", "c": "unknown"}
    assert calls["status"].to_dict() == {"a": "ok", "b": "ok", "c": "failed"}
    assert run.scores()["state"].tolist() == ["scored", "unscored", "failed"]
    assert (run.state, run.trials, run.info.suite_cases) == ("complete", 3, {"evals": 3})
    assert len(load_runs("reports").scores()) == 3


def test_rows_that_cannot_be_read_are_counted_and_named_here_and_beside_the_run(project):
    path = project / "evals.csv"
    path.write_text(",".join(HEAD) + "\n" + "a,math,m,1,,\n" + "".join(f"b{n},math,m,{n},,\n" for n in range(2, 15)))
    said = call("import", path)
    assert said.code == ExitCode.BELOW
    assert "1 outcome of 1 case and 1 provider" in said.out
    assert "13 rows could not be read" in said.out
    assert f"{path}:3: score must be from 0 to 1, not '2'" in said.out
    (folder,) = (project / "reports" / "runs").iterdir()
    assert len((folder / "unread.txt").read_text().splitlines()) == 13
    assert "13 rows could not be read; unread.txt names them." in call("report", folder.name).out


def test_without_a_row_that_can_be_read_there_is_no_run(project):
    path = project / "evals.csv"
    path.write_text(",".join(HEAD) + "\na,math,m,7,,\n")
    said = call("import", path)
    assert said.code == ExitCode.NOTHING
    assert "nothing to import: none of 1 rows can be read" in said.err
    assert "evals.csv:2: score must be from 0 to 1" in said.err
    assert list((project / "reports" / "runs").iterdir()) == []


def test_a_file_that_breaks_off_leaves_no_run(project):
    path = write(project / "evals.csv.gz", ALIKE)
    path.write_bytes(path.read_bytes()[:-30])
    said = call("import", path)
    assert said.code == ExitCode.WRONG_USE
    assert "it cannot be read to its end" in said.err
    assert list((project / "reports" / "runs").iterdir()) == []


def test_flags_map_and_set_fields_and_columns_not_taken_are_named(project):
    path = project / "evals.csv"
    path.write_text("id,grade,extra\na,1,x\nb,0,x\n")
    flags = [
        "--map",
        "case_id=id",
        "--map",
        "score=grade",
        "--set",
        "provider=m",
        "--set",
        "capability=math",
        "--suite",
        "mine",
    ]
    said = call("import", path, *flags)
    assert said.code == ExitCode.FINE
    assert "not taken: extra" in said.out
    said = call("import", path, "--map", "case_id")
    assert said.code == ExitCode.WRONG_USE
    assert "'case_id' is not FIELD=COLUMN" in said.err


def test_logs_of_inspect_ai_and_lm_eval_make_one_run(project):
    (samples,) = LOGS.glob("samples_made_sums_*")
    told = imported(LOGS / "sums.eval", samples)
    assert (told["rows"], told["providers"], told["format"]) == (
        6,
        ["dummy", "mockllm/model"],
        "inspect_ai log, status success, lm-eval samples",
    )
    run = open_run(told["run"], Path("reports"))
    scores = run.scores(["scorer", "value", "weight", "case_id"])
    assert scores.loc[scores["scorer"] == "match", "weight"].tolist() == [0.0] * 4
    assert call("report", told["run"]).code == ExitCode.FINE
    assert json.loads(run.calls(["messages_json"])["messages_json"][0])["messages"][0]["content"] == "1+1?"


def test_an_imported_run_is_neither_judged_again_nor_resumed(project):
    run = imported(write(project / "evals.csv", ALIKE, cases=4))["run"]
    before = open_run(run, Path("reports")).scores()
    for words, why in (
        (["score", run], "was imported with its scores"),
        (["run", "--simulated", "--resume", run], "was imported: it cannot be resumed"),
    ):
        said = call(*words)
        assert (said.code, why in said.err) == (ExitCode.WRONG_USE, True), said.err
    assert open_run(run, Path("reports")).scores().equals(before)


@pytest.mark.parametrize(("name", "rows", "providers"), [("llmrouter", 54_972, 9), ("routellm", 30_722, 2)])
def test_the_public_tables_import_whole(project, name, rows, providers):
    path = PUBLIC / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here: public data is no part of the project")
    told = imported(path)
    assert (told["rows"], len(told["providers"]), told["unread"]) == (rows, providers, 0)
    routes = json.loads(call("route", told["run"], "--json").out)["routes"]
    assert len(routes) == {"llmrouter": 14, "routellm": 58}[name]
