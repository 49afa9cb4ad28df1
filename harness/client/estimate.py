"""What a question would cost, before it is asked: about, and at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from harness.ask import JsonObject, Prompt, Provider
from harness.client.cost import cost_of, max_output, most_it_can_cost, prompt_bound
from harness.client.limits.rates import USUAL_OUTPUT_TOKENS
from harness.client.tokens import Count, count
from harness.told import Usage

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Estimate:
    """About how many tokens a question and its answer have, and what they cost in USD; None is unknown.

    `expected_usd` is for `prompt.tokens` and `output_tokens`; it is None where the prompt has parts that cannot be counted, such as
    images. `most_usd` is a bound that holds whatever the provider's tokenizer is: `most_it_can_cost`; `most_prompt_tokens` and
    `most_output_tokens` are what it is for.
    """

    prompt: Count
    output_tokens: int
    expected_usd: float | None
    most_usd: float | None
    most_prompt_tokens: int | None = None
    most_output_tokens: int | None = None

    @property
    def exactness(self) -> Literal["counted", "approximate", "unknown"]:
        """How far `expected_usd` can be trusted for the prompt; the answer's length is a guess in any case.

        `counted`: by the model's own tokenizer, which holds for messages of text. `approximate`: by another's, or with tools or a schema, whose form
        providers do not tell. `unknown`: there are no prices, or parts that cannot be counted.
        """
        if self.expected_usd is None:
            return "unknown"
        return "approximate" if self.prompt.approximate else "counted"


def estimate_cost(
    provider: Provider,
    prompt: Prompt | str,
    params: JsonObject = _NOTHING,
    *,
    max_output_tokens: int | None = None,
    output_tokens: int | None = None,
) -> Estimate:
    """Estimates one request, offline, with the provider's prices.

    `params` go over the provider's own. `max_output_tokens` is what its model can write at most, which bounds what is not bounded by a param.
    `output_tokens` is how long an answer you expect; 500 tokens otherwise, or as many as may be written.
    """
    if isinstance(prompt, str):
        prompt = Prompt(({"role": "user", "content": prompt},))
    wanted = {**provider.params, **params}
    asked, limit = count(provider.model, prompt), max_output(wanted, max_output_tokens)
    expected = output_tokens if output_tokens is not None else min(USUAL_OUTPUT_TOKENS, limit or USUAL_OUTPUT_TOKENS)
    about = cost_of(Usage(asked.tokens, expected, source="tokenizer"), provider.prices)
    return Estimate(
        prompt=asked,
        output_tokens=expected,
        expected_usd=None if asked.uncounted else about.usd,
        most_usd=most_it_can_cost(prompt, wanted, provider.prices, max_output_tokens),
        most_prompt_tokens=None if asked.uncounted else prompt_bound(prompt),
        most_output_tokens=limit,
    )
