import gzip
import json
from pathlib import Path

import pytest

from harness import scorers
from harness.ask import TrialRef
from harness.errors import BadInput, WrongUse
from harness.load import dataset
from harness.told import Outcome, Reply

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "datasets" / "gsm8k" / "test.jsonl.gz"
RECORD = {"question": "Two and two?", "answer": "2+2 = <<2+2=4>>4\n#### 4"}


def write(folder: Path, *records: object, name: str = "test.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def test_a_record_becomes_a_case_whose_expected_number_stands_behind_the_marks(tmp_path):
    suite = dataset("gsm8k", write(tmp_path, RECORD, {**RECORD, "answer": "#### 1,250"}))
    assert suite.name == "gsm8k"
    assert [case.expect for case in suite.cases] == ["4", "1250"]
    assert suite.cases[0].prompt.messages[-1]["content"] == "Two and two?"
    assert [case.line for case in suite.cases] == [1, 2]


def test_the_limit_takes_the_first_records(tmp_path):
    assert len(dataset("gsm8k", write(tmp_path, *[RECORD] * 9), limit=3).cases) == 3


@pytest.mark.parametrize("inside", ["", "gsm8k", "datasets/gsm8k"])
def test_the_file_is_found_in_its_folder_also_gzipped(tmp_path, inside):
    (tmp_path / inside).mkdir(parents=True, exist_ok=True)
    with gzip.open(tmp_path / inside / "test.jsonl.gz", "wt") as file:
        file.write(json.dumps(RECORD))
    assert len(dataset("gsm8k", tmp_path).cases) == 1


def test_an_unknown_dataset_names_those_that_there_are(tmp_path):
    with pytest.raises(WrongUse, match="gsm8k"):
        dataset("gsm9k", tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("{", 1, "is not JSON"),
        (json.dumps(RECORD) + "\n" + json.dumps({"question": "x", "answer": "none"}), 2, "####"),
        (json.dumps({"question": "x"}), 1, "lacks 'answer'"),
        ("[1]", 1, "not a record"),
        (json.dumps({"question": " ", "answer": "#### 1"}), 1, "empty"),
        ("", None, "no records"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, text, line, what):
    file = tmp_path / "test.jsonl"
    file.write_text(text)
    with pytest.raises(BadInput) as bad:
        dataset("gsm8k", file)
    (problem,) = bad.value.problems
    assert (problem.file, problem.line) == (file, line)
    assert what in problem.message


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"\x1f\x8bbroken"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    file = tmp_path / ("test.jsonl.gz" if content.startswith(b"\x1f") else "test.jsonl")
    file.write_bytes(content)
    with pytest.raises(BadInput, match="cannot be read"):
        dataset("gsm8k", file)


def test_a_missing_file_says_which_one_is_wanted(tmp_path):
    with pytest.raises(BadInput, match=r"test\.jsonl\.gz"):
        dataset("gsm8k", tmp_path / "nowhere")


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published GSM8K file is not beside the project")
def test_every_published_answer_scores_1_and_a_shifted_one_0():
    suite = dataset("gsm8k", PUBLISHED)
    assert len(suite.cases) == 1319
    with gzip.open(PUBLISHED, "rt") as file:
        answers = [json.loads(line)["answer"] for line in file]

    def value(case, text):
        ref = TrialRef("t", "p", suite.name, suite.hash, case.id, case.hash, case.capability)
        (score,) = scorers.judge(case, Outcome(ref, Reply(text, finish_reason="stop")))
        return score.value

    assert {value(case, answer) for case, answer in zip(suite.cases, answers, strict=True)} == {1.0}
    shifted = [
        f"{answer.rpartition('####')[0]}#### {int(case.expect) + 1}"
        for case, answer in zip(suite.cases, answers, strict=True)
    ]
    assert {value(case, answer) for case, answer in zip(suite.cases, shifted, strict=True)} == {0.0}
