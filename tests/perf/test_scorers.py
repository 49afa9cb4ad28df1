"""What judging a reply costs."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

from harness.ask import Case, Criterion, Prompt
from harness.scorers import judge
from harness.told import Outcome, Reply
from tests.store.made import trial

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}, "rivers": {"type": "array"}},
    "required": ["city", "people"],
    "additionalProperties": False,
}
PLACE = {"city": "Rome", "people": 2_750_000, "rivers": ["Tiber", "Aniene"]}
RULES = [
    {"words": {"min": 10, "max": 80}},
    {"sentences": {"max": 6}},
    {"includes": ["sheep", "nine"]},
    {"excludes": ["wolf"]},
    {"max_chars": 500},
]
REASONING = "There were 17 sheep. All but nine ran away, so 17 - 8 = 9 sheep are left. "
CASES = {
    "number": (Criterion("number"), 9, REASONING + "The answer is 9."),
    "json": (Criterion("json", {"schema": SCHEMA}), PLACE, f"```json\n{json.dumps(PLACE, indent=2)}\n```"),
    "constraints": (Criterion("constraints", {"rules": RULES}), None, REASONING),
}


@pytest.mark.parametrize("name", CASES)
def test_judge(benchmark, name):
    """`scorers.judge` of one reply by one criterion."""
    criterion, expect, text = CASES[name]
    benchmark.group = f"judge by {name}"
    case = Case("c", Prompt(({"role": "user", "content": "?"},)), "any", (criterion,), expect=expect)
    (score,) = benchmark(judge, case, Outcome(trial().ref, Reply(text=text, finish_reason="stop")))
    assert score.value == 1, score.reason


@pytest.mark.benchmark(group="judge by number")
def test_judge_peer_last_number(benchmark):
    """Peer: the last number by a regular expression, as many harnesses read it."""
    text, number = CASES["number"][2], re.compile(r"-?\d[\d,]*\.?\d*")
    assert benchmark(lambda: float(number.findall(text)[-1].rstrip(".").replace(",", "")) == 9)


@pytest.mark.benchmark(group="judge by json")
def test_judge_peer_loads_and_validate(benchmark):
    """Peer: `json.loads` of the bare text and a validator made before."""
    text, validator = json.dumps(PLACE), Draft202012Validator(SCHEMA)

    def valid() -> bool:
        value = json.loads(text)
        return validator.is_valid(value) and bool(value == PLACE)

    assert benchmark(valid)


@pytest.mark.benchmark(group="judge by constraints")
def test_judge_peer_split(benchmark):
    """Peer: one of the five rules, the number of words, by `str.split`."""
    text = CASES["constraints"][2]
    assert benchmark(lambda: 10 <= len(text.split()) <= 80)
