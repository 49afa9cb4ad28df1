"""What an attempt cost, and the most that a request can cost. Unknown is None, never 0."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from harness.ask import JsonObject, Prices, PriceTier, Prompt
from harness.told import Attempt, Cost, Usage

_NEVER_REACHED = frozenset({"dns", "connect_refused", "connect_timeout", "tls"})
_NEVER_SENT = frozenset({"dropped", "budget_stop"})

TOOL_OVERHEAD_TOKENS = 1_000
"""The most that providers are known to write around tools by themselves: Anthropic adds up to some 700 tokens."""

_READ = ("input", "cached_input", "cache_write", "cache_write_1h")
_WRITTEN = ("output", "reasoning")
PRICED = (*_READ, *_WRITTEN)
"""The classes of tokens that have prices of their own."""


def cost_of(usage: Usage, prices: Prices | None) -> Cost:
    """Tokens × price of a token, summed: uncached input, cached input, cache writes (5 min, 1 h), output, reasoning.

    The prompt's length picks the tier. `exact` when each count that is not 0 has its own price; `estimated` when cached input or a cache
    write is priced otherwise for want of its own price, when the counts contradict one another or are a tokenizer's, or when the price
    depends on the hour; otherwise `unknown`.
    """
    if prices is None:
        return Cost()
    unknown = Cost(price_id=prices.id)
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return unknown
    tier = in_tier(prices, usage.prompt_tokens)
    if tier.input is None or tier.output is None:
        return unknown
    cached, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0
    hour, thought = usage.cache_write_1h_tokens or 0, usage.reasoning_tokens or 0
    fresh, short, said = usage.prompt_tokens - cached - written, written - hour, usage.completion_tokens - thought
    read_price = tier.input if tier.cached_input is None else tier.cached_input
    write_price = tier.input if tier.cache_write is None else tier.cache_write
    usd = (
        max(fresh, 0) * tier.input
        + cached * read_price
        + max(short, 0) * write_price
        + hour * (write_price if tier.cache_write_1h is None else tier.cache_write_1h)
        + max(said, 0) * tier.output
        + thought * (tier.output if tier.reasoning is None else tier.reasoning)
    )
    lacking = ((cached, tier.cached_input), (short, tier.cache_write), (hour, tier.cache_write_1h))
    guessed = usage.source == "tokenizer" or prices.varies or min(fresh, short, said) < 0
    guessed = guessed or any(tokens and price is None for tokens, price in lacking)
    return Cost(usd, "estimated" if guessed else "exact", prices.id)


def spent_on(attempt: Attempt) -> float | None:
    """What a budget counts for an attempt, in USD; None if it may have cost anything up to the most that it can."""
    if attempt.replayed:
        return 0.0
    if attempt.cost.usd is not None or attempt.failure is None:
        return attempt.cost.usd
    return 0.0 if surely_free(attempt.failure.kind, attempt.failure.side, attempt.http_status) else None


def surely_free(kind: str, side: str, http_status: int | None) -> bool:
    """Whether a request that failed so has cost nothing: it was not sent, was not read, or was refused."""
    return side == "request" or kind in _NEVER_REACHED | _NEVER_SENT or (http_status or 0) >= 400


def in_tier(prices: Prices, prompt_tokens: int) -> Prices:
    """The prices for a prompt of that length: without tiers, with what they change."""
    for tier in prices.tiers:
        if prompt_tokens > tier.above:
            prices = _changed(prices, tier)
    return replace(prices, tiers=()) if prices.tiers else prices


def _changed(prices: Prices, tier: PriceTier) -> Prices:
    changes: dict[str, Any] = {name: getattr(tier, name) for name in PRICED if getattr(tier, name) is not None}
    return replace(prices, **changes)


def most_it_can_cost(
    prompt: Prompt, params: JsonObject, prices: Prices | None, max_output_tokens: int | None
) -> float | None:
    """The most in USD that one request can cost; None when that cannot be told.

    A token is at least one byte, so the prompt has no more tokens than its JSON has bytes, plus what providers write around tools. A
    tokenizer would tell less, but most providers keep theirs to themselves, and another's count is no bound. Each token costs what the
    dearest class does, in the dearest tier that so long a prompt can reach. The output ends at `max_tokens` of the params, or else at what the model can write at most. None without prices, without a
    bound of the output, and for messages with images, sound or files, whose tokens their bytes do not bound.
    """
    if prices is None or prices.input is None or prices.output is None or not _all_text(prompt):
        return None
    output = max_output(params, max_output_tokens)
    if output is None:
        return None
    bound = prompt_bound(prompt)
    reached = sum(bound > tier.above for tier in prices.tiers)
    read, written = _dearest(prices, reached)
    return None if read is None or written is None else bound * read + output * written


@lru_cache(maxsize=256)
def _dearest(prices: Prices, tiers: int) -> tuple[float | None, float | None]:
    """The highest price of a token that is read, and of one that is written, in the base tier and so many of those above."""
    reached = (prices, *prices.tiers[:tiers])
    read, written = (
        [getattr(one, name) for one in reached for name in classes if getattr(one, name) is not None]
        for classes in (_READ, _WRITTEN)
    )
    return max(read, default=None), max(written, default=None)


class _Bounds:
    """The bounds of the prompts that were looked at last: an attempt looks at its own several times."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[int, tuple[Prompt, int]] = {}  # with the prompt, so that no other gets its identity

    def of(self, prompt: Prompt) -> int:
        known = self._known.get(id(prompt))
        if known is None:
            if len(self._known) >= self._most:
                self._known.clear()
            known = self._known[id(prompt)] = prompt, _bound(prompt)
        return known[1]


_BOUNDS = _Bounds(8)


def prompt_bound(prompt: Prompt) -> int:
    """The most tokens that the prompt can have: the bytes of its JSON, and what providers write around tools."""
    return _BOUNDS.of(prompt)


def _bound(prompt: Prompt) -> int:
    said = prompt.as_json()
    try:
        written = orjson.dumps(said, default=dict)
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=False, default=dict)
        written = text.encode("utf-8", "surrogatepass")
    return len(written) + (TOOL_OVERHEAD_TOKENS if prompt.tools else 0)


def max_output(params: JsonObject, max_output_tokens: int | None) -> int | None:
    """The most tokens that all choices of a reply can have together; None when unknown."""
    told: tuple[Any, Any] = params.get("max_completion_tokens"), params.get("max_tokens")
    asked = [value for value in told if _is_count(value)]
    most = max(asked, default=max_output_tokens)
    choices = params.get("n")
    return most if most is None or not _is_count(choices) else most * int(choices or 1)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _all_text(prompt: Prompt) -> bool:
    contents = [message.get("content") for message in prompt.messages]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return all(not isinstance(part, Mapping) or part.get("type", "text") == "text" for part in parts)
