"""Answer keys: what a simulated provider says when it is right and when it is wrong. JSON lines, one question each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from harness.ask import Answer, Case, ToolCall
from harness.errors import BadInput, Problem
from harness.simulate.conversation import Conversation, read_openai

GENERIC_WRONG = Answer("This is a wrong reply, made up by a simulated provider.")
"""What is said, when wrong, to a question whose key has no distractor."""

NOT_KNOWN = Answer(
    "I am a simulated provider. I answer only the questions of the suites that I was started with, and this is not one of them."
)
"""What is said to a question that is in no key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A reply that is right and one that is wrong, and the capability that the question asks for."""

    capability: str
    right: Answer
    wrong: Answer = GENERIC_WRONG


Keys = Mapping[str, Key]
"""Answer keys by the key of their conversation."""


def write_keys(path: Path, cases: Iterable[Case]) -> int:
    """Writes the keys of all cases that have a reference; returns how many those are."""
    count = 0
    with path.open("wb") as file:
        for case in cases:
            if case.reference is not None:
                file.write(orjson.dumps(_line(case, case.reference), option=orjson.OPT_APPEND_NEWLINE))
                count += 1
    return count


def _line(case: Case, reference: Answer) -> dict[str, Any]:
    return {
        "messages": [dict(message) for message in case.prompt.messages],
        "tools": [tool["function"]["name"] for tool in case.prompt.tools],
        "capability": case.capability,
        "reference": _plain(reference),
        "distractor": _plain(case.distractor) if case.distractor else None,
    }


def _plain(answer: Answer) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": call.arguments} for call in answer.tool_calls]
    return {"text": answer.text, "tool_calls": calls}


def read_keys(path: Path) -> Keys:
    """Reads the file; of two keys for one conversation the first holds. Raises BadInput with the line for a bad one."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInput([Problem(path, None, f"the answer keys cannot be read: {error.strerror}")]) from error
    keys: dict[str, Key] = {}
    for number, line in enumerate(lines, 1):
        try:
            record = orjson.loads(line)
            tools = [{"type": "function", "function": {"name": name}} for name in record["tools"]]
            address = read_openai(record["messages"], tools).key
            wrong = record["distractor"]
            key = Key(record["capability"], _answer(record["reference"]), _answer(wrong) if wrong else GENERIC_WRONG)
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                [Problem(path, number, f"not an answer key: {error!r}", "write_keys makes such a file")]
            ) from error
        keys.setdefault(address, key)
    return keys


def _answer(record: Mapping[str, Any]) -> Answer:
    calls = (ToolCall(call["name"], call["arguments"]) for call in record["tool_calls"])
    return Answer(record["text"], tuple(calls))


def look_up(keys: Keys, conversation: Conversation, forced_tool: str | None) -> tuple[str, Key | None]:
    """The key for a conversation, and the address under which it was looked for.

    A wire without a mechanism of its own for structured output asks for it by forcing the call of one more tool, which
    the suite knows nothing of: a conversation that is in no key is looked for again without the forced tool.
    """
    if conversation.key not in keys and forced_tool:
        plain = conversation.without_tool(forced_tool).key
        if plain in keys:
            return plain, keys[plain]
    return conversation.key, keys.get(conversation.key)
