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
