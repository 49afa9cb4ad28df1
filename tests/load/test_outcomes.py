"""Outcomes that others recorded: tables, and real logs of inspect_ai 0.3.285 (mockllm) and lm-eval 0.4.13 (dummy) of made-up tasks."""

import gzip
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from harness.errors import BadInput, Problem, WrongUse
from harness.load import outcomes
from harness.load.outcomes import Wishes

LOGS = Path(__file__).parent / "outcomes"
HEAD = "case_id,capability,provider,score,cost_usd,latency_s\n"


def table(folder, text, name="evals.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(file, kind=None, **wishes):
    """The rows, the complaints, and what is not taken."""
    source = outcomes.outcomes(file, Wishes(**wishes), kind)
    both = list(outcomes.rows([source]))
    rows = [one for one in both if not isinstance(one, Problem)]
    return rows, [str(one) for one in both if isinstance(one, Problem)], source.left


def test_a_row_of_the_long_form_is_an_outcome_and_what_is_empty_is_not_told(tmp_path):
    rows, wrong, left = read(table(tmp_path, HEAD + "a,math,m1,0.5,0.001,1.5\nb,math,m1,,,\n"))
    assert (wrong, left) == ([], set())
    first, second = rows
    assert (first.case_id, first.capability, first.provider, first.suite) == ("a", "math", "m1", "evals")
    assert (first.value, first.cost_usd, first.latency_s) == (0.5, 0.001, 1.5)
    assert (second.value, second.cost_usd, second.latency_s, second.started_at) == (None, None, None, None)


@pytest.mark.parametrize(
    "name", ["evals.csv", "evals.csv.gz", "evals.tsv", "evals.jsonl", "evals.jsonl.gz", "evals.parquet"]
)
def test_every_form_of_a_table_says_the_same(tmp_path, name):
    frame = pd.DataFrame(
        {
            "case_id": ["a", "b"],
            "capability": "math",
            "provider": "m1",
            "score": [1.0, 0.0],
            "cost_usd": [0.5, None],
            "latency_s": None,
        }
    )
    path = tmp_path / name
    if "csv" in name or "tsv" in name:
        frame.to_csv(path, index=False, sep="\t" if "tsv" in name else ",")
    elif "jsonl" in name:
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)
    rows, wrong, _ = read(path)
    assert wrong == []
    assert [(one.case_id, one.value, one.cost_usd, one.latency_s) for one in rows] == [
        ("a", 1.0, 0.5, None),
        ("b", 0.0, None, None),
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a,math,m1,1.5,,", "score must be from 0 to 1, not '1.5'"),
        ("a,math,m1,nan,,", "score must be from 0 to 1, not 'nan'"),
        ("a,math,m1,good,,", "score must be from 0 to 1, not 'good'"),
        (",math,m1,1,,", "case_id is empty"),
        ("a,  ,m1,1,,", "capability is empty"),
        ("a,math,m1,1,-1,", "cost_usd must be a number from 0 on, not '-1'"),
        ("a,math,m1,1,,inf", "latency_s must be a number from 0 on, not 'inf'"),
        ("a,math,m1,1", "it has 4 cells, the head has 6"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_line_and_the_others_are_read(tmp_path, row, why):
    path = table(tmp_path, f"{HEAD}x,math,m1,1,,\n{row}\ny,math,m1,TRUE,,\n")
    rows, wrong, _ = read(path)
    assert wrong == [f"{path}:3: {why}"]
    assert [(one.case_id, one.value) for one in rows] == [("x", 1.0), ("y", 1.0)]


def test_bytes_that_are_not_utf_8_cost_their_row(tmp_path):
    path = tmp_path / "evals.csv"
    path.write_bytes(HEAD.encode() + b"a\xff,math,m1,1,,\nb,math,m1,1,,\n")
    rows, wrong, _ = read(path)
    assert wrong == [f"{path}:2: case_id is not UTF-8"]
    assert len(rows) == 1


def test_a_cell_too_long_for_the_reader_is_named(tmp_path):
    path = table(tmp_path, f"{HEAD}{'x' * 200_000},math,m1,1,,\nb,math,m1,1,,\n")
    rows, wrong, _ = read(path)
    assert wrong == [f"{path}:2: field larger than field limit (131072)"]
    assert [one.case_id for one in rows] == ["b"]


def test_the_same_trial_twice_is_named_unless_repeats_are_told_apart(tmp_path):
    text = HEAD + "a,math,m1,1,,\na,math,m1,0,,\na,other,m1,0,,\n"
    rows, wrong, _ = read(table(tmp_path, text))
    assert len(rows) == 2
    assert "evals.csv:3: case 'a' of math was told for m1 before" in wrong[0]
    rows, wrong, _ = read(
        table(tmp_path, "case_id,capability,provider,score,repeat\na,m,p,1,0\na,m,p,0,1\na,m,p,0,0.5\n")
    )
    assert [one.repeat for one in rows] == [0, 1]
    assert "repeat must be a whole number, not '0.5'" in wrong[0]


def test_columns_are_mapped_and_set_and_what_is_not_taken_is_named(tmp_path):
    path = table(tmp_path, "id,model_name,right,when,extra\na,m1,1,2026-11-21T16:00:00,x\n")
    rows, wrong, left = read(
        path, columns={"case_id": "id", "provider": "model_name", "score": "right", "started_at": "when"},
        values={"capability": "math"}, suite="mine",
    )  # fmt: skip
    (row,) = rows
    assert (row.case_id, row.provider, row.capability, row.suite, row.value) == ("a", "m1", "math", "mine", 1.0)
    assert row.started_at.isoformat() == "2026-11-21T16:00:00+00:00"
    assert (wrong, left) == ([], {"extra"})


def test_a_missing_column_says_what_is_there_and_how_to_map(tmp_path):
    with pytest.raises(BadInput) as caught:
        read(table(tmp_path, "id,capability,provider,score\n"), columns={"score": "grade"})
    said = str(caught.value)
    assert "evals.csv:1: there is no column 'grade' for score; there is no column 'case_id'" in said
    assert "it has id, capability, provider, score; --map FIELD=COLUMN" in said


def test_an_empty_table_and_one_that_is_none_say_so(tmp_path):
    with pytest.raises(BadInput, match="it is empty"):
        read(table(tmp_path, ""))
    with pytest.raises(BadInput, match="it cannot be read as Parquet"):
        read(table(tmp_path, "x", "evals.parquet"))
    with pytest.raises(BadInput, match="it cannot be read to its end"):
        read(table(tmp_path, "no gzip", "evals.csv.gz"))


def test_a_gzip_that_was_cut_off_is_not_half_imported(tmp_path):
    path = tmp_path / "evals.csv.gz"
    whole = gzip.compress((HEAD + "".join(f"{n},math,m1,1,,\n" for n in range(5000))).encode())
    path.write_bytes(whole[:-20])
    with pytest.raises(BadInput, match="it cannot be read to its end"):
        read(path)


def test_lines_that_are_no_json_objects_are_named(tmp_path):
    good = json.dumps({"case_id": 7, "capability": "math", "provider": "m", "score": True, "error": None})
    path = table(tmp_path, f"{good}\n\n{{half\n[1]\n", "evals.jsonl")
    rows, wrong, _ = read(path)
    assert [(one.case_id, one.value) for one in rows] == [("7", 1.0)]
    assert [one.split(": ")[0] for one in wrong] == [f"{path}:3", f"{path}:4"]
    assert wrong[1].endswith("it is no JSON object")


def test_a_key_that_only_a_later_line_has_is_taken_or_named(tmp_path):
    lines = [
        {"case_id": "a", "capability": "m", "provider": "p", "score": 1},
        {"case_id": "b", "capability": "m", "provider": "p", "score": 1, "cost_usd": 2, "x": 1},
    ]
    rows, _, left = read(table(tmp_path, "".join(f"{json.dumps(one)}\n" for one in lines), "evals.jsonl"))
    assert [one.cost_usd for one in rows] == [None, 2.0]
    assert left == {"x"}


def test_what_is_asked_for_must_be_there(tmp_path):
    with pytest.raises(WrongUse, match="is no file"):
        read(tmp_path / "gone.csv")
    with pytest.raises(WrongUse, match="its format cannot be told by its name; --format says it: csv"):
        read(table(tmp_path, "", "evals.txt"))
    with pytest.raises(WrongUse, match="there is no field 'grade'; there are case_id"):
        read(table(tmp_path, HEAD), columns={"grade": "x"})
    assert read(table(tmp_path, HEAD, "evals.txt"), "csv")[0] == []


@pytest.mark.parametrize("name", ["sums.eval", "sums.json"])
def test_a_log_of_inspect_ai_in_either_form(name):
    rows, wrong, left = read(LOGS / name)
    assert (wrong, left) == ([], set())
    assert sorted((one.case_id, one.repeat, one.scorer, one.value) for one in rows) == [
        ("one", 0, "includes", 0.0), ("one", 1, "includes", 0.0), ("two", 0, "includes", 1.0), ("two", 1, "includes", 1.0),
    ]  # fmt: skip
    first = next(one for one in rows if one.case_id == "one")
    assert (first.provider, first.capability, first.suite, first.question) == ("mockllm/model", "sums", "sums", "1+1?")
    assert first.text == "Default output from mockllm/model"
    assert (first.prompt_tokens, first.completion_tokens, first.cost_usd) == (4, 33, None)
    assert 0 < first.latency_s < 5
    assert first.started_at.year == 2026
    assert first.others == (("match", 0.0),)


def test_of_several_scorers_the_wished_one_counts():
    rows, _, _ = read(
        LOGS / "sums.eval", scorer="match", values={"provider": "mock", "capability": "adding"}, suite="s"
    )
    assert {(one.scorer, one.value, one.provider, one.capability, one.suite) for one in rows} == {
        ("match", 0.0, "mock", "adding", "s")
    }
    assert {one.others[0][0] for one in rows} == {"includes"}


def changed(tmp_path, change):
    log = json.loads((LOGS / "sums.json").read_text())
    change(log)
    return table(tmp_path, json.dumps(log), "sums.json")


def test_a_sample_that_failed_and_values_that_are_no_shares_are_told_as_that(tmp_path):
    def change(log):
        log["samples"][0] |= {"error": {"message": "it broke"}, "scores": None}
        log["samples"][1]["scores"]["includes"]["value"] = {"a": 1}
        log["samples"][2]["scores"]["includes"]["value"] = 0.25
        del log["samples"][3]["input"]

    path = changed(tmp_path, change)
    rows, wrong, left = read(path)
    assert [(one.error, one.value) for one in rows] == [("it broke", None), (None, None), (None, 0.25)]
    assert wrong == [f"{path}:4: sample 'two': KeyError: 'input'"]
    assert left == {"values of includes that are not from 0 to 1"}


def test_what_is_no_log_of_inspect_ai_says_so(tmp_path):
    with pytest.raises(BadInput, match="it is no log of inspect_ai"):
        read(table(tmp_path, '{"a": 1}', "x.json"))
    with pytest.raises(BadInput, match="it is no log of inspect_ai"):
        read(table(tmp_path, "PK", "x.eval"))
    with zipfile.ZipFile(tmp_path / "cut.eval", "w") as archive:
        archive.writestr("samples/a.json", "{}")
    with pytest.raises(BadInput, match=r"it has no header\.json: its evaluation was cut off"):
        read(tmp_path / "cut.eval")


def test_a_sample_whose_bytes_were_changed_is_named(tmp_path):
    content = bytearray((LOGS / "sums.eval").read_bytes())
    place = content.index(b"samples/one_epoch_1.json") + 600
    content[place] ^= 0xFF
    path = tmp_path / "sums.eval"
    path.write_bytes(content)
    rows, wrong, _ = read(path)
    assert len(rows) == 3
    assert "samples/one_epoch_1.json" in wrong[0]


def test_an_older_log_that_is_deflated_is_read_too(tmp_path):
    log = json.loads((LOGS / "sums.json").read_text())
    path = tmp_path / "old.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": log["eval"], "status": "success"}))
        for sample in log["samples"]:
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
    assert len(read(path)[0]) == 4


