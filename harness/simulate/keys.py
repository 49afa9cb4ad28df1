"""Answer keys: what a simulated provider says when it is right and when it is wrong. JSON lines, one question each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from harness.ask import Answer, Case, ToolCall
from harness.errors import BadInput, Problem
from harness.simulate.conversation import Conversation, read_openai

GENERIC_WRONG = Answer("This is a wrong reply, made up by a simulated provider.")
"""What is said, when wrong, to a question whose key has no distractor."""

NOT_KNOWN = Answer(
    "I am a simulated provider. I answer only the questions of the suites that I was started with, and this is not one."
)
"""What is said to a question that is in no key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A reply that is right and one that is wrong, and the capability that the question asks for."""

    capability: str
    right: Answer
    wrong: Answer


@dataclass(frozen=True, slots=True)
class Keys:
    """Answer keys by the key of their conversation; of two for the same conversation the first holds.

    `by_text` has the keys of conversations by their text alone, for a wire that does not tell who said what.
    """

    by_conversation: Mapping[str, Key]
    by_text: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cases: Iterable[Case]) -> Keys:
        """The keys of all cases that have a reference."""
        return cls.gathered(_entry(record) for record in _records(cases))

    @classmethod
    def gathered(cls, entries: Iterable[tuple[Conversation, Key]]) -> Keys:
        """The keys of these conversations."""
        keys: dict[str, Key] = {}
        texts: dict[str, str] = {}
        for conversation, key in entries:
            keys.setdefault(conversation.key, key)
            texts.setdefault(conversation.text_key, conversation.key)
        return cls(keys, texts)

    def look_up(self, conversation: Conversation, forced_tool: str | None) -> tuple[str, Key | None]:
        """The key for a conversation, and the address under which it was looked for.

        A wire without a mechanism of its own for structured output asks for it by forcing the call of one more tool,
        which the suite knows nothing of: a conversation that is in no key is looked for again without the forced tool.
        Or it is asked for in words, which the suite knows nothing of either. And one that came as a single text is looked for by that alone.
        """
        if conversation.key not in self.by_conversation:
            conversation = conversation.without_format()
        known = self.by_text.get(conversation.text_key)
        if conversation.key not in self.by_conversation and known and len(conversation.turns) == 1:
            return known, self.by_conversation[known]
        if conversation.key not in self.by_conversation and forced_tool:
            plain = conversation.without_tool(forced_tool).key
            if plain in self.by_conversation:
                return plain, self.by_conversation[plain]
        return conversation.key, self.by_conversation.get(conversation.key)


def write_keys(path: Path, cases: Iterable[Case]) -> int:
    """Writes the keys of all cases that have a reference; returns how many those are."""
    lines = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in _records(cases)]
    path.write_bytes(b"".join(lines))
    return len(lines)


def read_keys(path: Path) -> Keys:
    """Reads what `write_keys` wrote. Raises BadInput, with the line, for a file that cannot be read or is none such."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInput([Problem(path, None, f"the answer keys cannot be read: {error.strerror}")]) from error
    entries: list[tuple[Conversation, Key]] = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(_entry(orjson.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            problem = Problem(path, number, f"this is not an answer key: {error!r}", "`write_keys` makes such files")
            raise BadInput([problem]) from error
    return Keys.gathered(entries)


def _records(cases: Iterable[Case]) -> Iterable[dict[str, Any]]:
    for case in cases:
        if case.reference is not None:
            yield {
                "messages": [dict(message) for message in case.prompt.messages],
                "tools": [tool["function"]["name"] for tool in case.prompt.tools],
                "capability": case.capability,
                "reference": _plain(case.reference),
                "distractor": _plain(case.distractor or GENERIC_WRONG),
            }


def _plain(answer: Answer) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": call.arguments} for call in answer.tool_calls]
    return {"text": answer.text, "tool_calls": calls}


def _entry(record: Mapping[str, Any]) -> tuple[Conversation, Key]:
    tools = [{"type": "function", "function": {"name": name}} for name in record["tools"]]
    right, wrong = _answer(record["reference"]), _answer(record["distractor"])
    return read_openai(record["messages"], tools), Key(record["capability"], right, wrong)


def _answer(record: Mapping[str, Any]) -> Answer:
    calls = (ToolCall(call["name"], call["arguments"]) for call in record["tool_calls"])
    return Answer(record["text"], tuple(calls))
