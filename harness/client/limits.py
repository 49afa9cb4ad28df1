"""Our own limits on a provider: requests in flight, requests a minute, tokens a minute.

Requests go out evenly rather than in bursts: with `rpm` set, the next one 60/rpm seconds after the last, and 1 % more, so that no window of
60 s holds more than rpm. `tpm` works alike, by estimates: a request of n tokens keeps the line busy for 60·n/tpm seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from harness.ask import JsonObject, Limits, Prompt
from harness.client.cost import max_output

MARGIN = 1.01
"""How much further apart than 60/rpm requests go out, since they travel at different speeds."""
USUAL_OUTPUT_TOKENS = 500
USUAL_BYTES_PER_TOKEN = 4


@dataclass(slots=True)
class Pace:
    """A line that each request keeps busy for as long as the rate says; `free_at` is when it is free again (monotonic seconds)."""

    free_at: float = 0.0

    def reserve(self, limits: Limits, tokens: int, now: float) -> float:
        """Takes the next place in the line; how long to wait for it, in seconds."""
        start = max(now, self.free_at)
        apart = max(60.0 / limits.rpm if limits.rpm else 0.0, 60.0 * tokens / limits.tpm if limits.tpm else 0.0)
        self.free_at = start + apart * MARGIN
        return start - now


@dataclass(frozen=True, slots=True)
class Waited:
    """How long a request waited: for a free slot, and for the rate."""

    queue_s: float
    throttle_s: float


class Gate:
    """Where requests to one provider wait: first for a slot, then for the rate. The pace outlives the gate."""

    def __init__(self, limits: Limits, pace: Pace, clock: Callable[[], float] = time.perf_counter) -> None:
        self._limits = limits
        self._pace = pace
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.max_concurrency)

    @asynccontextmanager
    async def entered(self, tokens: int) -> AsyncIterator[Waited]:
        """Holds a slot for one request of about so many tokens."""
        asked = self._clock()
        async with self._slots:
            got = self._clock()
            wait = self._pace.reserve(self._limits, tokens, got)
            if wait > 0:
                await asyncio.sleep(wait)
            yield Waited(got - asked, self._clock() - got if wait > 0 else 0.0)


def about_tokens(prompt: Prompt, params: JsonObject) -> int:
    """A guess at the tokens of a request and its reply, for `tpm`: four characters a token, and what may be written."""
    size = sum(len(str(message.get("content", ""))) for message in prompt.messages)
    return size // USUAL_BYTES_PER_TOKEN + (max_output(params, None) or USUAL_OUTPUT_TOKENS)
