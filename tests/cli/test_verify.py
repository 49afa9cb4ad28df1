import json

import numpy as np
import pytest

from harness.errors import ExitCode
from tests.cli.conftest import call
from tests.routing.outcomes import table


@pytest.fixture
def file(tmp_path):
    rates = np.array([[0.8, 0.3], [0.3, 0.8], [0.8, 0.4]])
    table(1, rates, 100, costs=[0.001, 0.002]).to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


def test_it_prints_what_choosing_gains_and_what_it_costs(file):
    said = call("verify", "--outcomes", file, "--splits", 3)
    assert said.code == ExitCode.FINE
    assert "What choosing gains: table.csv: 300 cases, 2 providers, 3 capabilities" in said.out
    assert "On the held-out cases, having chosen from 100" in said.out
    assert all(way in said.out for way in ["route", "best single", "zero router", "random", "oracle", "AIQ 0."])


def test_as_json_it_is_the_same(file):
    said = call("verify", "--outcomes", file, "--splits", 2, "--sizes", "60,90", "--shuffle", "--json")
    assert [one["n"] for one in json.loads(said.out)] == [60, 90]


def test_what_cannot_be_done_is_said(file, tmp_path):
    assert call("verify", "--outcomes", tmp_path / "none.csv").code == ExitCode.WRONG_USE
    assert "the table has 300" in call("verify", "--outcomes", file, "--sizes", 300).err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("case_id,capability,provider\n", "score"),
        ("case_id,capability,provider,score\nx,k,a,2\n", "table.csv:2"),
        ("case_id,capability,provider,score\n", "there is no outcome"),
        ("", "it is empty"),
    ],
)
def test_what_is_no_table_of_outcomes_is_refused(tmp_path, text, complaint):
    (tmp_path / "table.csv").write_text(text)
    said = call("verify", "--outcomes", tmp_path / "table.csv")
    assert said.code == ExitCode.WRONG_USE
    assert complaint in said.err


def test_json_lines_are_read_as_well(tmp_path):
    frame = table(1, np.tile([0.3, 0.7], (3, 1)), 40)
    (tmp_path / "table.jsonl").write_text(frame.to_json(orient="records", lines=True))
    frame.to_csv(tmp_path / "table.csv", index=False)
    said = [
        call("verify", "--outcomes", tmp_path / f"table.{kind}", "--splits", 2, "--json") for kind in ("jsonl", "csv")
    ]
    assert said[0].out == said[1].out
    assert said[0].code == ExitCode.FINE


ALIKE = np.array([[0.6, 0.6, 0.6]] * 6)
SPECIAL = np.array([[0.95, 0.4], [0.4, 0.95], [0.8, 0.7]])


def imported(project, rates, seed=1, n=60, **figures):
    table(seed, rates, n, **figures).assign(latency_s=1.5).to_csv(project / "mine.csv", index=False)
    return json.loads(call("import", project / "mine.csv", "--json").out)["run"]


def test_a_run_is_verified_on_cases_that_its_routes_were_not_chosen_from(project):
    run = imported(project, SPECIAL, costs=[0.002, 0.001])
    said = call("verify", run)
    assert said.code == ExitCode.FINE
    assert "180 cases, each judged by a route that was chosen without it" in said.out
    for way in ("route", "incumbent", "best single", "zero router", "random", "oracle"):
        assert way in said.out
    assert "the route may replace what was there before" in said.out
    assert (project / "reports" / "latest" / "frontier.png").stat().st_size > 5000
    found = json.loads(call("verify", run, "--json").out)
    assert found["objection"] is None
    assert found["proof"]["gain"]["low"] > 0
    assert found["proof"]["ways"]["route"]["latency_p95_s"] == 1.5


def test_what_is_in_force_is_verified_against_what_it_replaced(project):
    run = imported(project, SPECIAL, costs=[0.002, 0.001])
    before = json.loads(call("verify", run, "--json").out)["proof"]
    assert call("route", run, "--apply").code == ExitCode.FINE
    assert json.loads(call("verify", run, "--json").out)["proof"] == before


def test_routes_that_do_not_beat_those_in_force_are_refused_unless_forced(project):
    run = imported(project, ALIKE, seed=4, n=40)
    call("route", run, "--apply", "--confidence=0.99")
    file = project / "reports" / "routing.toml"
    before = file.read_bytes()
    words = (run, "--confidence=0.51")
    verified = call("verify", *words)
    assert verified.code == ExitCode.BELOW
    assert "does not beat the incumbent" in verified.out
    refused = call("route", *words, "--apply")
    assert refused.code == ExitCode.BELOW
    assert "stays as it is: the route does not beat the incumbent" in refused.out
    assert file.read_bytes() == before
    assert call("route", *words, "--apply", "--force").code == ExitCode.FINE
    assert file.read_bytes() != before


def test_where_no_traffic_moves_there_is_nothing_to_refuse(project):
    run = imported(project, np.array([[0.9, 0.3]] * 3))
    said = call("verify", run)
    assert said.code == ExitCode.FINE
    assert "the routes move no traffic" in said.out
    assert "costs are not known" in said.out


def test_a_run_and_a_table_are_not_verified_at_once(file):
    assert "say one of them" in call("verify", "latest", "--outcomes", file).err
    assert "say --outcomes FILE" in call("verify", "--shuffle").err