(SUMS,) = LOGS.glob("samples_made_sums_*.jsonl")
(CHOICE,) = LOGS.glob("samples_made_choice_*.jsonl")


def test_samples_of_lm_eval_take_the_model_from_the_results_beside_them():
    rows, wrong, _ = read(SUMS)
    assert wrong == []
    assert [(one.case_id, one.capability, one.provider, one.scorer, one.value, one.text, one.question) for one in rows] == [
        ("0", "made_sums", "dummy", "exact_match", 0.0, "lol", "1+1?"),
        ("1", "made_sums", "dummy", "exact_match", 1.0, "lol", "lol?"),
    ]  # fmt: skip


def test_of_several_metrics_the_first_counts_or_the_wished_one():
    assert [(one.scorer, one.value, one.others) for one in read(CHOICE)[0]] == [
        ("acc", 1.0, (("acc_norm", 1.0),)), ("acc", 0.0, (("acc_norm", 1.0),)),
    ]  # fmt: skip
    assert [one.value for one in read(CHOICE, scorer="acc_norm")[0]] == [1.0, 1.0]
    _, wrong, _ = read(CHOICE, scorer="bleu")
    assert "no metric from 0 to 1" in wrong[0]


def test_of_several_filters_the_first_counts_and_the_others_are_named(tmp_path):
    lines = [json.loads(line) for line in SUMS.read_text().splitlines()]
    both = [{**one, "filter": name} for name in ("strict", "loose") for one in lines]
    text = "".join(f"{json.dumps(one)}\n" for one in [*both, {"doc_id": 1, "filter": "strict"}])
    path = table(tmp_path, text, SUMS.name)
    for scorer in (None, "exact_match"):
        rows, wrong, left = read(path, values={"provider": "m"}, scorer=scorer)
        assert len(rows) == 2
        assert left == {"the filter loose (--scorer METRIC,loose takes it)"}
        assert wrong == [f"{path}:5: it is no sample of lm-eval: KeyError: 'metrics'"]
    rows, _, left = read(path, values={"provider": "m"}, scorer="exact_match,loose")
    assert (len(rows), left) == (2, {"the filter strict (--scorer METRIC,strict takes it)"})


def test_without_results_the_model_must_be_said(tmp_path):
    path = table(tmp_path, SUMS.read_text(), SUMS.name)
    with pytest.raises(BadInput, match="--set provider=NAME says which model answered"):
        read(path)
    assert {one.provider for one in read(path, values={"provider": "m"})[0]} == {"m"}
    with pytest.raises(BadInput, match="its name is not samples_"):
        read(table(tmp_path, "", "other.jsonl"), "lm-eval")
