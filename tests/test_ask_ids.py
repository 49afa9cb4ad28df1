"""Content addresses are what runs are held together by: they never change for what has not changed."""

import pickle
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from harness.addressed import content_address
from harness.ask import Case, Criterion, Prompt, Provider, Suite, Trial

PROMPT = Prompt(
    ({"role": "system", "content": 'Kürze: "ja"\n'}, {"content": "2³ = ? 🙂", "role": "user"}),
    ({"type": "function", "function": {"name": "f", "parameters": {"z": None, "a": [1, 2.5, 1e-7, 1e16, True]}}},),
    tool_choice="auto",
)
CASE = Case("c", PROMPT, "sums", (Criterion("number", {"abs": 1e-9}, 2.0),), expect=8, params={"temperature": 0.2})
TRIAL = Trial("s", "h", CASE, Provider("p", "openai/m", simulated="careful"), {"temperature": 0.2, "max_tokens": 5}, 3)


def test_what_is_asked_keeps_its_ids():
    assert CASE.hash == "45e7215370621432"
    assert Suite("s", (CASE,), Path("s.yaml"), params={"n": 1}).hash == "605492bb532c9cfc"
    assert TRIAL.call_key == "0f6d3577c28965ef1778e6dc7ba6f7d2"
    assert TRIAL.ref.trial_id == "264692ccc1c6a448"


def test_the_order_of_keys_does_not_matter_and_that_of_lists_does():
    assert content_address({"a": 1, "b": [1, 2]}) == content_address({"b": [1, 2], "a": 1})
    assert content_address([1, 2]) != content_address([2, 1])


def test_what_is_no_json_has_no_address():
    with pytest.raises(TypeError, match="set is not JSON"):
        content_address({1})


def test_ids_are_the_same_in_another_process_and_of_a_copy():
    assert CASE.hash == content_address([PROMPT.as_json(), 8, [["number", {"abs": 1e-9}, 2.0, False]], CASE.params])
    for there in (pickle.loads(pickle.dumps(CASE)), deepcopy(CASE), replace(CASE, id="d")):
        assert there.hash == CASE.hash
        assert replace(TRIAL, case=there).call_key == TRIAL.call_key
