"""`score`, `report`, `route`: a recorded run judged, reported and decided on again; nothing is sent."""

import json
import re
import tomllib

import pandas as pd
import pytest

import harness
from harness.errors import ExitCode
from tests.cli.conftest import ROOT, call, write_project


def scores_of(reports):
    (path,) = reports.glob("runs/*/scores.parquet")
    return pd.read_parquet(path)


def test_scoring_again_gives_the_same_scores_with_the_limit_of_the_run(copied):
    before = scores_of(copied)
    (copied / "latest" / "report.md").unlink()
    said = call("score", "latest", "--allow-code", "--reports", copied)
    assert said.code == ExitCode.FINE
    assert "not judged: no suite has their cases" not in said.out
    pd.testing.assert_frame_equal(scores_of(copied), before)
    assert (copied / "latest" / "report.md").exists()


def test_code_is_run_only_where_it_is_allowed(copied):
    assert call("score", "latest", "--reports", copied).code == ExitCode.FINE
    scores = scores_of(copied)
    code = scores[scores["capability"] == "code"]
    assert set(code["state"]) == {"unscored"}
    assert set(code["reason"]) == {"code is not run unless --allow-code is given"}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with two small suites in which one run was recorded."""
    monkeypatch.chdir(write_project(tmp_path))
    assert call("run", "--only=sim-swift,sim-careful").code == ExitCode.FINE
    return tmp_path


def test_a_case_that_was_edited_is_counted_and_not_judged_by_what_it_was_not_asked(small):
    file = small / "suites" / "animals.yaml"
    file.write_text(
        file.read_text().replace("What says moo?", "What says neigh?").replace("expect: cow", "expect: horse")
    )
    said = call("score", "--json")
    assert said.code == ExitCode.FINE
    assert "2 replies not judged: no suite has their cases any more, or they ask something else now" in said.err
    assert set(scores_of(small / "reports")["case_id"]) == {"cat", "two", "three", "five"}
    (own,) = [
        one for one in json.loads(said.out)["standings"] if (one["provider"], one["capability"]) == ("sim-swift", "all")
    ]
    assert own["n_scored"] == 4
    file.unlink()
    assert "4 replies not judged" in call("score").out


def test_a_case_that_is_judged_otherwise_by_now_is_judged_by_that_and_every_judging_is_kept(small):
    def scorings():
        return json.loads(call("score", "--list", "--json").out)["scorings"]

    (run,) = (small / "reports" / "runs").iterdir()
    first = harness.load_run(run).scores()
    parts = {path: path.read_bytes() for path in (run / "scores").iterdir()}
    sums, animals = small / "suites" / "sums.yaml", small / "suites" / "animals.yaml"
    sums.write_text(sums.read_text().replace("score: exact", "score: [contains, {refusal: {expected: false}}]"))
    animals.write_text(animals.read_text().replace("expect: cat", "expect: dog"))
    said = call("score")
    assert said.code == ExitCode.FINE
    assert "8 replies judged by what the cases expect now" in said.out
    assert "judging 2 of 2 is in force, the others are kept" in said.out
    assert all(path.read_bytes() == content for path, content in parts.items())
    again = harness.load_run(run)
    now = again.scores()
    assert set(now[now["case_id"] == "two"]["scorer"]) == {"contains", "refusal"}
    assert set(now[now["case_id"] == "cat"]["value"]) == {0.0}
    assert set(now["case_hash"]) == set(first["case_hash"]), "a score keeps the address of what was asked"
    pd.testing.assert_frame_equal(again.scores(scoring=1), first)
    one, two = scorings()
    assert (one["in_force"], two["in_force"]) == (False, True)
    assert (set(one["scorers"]), set(two["scorers"])) == ({"exact", "contains"}, {"contains", "refusal"})
    listed = call("score", "--list").out
    assert re.search(r"2 in force +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +16 +0 +0 ", listed), listed
    assert call("report").code == ExitCode.FINE
    assert len(scorings()) == 2


def test_a_run_without_scores_lists_none_and_says_how_to_make_some(small):
    (run,) = (small / "reports" / "runs").iterdir()
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**manifest, "scores": None, "scorings": []}))
    assert f"none yet: `harness score {run.name}` makes one" in call("score", "--list").out


def test_scoring_refuses_a_suite_that_says_something_wrong(small):
    (small / "suites" / "sums.yaml").write_text("cases: [\n")
    said = call("score")
    assert said.code == ExitCode.WRONG_USE
    assert "suites/sums.yaml:2: " in said.err


def test_a_report_again_is_the_same_report(copied):
    folder = copied / "latest"
    before = (folder / "report.md").read_text()
    (folder / "report.md").unlink()
    (folder / "heatmap.png").unlink()
    (run,) = (copied / "runs").iterdir()
    said = call("report", run.name, "--reports", copied)
    assert said.code == ExitCode.FINE
    assert (folder / "report.md").read_text() == before
    assert (folder / "heatmap.png").stat().st_size > 500
    assert json.loads(call("report", run, "--reports", copied, "--json").out)["run_id"] == run.name


def test_route_proposes_and_only_apply_writes(copied):
    routes = copied / "routing.toml"
    routes.unlink()
    proposed = call("route", "--reports", copied)
    assert proposed.code == ExitCode.FINE
    assert "Routing weights by quality (simulated)" in proposed.out
    assert f"there is no {routes} yet: `harness route --apply` writes it" in proposed.out
    assert not routes.exists()
    applied = call("route", "--reports", copied, "--apply")
    assert applied.out.endswith(f"written: {routes}\n")
    assert set(tomllib.loads(routes.read_text())["routes"]) >= {"facts", "code", "tools"}
    assert call("route", "--reports", copied).out.endswith(f"{routes} has these routes already\n")


def test_route_shows_what_it_would_change(copied):
    routes = copied / "routing.toml"
    present = tomllib.loads(routes.read_text())["routes"]["facts"]
    other = {"sim-swift": "sim-careful", "sim-careful": "sim-swift"}[present["incumbent"]]
    text = routes.read_text()
    head, facts = text.split("[routes.facts]", 1)
    facts, marker, tail = facts.partition("[routes.instructions]")
    facts = f'\ndecision = "hold"\nincumbent = "{other}"\nwhy = "by hand"\n[routes.facts.weights]\n{other} = 1.0\n\n'
    routes.write_text(f"{head}[routes.facts]{facts}{marker}{tail}")
    said = call("route", "--reports", copied, "--json")
    assert said.code == ExitCode.FINE
    changes = said.err.split(f"Changes of {routes}\n", 1)[1]
    assert "facts: " in changes
    assert changes.endswith("`harness route --apply` writes them\n")
    table = json.loads(said.out)
    assert table["simulated"] is True
    assert table["parent"], "it names the table that it would replace"


def test_a_confidence_that_nobody_can_have_decides_nothing(copied):
    (copied / "routing.toml").unlink()
    table = json.loads(call("route", "--reports", copied, "--confidence=0.9999999", "--json").out)
    assert table["confidence"] == 0.9999999
    assert {route["decision"] for route in table["routes"]} == {"insufficient"}


def test_the_readme_of_the_shipped_suites_is_no_suite(recorded):
    assert (ROOT / "suites" / "README.md").exists()
    assert set(scores_of(recorded.reports)["suite"]) == {
        "facts", "multilingual", "refusal", "arithmetic", "code", "extraction", "instructions", "long_context",
        "reasoning", "tools",
    }  # fmt: skip
