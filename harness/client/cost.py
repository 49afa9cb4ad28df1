"""What an attempt cost, and the most that a request can cost. Unknown is None, never 0."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.ask import JsonObject, Prices, Prompt
from harness.told import Cost, Usage

TOOL_OVERHEAD_TOKENS = 1_000
"""The most that providers are known to write around tools by themselves: Anthropic adds up to some 700 tokens."""


def cost_of(usage: Usage, prices: Prices | None) -> Cost:
    """Tokens × price of a token, summed: uncached input, cached input, cache writes, output.

    `exact` when each count that is not 0 has its own price; `estimated` when cached input or a cache write is priced as input
    for want of its own price, when the counts contradict one another, or when they are a tokenizer's; otherwise `unknown`.
    """
    if prices is None:
        return Cost()
    unknown = Cost(price_id=prices.id)
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return unknown
    if prices.input is None or prices.output is None:
        return unknown
    cached, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0
    fresh = usage.prompt_tokens - cached - written
    guessed = usage.source == "tokenizer" or fresh < 0
    guessed = guessed or bool(cached and prices.cached_input is None) or bool(written and prices.cache_write is None)
    usd = (
        max(fresh, 0) * prices.input
        + cached * (prices.input if prices.cached_input is None else prices.cached_input)
        + written * (prices.input if prices.cache_write is None else prices.cache_write)
        + usage.completion_tokens * prices.output
    )
    return Cost(usd, "estimated" if guessed else "exact", prices.id)


def most_it_can_cost(
    prompt: Prompt, params: JsonObject, prices: Prices | None, max_output_tokens: int | None
) -> float | None:
    """The most in USD that one request can cost; None when that cannot be told.

    A token is at least one byte, so the prompt has no more tokens than its JSON has bytes, plus what providers write around tools.
    The output ends at `max_tokens` of the params, or else at what the model can write at most. None without prices, without a
    bound of the output, and for messages with images, sound or files, whose tokens their bytes do not bound.
    """
    if prices is None or prices.input is None or prices.output is None or not _all_text(prompt):
        return None
    output = max_output(params, max_output_tokens)
    if output is None:
        return None
    dearest = max(prices.input, prices.cache_write or 0.0, prices.cached_input or 0.0)
    return prompt_bound(prompt) * dearest + output * prices.output


def prompt_bound(prompt: Prompt) -> int:
    """The most tokens that the prompt can have: the bytes of its JSON, and what providers write around tools."""
    text = json.dumps(prompt.as_json(), separators=(",", ":"), ensure_ascii=False, default=dict)
    return len(text.encode("utf-8", "surrogatepass")) + (TOOL_OVERHEAD_TOKENS if prompt.tools else 0)


def max_output(params: JsonObject, max_output_tokens: int | None) -> int | None:
    """The most tokens that all choices of a reply can have together; None when unknown."""
    asked = [params[name] for name in ("max_completion_tokens", "max_tokens") if _is_count(params.get(name))]
    most = max(asked, default=max_output_tokens)
    choices = params.get("n")
    return most if most is None or not _is_count(choices) else most * int(choices or 1)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _all_text(prompt: Prompt) -> bool:
    contents = [message.get("content") for message in prompt.messages]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return all(not isinstance(part, Mapping) or part.get("type", "text") == "text" for part in parts)
