"""What is new in a reply while it comes: the typed chunks of `Client.stream`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.ask import Secret
from harness.client.masking import SHORTEST
from harness.client.wires.contract import CallDrafted, Drafted
from harness.client.wires.draft import END_TOKENS
from harness.told import Reply

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of visible text."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call: `index` counts the calls from 0, as they begin. `id` and `name` come whole and once, "" otherwise; `arguments` in pieces."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


Delta = TextDelta | ReasoningDelta | ToolCallDelta


def _starts(tokens: tuple[str, ...]) -> str:
    starts = {token[:size] for token in tokens for size in range(1, len(token))}
    return "|".join(map(re.escape, sorted(starts, key=len, reverse=True)))


_UNSURE = re.compile(rf"(?:(?:{'|'.join(map(re.escape, END_TOKENS))})\s*)*(?:{_starts(END_TOKENS)})?\Z")
"""An end that may turn out to be end tokens, which are taken off."""


class _Outlet:
    """Gives out text but for an end that may turn out to be taken off or masked."""

    def __init__(self, secret: str, *, ends: bool = False) -> None:
        self.given = 0
        self._secret = secret
        self._ends = ends
        self._held = ""

    def give(self, piece: str) -> str:
        """What may go out now that this came."""
        text = self._held + piece
        sure = self._sure(text)
        out, self._held = text[:sure], text[sure:]
        if self._secret:
            out = out.replace(self._secret, "***")
        self.given += len(out)
        return out

    def _sure(self, text: str) -> int:
        sure = len(text)
        if self._ends and (found := _UNSURE.search(text)):
            sure = found.start()
        for size in range(min(len(self._secret) - 1, len(text)), 0, -1):
            if text.endswith(self._secret[:size]):
                return min(sure, len(text) - size)
        return sure


class _Calling:
    """What of a tool call was given out."""

    def __init__(self, index: int, secret: str) -> None:
        self.index = index
        self.id = self.name = ""
        self.taken = 0
        self.arguments = _Outlet(secret)


class Deltas:
    """Tells what is new since it was asked before. All that it tells, put together, is the reply that `rest` is given at the end.

    JSON that is asked for through a tool is the reply's text, and comes with the rest.
    """

    def __init__(
        self, key: Secret | None = None, tool_names: Mapping[str, str] = _NONE, json_tool: str | None = None
    ) -> None:
        secret = key.reveal() if key is not None else ""
        self._secret = secret if len(secret) >= SHORTEST else ""
        self._tool_names = tool_names
        self._json_tool = json_tool
        self._text = _Outlet(self._secret, ends=True)
        self._reasoning = _Outlet(self._secret)
        self._pieces = [0, 0]
        self._calls: dict[int, _Calling] = {}
        self._order: list[int] = []

    def news(self, draft: Drafted) -> list[Delta]:
        """What came since the last time."""
        found: list[Delta] = []
        if new := draft.reasoning[self._pieces[1] :]:
            self._pieces[1] = len(draft.reasoning)
            if piece := self._reasoning.give("".join(new)):
                found.append(ReasoningDelta(piece))
        if new := draft.text[self._pieces[0] :]:
            self._pieces[0] = len(draft.text)
            if piece := self._text.give("".join(new)):
                found.append(TextDelta(piece))
        if draft.calls:
            found += self._called(draft.calls)
        return found

    def rest(self, reply: Reply) -> list[Delta]:
        """What the whole reply has beyond what was told; the key is masked in it."""
        found: list[Delta] = []
        if thought := reply.reasoning[self._reasoning.given :]:
            found.append(ReasoningDelta(thought))
        if text := reply.text[self._text.given :]:
            found.append(TextDelta(text))
        for place, call in enumerate(reply.tool_calls):
            told = self._calls.get(self._order[place]) if place < len(self._order) else None
            if told is None:
                told = _Calling(len(self._calls), self._secret)
                self._calls[-1 - place] = told
            found += self._piece(told, call.id, call.name, call.arguments[told.arguments.given :])
        return found

    def _called(self, calls: Mapping[int, CallDrafted]) -> list[Delta]:
        named = {index: self._tool_names.get(call.name, call.name) for index, call in calls.items()}
        self._order = [index for index in sorted(calls) if not named[index] or named[index] != self._json_tool]
        found: list[Delta] = []
        for index, name in named.items():
            if not name or name == self._json_tool:
                continue
            told = self._calls.setdefault(index, _Calling(len(self._calls), self._secret))
            call = calls[index]
            new, told.taken = call.arguments[told.taken :], len(call.arguments)
            found += self._piece(told, self._masked(call.id), self._masked(name), told.arguments.give("".join(new)))
        return found

    def _piece(self, told: _Calling, call_id: str, name: str, arguments: str) -> list[Delta]:
        call_id, told.id = "" if told.id else call_id, told.id or call_id
        name, told.name = "" if told.name else name, told.name or name
        return [ToolCallDelta(told.index, call_id, name, arguments)] if call_id or name or arguments else []

    def _masked(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text
