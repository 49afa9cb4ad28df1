"""Human labels from each kind of table, and complaints with their line."""

import json

import pandas as pd
import pytest

from harness.errors import BadInput, WrongUse
from harness.load.labels import read_labels

ROWS = [{"case_id": "a", "label": 4, "verdict": "5"}, {"case_id": "b", "label": 2.0, "verdict": None}]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_each_kind_of_table_is_read(tmp_path, kind):
    file = tmp_path / f"labels.{kind}"
    if kind == "csv":
        file.write_text("case_id,label,verdict\na,4,5\nb,2,\n")
    elif kind == "jsonl":
        file.write_text("".join(json.dumps(one) + "\n" for one in ROWS))
    else:
        pd.DataFrame(ROWS).to_parquet(file)
    found = read_labels(file, {})
    assert [(one.case_id, one.label, one.verdict) for one in found] == [("a", "4", "5"), ("b", "2", None)]


def test_a_column_may_have_another_name(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("id,human\na,yes\n")
    (one,) = read_labels(file, {"label": "human", "case_id": "id"})
    assert (one.line, one.label, one.case_id) == (2, "yes", "a")


@pytest.mark.parametrize(
    ("text", "says"), [("case_id,label\na,1\nb,\n", r"labels.csv:3: has no label"), ("label\n", "has no labels"), ("x\n1\n", "--map label=COLUMN")]
)  # fmt: skip
def test_what_is_no_label_is_named_with_its_line(tmp_path, text, says):
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(BadInput, match=says):
        read_labels(file, {})


def test_wrong_use_is_said(tmp_path):
    with pytest.raises(WrongUse, match="is no file"):
        read_labels(tmp_path / "none.csv", {})
    (tmp_path / "labels.csv").write_text("label\n1\n")
    with pytest.raises(WrongUse, match="no field 'lable'; did you mean 'label'"):
        read_labels(tmp_path / "labels.csv", {"lable": "x"})
