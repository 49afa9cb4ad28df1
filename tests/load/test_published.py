"""The loaders and scorers on datasets as they were published: what is right passes, what is altered does not."""

import ast
import gzip
import json
import os
from collections import Counter
from itertools import zip_longest
from pathlib import Path

import pytest

from harness.ask import ToolCall, TrialRef
from harness.load import dataset
from harness.scorers import Permissions, judge_all
from harness.told import Outcome, Reply

DATA = Path(os.environ.get("PUBLISHED_DATASETS") or Path(__file__).parents[3] / "shared" / "data" / "datasets")
"""Where the published files lie: a folder for each dataset."""


def published(name):
    return pytest.mark.skipif(
        not (DATA / name).exists(), reason=f"the published {name} is not there; PUBLISHED_DATASETS says where"
    )


def outcome(case, text="", calls=()):
    ref = TrialRef("t", "p", "suite", "s", case.id, case.hash, case.capability)
    return Outcome(ref, Reply(text, tool_calls=tuple(calls), finish_reason="stop"))


def solution(case):
    assert case.reference is not None
    return case.reference.text.removeprefix("```python\n").removesuffix("\n```")


def values(pairs):
    """How often each value was scored."""
    return Counter(score.value for score in judge_all(pairs, Permissions(code=True)))


@published("gsm8k")
def test_every_answer_of_gsm8k_scores_1_and_a_shifted_one_0():
    suite = dataset("gsm8k", DATA)
    with gzip.open(DATA / "gsm8k" / "test.jsonl.gz", "rt") as file:
        answers = [json.loads(line)["answer"] for line in file]
    pairs = list(zip_longest(suite.cases, answers))
    assert values((case, outcome(case, answer)) for case, answer in pairs) == {1.0: 1319}
    shifted = [(case, f"{answer.rpartition('####')[0]}#### {int(case.expect) + 1}") for case, answer in pairs]
    assert values((case, outcome(case, answer)) for case, answer in shifted) == {0.0: 1319}


ALTER = """
def _altered(it):
    if isinstance(it, bool) or it is None:
        return not it
    if isinstance(it, (int, float)):
        return it + 1
    return type(it)([*it, *it, 7]) if isinstance(it, (list, tuple)) else str(it) + "?"

def {name}(*given, _right={name}):
    return _altered(_right(*given))
"""


@published("humaneval")
def test_every_solution_of_humaneval_passes_and_one_that_returns_something_else_fails():
    cases = dataset("humaneval", DATA).cases
    assert values((case, outcome(case, solution(case))) for case in cases) == {1.0: 164}

    def broken(case):
        (criterion,) = case.criteria
        return solution(case) + ALTER.format(name=criterion.options["entry_point"])

    assert values((case, outcome(case, broken(case))) for case in cases) == {0.0: 164}


@published("humaneval")
def test_the_function_alone_without_what_its_prompt_imports_passes_too():
    cases = dataset("humaneval", DATA).cases

    def alone(case):
        (criterion,) = case.criteria
        body = ast.parse(solution(case)).body
        last = [node for node in body if getattr(node, "name", "") == criterion.options["entry_point"]]
        return ast.unparse(last[-1])

    assert values((case, outcome(case, alone(case))) for case in cases) == {1.0: 164}


def arguments_of(call, chosen=0):
    """The arguments of an expected call with the possible value number `chosen` of each, where there are so many."""
    return {
        key: _chosen(possible["any_of"][min(chosen, len(possible["any_of"]) - 1)])
        for key, possible in call["arguments"].items()
    }


def _chosen(value):
    if isinstance(value, dict):
        return {key: _chosen(one["any_of"][0]) for key, one in value.items()}
    return [_chosen(one) for one in value] if isinstance(value, list) else value


def called(case, chosen=0):
    return [(call["name"], arguments_of(call, chosen)) for call in case.expect]


def reply(case, calls, text=""):
    return outcome(case, text, [ToolCall(name, json.dumps(arguments)) for name, arguments in calls])


def altered(value):
    if isinstance(value, bool):
        return "neither"
    if isinstance(value, int | float):
        return value + 1_000_003
    if isinstance(value, str):
        return value + " or not"
    return [*value, "more"] if isinstance(value, list) else {}


def asked(category):
    return [case for case in dataset("bfcl", DATA).cases if category in case.tags]


CATEGORIES = [("simple_python", 400), ("multiple", 200), ("parallel", 200)]


@published("bfcl")
@pytest.mark.parametrize(("category", "n"), CATEGORIES)
def test_every_possible_answer_of_bfcl_passes(category, n):
    cases = asked(category)
    most = max(len(one["any_of"]) for case in cases for call in case.expect for one in call["arguments"].values())
    assert len(cases) == n
    assert most > 1
    for chosen in range(most):
        assert values((case, reply(case, called(case, chosen))) for case in cases) == {1.0: n}
    needed = [
        (case, [(name, {key: value for key, value in arguments.items() if not call["arguments"][key].get("optional")})
                for call, (name, arguments) in zip_longest(case.expect, called(case))])
        for case in cases
    ]  # fmt: skip
    assert values((case, reply(case, calls)) for case, calls in needed) == {1.0: n}
    shuffled = [(case, reply(case, called(case)[::-1])) for case in cases]
    assert values(shuffled) == {1.0: n}


@published("bfcl")
@pytest.mark.parametrize(("category", "n"), CATEGORIES)
def test_every_altered_answer_of_bfcl_fails(category, n):
    wrong = []
    for case in asked(category):
        calls = called(case)
        wrong += [
            (case, reply(case, calls[1:], "I know it.")),
            (case, reply(case, [*calls, calls[0]])),
            (case, reply(case, [(calls[0][0] + "_2", calls[0][1]), *calls[1:]])),
            (case, reply(case, [(calls[0][0], {**calls[0][1], "unheard_of": 1}), *calls[1:]])),
        ]
        for key, value in calls[0][1].items():
            wrong.append((case, reply(case, [(calls[0][0], {**calls[0][1], key: altered(value)}), *calls[1:]])))
            if not case.expect[0]["arguments"][key].get("optional"):
                without = {other: one for other, one in calls[0][1].items() if other != key}
                wrong.append((case, reply(case, [(calls[0][0], without), *calls[1:]])))
    assert len(wrong) > 5 * n
    assert values(wrong) == {0.0: len(wrong)}


@published("bfcl")
def test_a_question_that_no_tool_answers_passes_only_without_a_call():
    cases = asked("irrelevance")
    assert values((case, outcome(case, "None of these tools can tell.")) for case in cases) == {1.0: 240}
    tools = [(case, case.prompt.tools[0]["function"]["name"]) for case in cases]
    assert values((case, reply(case, [(name, {})])) for case, name in tools) == {0.0: 240}


@published("ifbench")
def test_the_prompts_of_ifbench_whose_instructions_can_be_checked_are_asked():
    cases = dataset("ifbench", DATA).cases
    assert 30 <= len(cases) < 300
    assert all(case.criteria[0].scorer == "constraints" for case in cases)
