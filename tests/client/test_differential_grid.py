"""Our wires against `litellm.acompletion` on the simulated fleet: each wire, each kind of question, streamed and not."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.client.differing import (
    DIFFERENCES,
    MODELS,
    QUESTIONS,
    STREAMED,
    WHOLE,
    both,
    differing,
    fleet_of,
    litellm_finds_replicate,
    ours,
)

TEXTS = {"stop": "one two ", "length": "word word word word"}
"""What the fleet says of the right text where it is stopped."""
FAILS = {
    ("replicate", "tools"): "unsupported_parameter",
    ("replicate", "parallel"): "unsupported_parameter",
    ("replicate", "result"): "bad_request",
    ("replicate", "image"): "bad_request",
}
"""Replicate takes one text: what is more than that is refused before it is sent."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, fleet_of(tmp_path_factory.mktemp("fleet")) as fleet:
        litellm_finds_replicate(patch)
        yield fleet


@pytest.mark.parametrize("stream", [STREAMED, WHOLE], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("kind", MODELS)
def test_both_paths_agree_but_for_what_is_listed(fleet, kind, name, stream):
    mine, other = both(fleet.base_url("right", kind), kind, QUESTIONS[name], stream=stream)
    here = [one for one in DIFFERENCES if one.kind == kind and name in one.questions and stream in one.ways]
    assert differing(mine, other) == {what for one in here for what in one.what}, (mine, other)


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("kind", MODELS)
def test_a_reply_is_right_and_the_same_streamed_or_not(fleet, kind, name):
    url, question = fleet.base_url("right", kind), QUESTIONS[name]
    mine = asyncio.run(ours(url, MODELS[kind], question, stream=True))
    assert mine == asyncio.run(ours(url, MODELS[kind], question, stream=False))
    if (kind, name) in FAILS:
        assert mine == {"failed": FAILS[kind, name]}
        return
    assert mine["reasoning"] + mine["text"] == TEXTS.get(name, question.right.text)  # Cohere's plan is reasoning
    assert mine["calls"] == [(one.name, json.loads(one.arguments)) for one in question.right.tool_calls]
    told = "length" if name == "length" else "tool_calls" if mine["calls"] else "stop"
    assert mine["finish"] == (None if kind == "replicate" and name != "length" else told)


def test_what_is_listed_has_a_reason_and_is_shown():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_differential_*.py"))
    for one in DIFFERENCES:
        assert len(one.why) > 20
        assert one.questions <= QUESTIONS.keys(), one
        assert bool(one.questions) is not bool(one.shown_by), one
        assert not one.shown_by or f"def {one.shown_by}(" in tests, one
