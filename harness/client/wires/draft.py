"""A reply in the making: what came so far, with its marks, and the rules by which it becomes an answer or a failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.ask import ToolCall
from harness.client.failures import failure
from harness.client.wires.contract import Chunk, Decoded, Marks
from harness.told import Failure, Reply, Usage

UNTOLD = Usage()
"""What is known before a provider has counted."""


@dataclass(slots=True)
class Call:
    """A tool call in the making."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """What came so far. Pieces of nothing leave no mark."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: dict[int, Call] = field(default_factory=dict)
    finish_reason: str | None = None
    response_id: str | None = None
    fingerprint: str | None = None
    model_served: str | None = None
    usage: Usage = UNTOLD
    at: float = 0.0
    marked: bool = False
    pieces: list[float] = field(default_factory=list)
    visible: float | None = None

    def begin(self, at: float) -> None:
        """A new event, which arrived then: what is added from now on is one piece of content."""
        self.at, self.marked = at, False

    def add_text(self, text: Any) -> None:
        """A piece of visible text; anything but a string that says something is left out."""
        if isinstance(text, str) and text:
            self.text.append(text)
            self._mark(visible=True)

    def add_reasoning(self, text: Any) -> None:
        """A piece of thinking, which is not visible."""
        if isinstance(text, str) and text:
            self.reasoning.append(text)
            self._mark(visible=False)

    def call(self, index: int) -> Call:
        """The tool call with this index, new or begun before."""
        self._mark(visible=True)
        return self.calls.setdefault(index, Call())

    def _mark(self, *, visible: bool) -> None:
        if not self.marked:
            self.pieces.append(self.at)
            self.marked = True
        if visible and self.visible is None:
            self.visible = self.at

    def name_it(self, source: Any, *, id_key: str = "id") -> None:
        """Takes over the response's id, the model that served it and its fingerprint, where they are told."""
        if self.response_id is None:
            self.response_id = _name(source.get(id_key))
        if self.model_served is None:
            self.model_served = _name(source.get("model"))
        if self.fingerprint is None:
            self.fingerprint = _name(source.get("system_fingerprint"))

    def finish(self, reason: Any) -> None:
        """The first reason counts: a second one in the same answer is a server's slip."""
        if isinstance(reason, str) and reason and self.finish_reason is None:
            self.finish_reason = FINISH.get(reason, reason)

    def done(self, fault: Failure | None = None, came: tuple[float, float] | None = None) -> Decoded:
        """The answer, or the failure: `fault`, or that the answer is of nothing. `came`: from when to when all came that is one piece."""
        calls = tuple(
            ToolCall(call.name, "".join(call.arguments), call.id) for _index, call in sorted(self.calls.items())
        )
        text, leaked = without_end_tokens("".join(self.text))
        reply = Reply(
            text=text,
            reasoning="".join(self.reasoning),
            tool_calls=calls,
            finish_reason=self.finish_reason,
            response_id=self.response_id,
            fingerprint=self.fingerprint,
            model_served=self.model_served,
            end_tokens=leaked,
        )
        pieces = tuple(self.pieces) if text or self.reasoning or calls else ()
        if pieces and came:
            marks = Marks(came[0], None if self.visible is None else came[0], came[1], came[1:])
        else:
            marks = Marks(pieces[0], self.visible, pieces[-1], pieces) if pieces else Marks()
        return Decoded(reply, self.usage, marks, fault or nothing_in(reply))


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


FINISH = {
    "end_turn": "stop", "stop_sequence": "stop", "eos": "stop", "eos_token": "stop", "max_tokens": "length",
    "tool_use": "tool_calls", "refusal": "content_filter", "content_filtered": "content_filter",
}  # fmt: skip
"""Other names of the finish reasons `stop`, `length`, `tool_calls`, `content_filter`; names beyond these are kept as they came."""


END_TOKENS = (
    "</s>", "<eos>", "<end_of_turn>", "<|im_end|>", "<|end|>", "<|eot|>", "<|eot_id|>", "<|eom_id|>", "<|return|>",
    "<|endoftext|>", "<|end_of_text|>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>",
)  # fmt: skip
"""How models of Mistral and Llama, Gemma, Qwen, Phi, OpenAI's open weights, Command and DeepSeek say that they have ended.

`[/INST]` and the like are none: they begin an answer.
"""
_LEAKED = re.compile(rf"(?:(?:{'|'.join(map(re.escape, END_TOKENS))})\s*)+\Z")
_STRUCK, _STRUCK_END = re.compile(r"<s[\s>]"), "</s>"


def without_end_tokens(text: str) -> tuple[str, int]:
    """The text without the end tokens that a server leaked at its end, and how many those were.

    Nothing is taken from the middle, where such text may be what was asked for, and no `</s>` that ends what an `<s>` of HTML began.
    """
    found = _LEAKED.search(text) if text.rstrip().endswith(END_TOKENS) else None
    if found is None:
        return text, 0
    start, run = found.start(), found.group()
    struck = len(_STRUCK.findall(text, 0, start)) - text.count(_STRUCK_END, 0, start)
    if struck > 0 and run.startswith(_STRUCK_END):
        start += len(_STRUCK_END)
        rest, leaked = without_end_tokens(text[start:])
        return text[:start] + rest, leaked
    return text[:start], sum(map(run.count, END_TOKENS))


def nothing_in(reply: Reply) -> Failure | None:
    """Why the reply is no answer, if it is none. One that reached its token limit is an answer, though an empty one."""
    if reply.text or reply.tool_calls or reply.finish_reason == "length":
        return None
    if reply.finish_reason == "content_filter":
        return failure("content_filtered", "the provider's content filter left nothing of the answer")
    though = ", though some reasoning" if reply.reasoning else ", only end tokens" if reply.end_tokens else ""
    return failure("empty_response", f"the answer has neither text nor tool call{though}")


def joined(chunks: Sequence[Chunk]) -> bytes:
    """The whole body."""
    return b"".join(data for _at, data in chunks)


def whole(draft: Draft, chunks: Sequence[Chunk]) -> Decoded:
    """The answer of a body that is no stream: one piece of content, from its first bytes to its last."""
    return draft.done(came=(chunks[0][0], chunks[-1][0]))
