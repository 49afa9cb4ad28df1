from dataclasses import replace

import pytest

from harness.ask import Answer
from harness.errors import BadInput
from harness.simulate import Keys, read_keys, write_keys
from harness.simulate.conversation import Tool, read_openai
from harness.simulate.keys import GENERIC_WRONG
from tests.simulate.served import CASES, FORM, SUM, TRIP


def test_what_is_written_is_read_again_and_is_the_same_as_in_memory(tmp_path):
    path = tmp_path / "keys.jsonl"
    assert write_keys(path, CASES) == 3
    assert len(path.read_text().splitlines()) == 3
    assert read_keys(path) == Keys.of(CASES)


def test_a_key_is_found_by_its_conversation_and_has_both_replies():
    address, key = Keys.of(CASES).look_up(read_openai(SUM.prompt.messages), None)
    assert address == read_openai(SUM.prompt.messages).key
    assert key is not None
    assert (key.capability, key.right, key.wrong) == ("arithmetic", SUM.reference, SUM.distractor)


def test_a_question_without_a_distractor_gets_a_generic_wrong_reply_and_keeps_its_tool_calls():
    conversation = read_openai(TRIP.prompt.messages, TRIP.prompt.tools)
    _, key = Keys.of(CASES).look_up(conversation, None)
    assert key is not None
    assert key.wrong == GENERIC_WRONG
    assert key.right == TRIP.reference


def test_a_case_without_a_reference_has_no_key(tmp_path):
    without = replace(SUM, reference=None)
    assert write_keys(tmp_path / "keys", [without]) == 0
    assert Keys.of([without]).by_conversation == {}


def test_of_two_keys_for_one_question_the_first_holds(tmp_path):
    cases = [FORM, replace(FORM, reference=Answer("other"))]
    write_keys(tmp_path / "keys", cases)
    assert Keys.of(cases) == Keys.of([FORM]) == read_keys(tmp_path / "keys")


def test_a_tool_that_is_forced_for_structured_output_does_not_hide_the_question():
    plain = read_openai(FORM.prompt.messages)
    forced = replace(plain, tools=(Tool("json_tool_call"),))
    keys = Keys.of(CASES)
    assert keys.look_up(forced, "json_tool_call") == keys.look_up(plain, None)
    assert keys.look_up(forced, None) == (forced.key, None)
    unknown = read_openai([{"role": "user", "content": "?"}])
    assert keys.look_up(unknown, "json_tool_call") == (unknown.key, None)


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"messages": [], "tools": [], "reference": 1, "distractor": 1}'])
def test_a_line_that_is_no_key_is_named(tmp_path, line):
    path = tmp_path / "keys.jsonl"
    write_keys(path, CASES)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(BadInput, match=r"keys.jsonl:4: this is not an answer key"):
        read_keys(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere: the answer keys cannot be read: No such file"):
        read_keys(tmp_path / "nowhere")
