import gzip
import json
from pathlib import Path

import pytest

from harness import scorers
from harness.ask import Answer, Criterion, ToolCall, TrialRef
from harness.errors import BadInput, WrongUse
from harness.load import dataset
from harness.load.datasets import bfcl, ifeval
from harness.told import Outcome, Reply

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


FUNCTION = {
    "task_id": "X/0",
    "prompt": 'from math import pi\n\n\ndef area(r: float) -> float:\n    """ Of a circle. """\n',
    "entry_point": "area",
    "canonical_solution": "    return pi * r * r\n",
    "test": "def check(candidate):\n    assert candidate(0) == 0\n",
}
CALLED = {
    "id": "parallel_7",
    "question": [[{"role": "user", "content": "Weather in Rome and Oslo?"}]],
    "function": [
        {
            "name": "weather.get",
            "description": "tells it",
            "parameters": {
                "type": "dict",
                "properties": {
                    "city": {"type": "string"},
                    "at": {"type": "tuple", "items": {"type": "float"}, "optional": True},
                    "more": {"type": "any", "description": "whatever"},
                },
                "required": ["city"],
            },
        }
    ],
}
POSSIBLE = {
    "id": "parallel_7",
    "ground_truth": [
        {"weather.get": {"city": ["Rome", "Roma"], "at": ["", [41.9, 12.5]]}},
        {"weather.get": {"city": ["Oslo"], "more": [{"wind": [True], "days": ["", 2]}]}},
    ],
}


def test_a_function_to_write_is_judged_by_its_tests_after_what_its_prompt_imports(tmp_path):
    (case,) = dataset("humaneval", write(tmp_path, FUNCTION)).cases
    (criterion,) = case.criteria
    assert case.id == "humaneval-000"
    assert criterion.options["setup"] == "from math import pi"
    assert (criterion.options["entry_point"], criterion.options["tests"]) == ("area", FUNCTION["test"])
    assert case.reference is not None
    assert "return pi * r * r" in case.reference.text


def test_a_prompt_without_the_function_is_no_record_of_humaneval(tmp_path):
    with pytest.raises(BadInput, match="does not define 'volume'"):
        dataset("humaneval", write(tmp_path, {**FUNCTION, "entry_point": "volume"}))


def test_tools_to_call_are_offered_in_json_schema_and_expected_with_all_possible_arguments(tmp_path):
    write(tmp_path, POSSIBLE, name="possible_answer_parallel.json")
    (case,) = dataset("bfcl", write(tmp_path, CALLED, name="BFCL_v4_parallel.json")).cases
    assert case.prompt.tools[0]["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "at": {"type": "array", "items": {"type": "number"}},
            "more": {"description": "whatever"},
        },
        "required": ["city"],
    }
    assert [call["name"] for call in case.expect] == ["weather_get", "weather_get"]
    assert case.expect[0]["arguments"]["at"] == {"any_of": [[41.9, 12.5], ""], "optional": True}
    assert case.tags == {"parallel"}
    assert case.reference == Answer(
        tool_calls=(
            ToolCall("weather_get", '{"city": "Rome", "at": [41.9, 12.5]}'),
            ToolCall("weather_get", '{"city": "Oslo", "more": {"wind": true, "days": 2}}'),
        )
    )


def test_several_files_take_turns_and_those_of_other_categories_stay_out(tmp_path):
    (tmp_path / "possible_answer").mkdir()
    write(tmp_path / "possible_answer", {"id": "multiple_7", "ground_truth": []}, name="BFCL_v4_multiple.json")
    one = {**CALLED, "function": []}
    write(tmp_path, {**one, "id": "multiple_7"}, name="BFCL_v4_multiple.json")
    write(tmp_path, {**one, "id": "irrelevance_1"}, {**one, "id": "irrelevance_2"}, name="BFCL_v4_irrelevance.json")
    write(tmp_path, {"id": "java_1"}, name="BFCL_v4_simple_java.json")
    assert [case.id for case in dataset("bfcl", tmp_path).cases] == ["irrelevance_1", "multiple_7", "irrelevance_2"]
    assert [case.expect for case in dataset("bfcl", tmp_path).cases] == [[], [], []]


def test_questions_without_their_possible_answers_say_where_these_are_looked_for(tmp_path):
    file = write(tmp_path, CALLED, name="BFCL_v4_parallel.json")
    with pytest.raises(BadInput) as bad:
        dataset("bfcl", file)
    assert "possible answers in another file" in bad.value.problems[0].message
    assert "possible_answer_parallel.json" in bad.value.problems[0].hint
    write(tmp_path, {**POSSIBLE, "id": "parallel_8"}, name="possible_answer_parallel.json")
    with pytest.raises(BadInput, match="lacks 'ground_truth'"):
        dataset("bfcl", file)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"question": [[], []]}, "several turns"),
        ({"function": [{"name": "f", "description": "", "parameters": {"type": "HashMap"}}]}, "'HashMap' is none of its types"),
    ],
)  # fmt: skip
def test_what_bfcl_does_not_have_in_one_turn_of_python_is_told(change, what):
    with pytest.raises(ValueError, match=what):
        bfcl.case({**CALLED, **POSSIBLE, **change}, 1)


