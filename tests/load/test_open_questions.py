"""MT-Bench's and Arena-Hard's questions in their published forms, as cases that a model judges."""

import json

import pytest

from harness.ask import Answer
from harness.errors import BadInput
from harness.load import dataset

MT_BENCH = [
    {"question_id": 81, "category": "writing", "turns": ["Compose a blog post.", "Rewrite it."]},
    {"question_id": 111, "category": "math", "turns": ["What is 3 + 4?", "And times 2?"], "reference": ["7", "14"]},
]
ARENA = [
    {"uid": "2edbb5f3", "category": "hard_prompt", "prompt": "Write a parser."},
    {"uid": "ec71c096", "category": "creative_writing", "prompt": "A tale of two forks."},
]
ARENA_EARLIER = {
    "question_id": "328c",
    "category": "arena-hard-v0.1",
    "cluster": "ABC & D",
    "turns": [{"content": "Use ABC."}],
}


def written(folder, records):
    file = folder / "question.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records))
    return file


def test_mt_bench_asks_the_first_turn_and_shows_the_judge_its_reference(tmp_path):
    writing, maths = dataset("mt_bench", written(tmp_path, MT_BENCH)).cases
    assert [one["content"] for one in writing.prompt.messages] == ["Compose a blog post."]
    assert (writing.id, set(writing.tags), writing.params, writing.expect) == (
        "mt-81",
        {"writing"},
        {"temperature": 0.7},
        None,
    )
    assert (maths.expect, maths.reference, maths.params) == ("7", Answer("7"), {"temperature": 0})
    (criterion,) = maths.criteria
    assert (criterion.scorer, criterion.options["scale"]) == ("judge", 10)


def test_arena_hard_is_read_in_both_of_its_forms(tmp_path):
    cases = dataset("arena_hard", written(tmp_path, [*ARENA, ARENA_EARLIER])).cases
    assert [one.id for one in cases] == ["arena-2edbb5f3", "arena-ec71c096", "arena-328c"]
    assert [one.prompt.messages[0]["content"] for one in cases] == [
        "Write a parser.",
        "A tale of two forks.",
        "Use ABC.",
    ]
    assert (cases[2].cluster, set(cases[2].tags)) == ("ABC & D", {"arena-hard-v0.1"})
    assert cases[0].criteria[0].scorer == "judge"


@pytest.mark.parametrize(("name", "record"), [("mt_bench", {"question_id": 1, "turns": ["x"]}), ("mt_bench", {**MT_BENCH[0], "turns": []}), ("arena_hard", {"uid": "a", "category": "b"})])  # fmt: skip
def test_another_form_is_named_with_its_line(tmp_path, name, record):
    with pytest.raises(BadInput, match=r"question.jsonl:1: is not a record of this dataset"):
        dataset(name, written(tmp_path, [record]))
