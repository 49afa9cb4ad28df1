"""Which attempts may be replayed, how one is written down, and how a replay looks.

Only a whole answer is kept: nothing that failed, was cut short or filtered, refused, or that nobody says was whole (no known finish reason; a
stream through litellm, which invents one).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from harness.ask import Prompt, ToolCall, Trial
from harness.client.cache import Cache, Entry
from harness.client.failures import scrub
from harness.client.retries import Attempts
from harness.client.translate import VIA_LITELLM
from harness.told import Attempt, Cost, Reply, Sent, Usage
from harness.wording import refuses, said

WHOLE = frozenset({"stop", "tool_calls"})
"""The finish reasons of an answer that the model itself has ended."""
QUESTION_CHARS = 120


def key_of(trial: Trial) -> str:
    """What a reply to the trial is kept under: its `call_key`; where parameters may be dropped, it is not quite the same question."""
    return trial.call_key + ("-dropping" if trial.provider.drop_params else "")


def may_be_kept(attempt: Attempt) -> bool:
    """Whether the attempt is a whole answer that is no refusal."""
    reply, sent = attempt.reply, attempt.sent
    if not attempt.ok or attempt.replayed or reply.finish_reason not in WHOLE:
        return False
    if sent.wire == VIA_LITELLM and sent.stream:
        return False
    return bool(reply.tool_calls) or (bool(said(reply)) and not refuses(said(reply)))


def entry_of(attempt: Attempt) -> tuple[Entry, str]:
    """The attempt as the cache keeps it: what it is about, and its content as JSON. The key that it was asked with is in neither."""
    trial, usage = attempt.trial, attempt.usage
    parts = {"sent": attempt.sent, "reply": attempt.reply, "usage": usage, "cost": attempt.cost}
    content: dict[str, Any] = {name: _as_json(part) for name, part in parts.items()}
    content["reply"]["tool_calls"] = [_as_json(call) for call in attempt.reply.tool_calls]
    content["simulated"] = attempt.simulated
    text = json.dumps(content, separators=(",", ":"), default=dict)  # ASCII: it takes half of a surrogate pair as well
    counts = (usage.prompt_tokens, usage.completion_tokens)
    about = Entry(
        key=key_of(trial),
        asked_at=attempt.started_at,
        provider=trial.provider.name,
        model=trial.provider.model,
        question=scrub(_question(trial.case.prompt), trial.provider.api_key)[:QUESTION_CHARS],
        tokens=None if None in counts else sum(count or 0 for count in counts),
        size=len(text),
    )
    return about, text


def replayed(trial: Trial, asked_at: datetime, content: str) -> Attempt:
    """The kept answer as an attempt at the trial: nothing was sent and nothing timed, and its cost is what was paid at `asked_at`."""
    told = json.loads(content)
    reply = dict(told["reply"], tool_calls=tuple(ToolCall(**call) for call in told["reply"]["tool_calls"]))
    return Attempt(
        trial=trial,
        number=1,
        started_at=datetime.now(UTC),
        sent=Sent(**dict(told["sent"], dropped=tuple(told["sent"]["dropped"]))),
        reply=Reply(**reply),
        usage=Usage(**told["usage"]),
        cost=Cost(**told["cost"]),
        simulated=told["simulated"],
        replayed=True,
        asked_at=asked_at,
    )


class Replays:
    """Answers from a cache. Of equal questions at the same time the first is asked, and the others wait for its answer."""

    def __init__(self, cache: Cache, finish: Callable[[Attempt], Attempt]) -> None:
        """`finish` completes a replay with what belongs to who asks now."""
        self._cache = cache
        self._finish = finish
        self._under_way: dict[str, asyncio.Event] = {}

    async def over(self, trial: Trial, asking: Attempts) -> AsyncGenerator[Attempt, None]:
        """The kept answer; where there is none, the attempts of `asking`, whose answer is kept once somebody has taken it."""
        key = key_of(trial)
        if (first := self._under_way.get(key)) is not None:
            await first.wait()
        mine = self._under_way.setdefault(key, asyncio.Event())
        try:
            found = await asyncio.to_thread(self._find, key, trial)
            if found is not None:
                yield found
                return
            async with aclosing(asking):
                async for attempt in asking:
                    try:
                        yield attempt
                    finally:
                        if may_be_kept(attempt):
                            await asyncio.to_thread(self._cache.keep, *entry_of(attempt))
        finally:
            mine.set()
            if self._under_way.get(key) is mine:
                del self._under_way[key]

    def _find(self, key: str, trial: Trial) -> Attempt | None:
        found = self._cache.find(key)
        try:
            return None if found is None else self._finish(replayed(trial, *found))
        except (TypeError, KeyError, ValueError):  # written by a version whose words had other parts
            return None


def _question(prompt: Prompt) -> str:
    """The last thing that was said, images and other parts as their kind."""
    content = prompt.messages[-1].get("content")
    if isinstance(content, list | tuple):
        return " ".join(str(part.get("text") or f"[{part.get('type')}]") for part in content)
    return str(content or "")


def _as_json(part: Any) -> dict[str, Any]:
    return {one.name: getattr(part, one.name) for one in fields(part)}