INSTRUCTED = {
    "key": 1005,
    "prompt": "Write about rain, at least 20 words, no commas.",
    "instruction_id_list": ["length_constraints:number_words", "punctuation:no_comma"],
    "kwargs": [{"relation": "at least", "num_words": 20}, {}],
}


def test_instructions_become_rules_and_prompts_that_cannot_be_checked_are_left_out(tmp_path):
    unknown = {**INSTRUCTED, "key": 7, "instruction_id_list": ["words:start_verb"], "kwargs": [{}]}
    less = {**INSTRUCTED, "key": 8, "kwargs": [{"relation": "less than", "num_words": 20.0}, {}]}
    suite = dataset("ifeval", write(tmp_path, INSTRUCTED, unknown, less, name="ifeval.jsonl"), limit=2)
    assert [case.id for case in suite.cases] == ["1005", "8"]
    assert suite.cases[0].tags == {"length_constraints", "punctuation"}
    comma = {"pattern": {"pattern": ",", "times": 0}}
    rules = [case.criteria[0].options["rules"] for case in suite.cases]
    assert rules == [[{"words": {"min": 20}}, comma], [{"words": {"max": 19}}, comma]]


def test_an_instruction_that_says_nonsense_is_told_with_its_line(tmp_path):
    odd = {**INSTRUCTED, "kwargs": [{"relation": "around", "num_words": 20}, {}]}
    with pytest.raises(BadInput, match="'around' is no relation"):
        dataset("ifeval", write(tmp_path, odd, name="ifeval.jsonl"))


SAID = {
    "language": "de",
    "relation": "at least", "capital_relation": "less than", "let_relation": "at least", "postscript_marker": "P.S.", "sep": "!?!?",
    "keywords": ["rain"], "forbidden_words": ["snow"], "keyword": "rain", "letter": "q", "end_phrase": "The end. ",
    **{f"keyword{place}": f"word{place}" for place in range(1, 6)},
    **dict.fromkeys(("N", "min_words", "max_words", "num_words", "num_sentences", "num_bullets", "num_highlights", "frequency",
                     "num_placeholders", "capital_frequency", "let_frequency"), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ifeval.RULES))
def test_every_instruction_becomes_rules_that_the_scorer_knows(name):
    scorers.check(Criterion("constraints", {"rules": ifeval.RULES[name](SAID)}), None)


def test_problems_in_several_languages_are_asked_in_turns_and_share_their_cluster(tmp_path):
    (tmp_path / "mgsm_de.tsv").write_text("Zwei und zwei?\t4\nDrei mal 400?\t1,200\n", encoding="utf-8")
    (tmp_path / "mgsm_fr.tsv").write_text("Deux et deux ?\t4\n\n", encoding="utf-8")
    cases = dataset("mgsm", tmp_path).cases
    assert [(case.id, case.expect) for case in cases] == [
        ("mgsm-de-001", "4"),
        ("mgsm-fr-001", "4"),
        ("mgsm-de-002", "1200"),
    ]
    assert [case.cluster for case in cases] == ["mgsm-001", "mgsm-001", "mgsm-002"]
    (tmp_path / "mgsm_fr.tsv").write_bytes(b"a\t1\n\xff\t2\n")
    with pytest.raises(BadInput, match="cannot be read"):
        dataset("mgsm", tmp_path)


def test_the_examples_of_a_task_are_judged_by_the_answer_that_they_end_with(tmp_path):
    examples = [{"input": "Options:\n(A) x\n(B) y", "target": "(B)"}, {"input": "not True is", "target": "False"}]
    (tmp_path / "boolean.json").write_text(json.dumps({"canary": "", "examples": examples}))
    cases = dataset("bbh", tmp_path).cases
    assert [(case.id, case.expect) for case in cases] == [("boolean-001", "(B)"), ("boolean-002", "False")]

    def value(case, text):
        ref = TrialRef("t", "p", "bbh", "s", case.id, case.hash, case.capability)
        (one,) = scorers.judge(case, Outcome(ref, Reply(text, finish_reason="stop")))
        return one.value

    for text in ("Hm, (A)? No.\nAnswer: (B)", "So the answer is (B).", "**Answer:** B", "I think of y.\n(B)"):
        assert value(cases[0], text) == 1, text
    assert value(cases[0], "The answer is (A)") == 0
    assert value(cases[1], "Answer: false") == 1


@pytest.mark.parametrize("whole", ["[1]", '{"examples": [1]}', '{"tasks": []}', "{"])
def test_a_task_in_another_form_is_told(tmp_path, whole):
    (tmp_path / "boolean.json").write_text(whole)
    with pytest.raises(BadInput):
        dataset("bbh", tmp_path)
