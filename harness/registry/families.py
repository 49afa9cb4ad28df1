"""Whose models are kin: a model that judges its own family's replies favours them."""

from __future__ import annotations

import re

from harness.ask import Provider

_FAMILIES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("openai", r"gpt|\bo[1-9]\b|codex|davinci"),
        ("anthropic", r"claude"),
        ("google", r"gemini|gemma|palm"),
        ("meta", r"llama"),
        ("mistral", r"mistral|mixtral|ministral|codestral|devstral|magistral|pixtral"),
        ("alibaba", r"qwen|qwq"),
        ("deepseek", r"deepseek"),
        ("cohere", r"command|c4ai|\baya\b"),
        ("microsoft", r"\bphi\b|\bphi-?\d"),
        ("xai", r"grok"),
        ("zhipu", r"\bglm"),
        ("moonshot", r"kimi"),
        ("nvidia", r"nemotron"),
        ("amazon", r"\bnova\b|titan"),
        ("ibm", r"granite"),
        ("ai21", r"jamba|jurassic"),
    )
)
"""The families by what their models are usually called."""


def families_of(provider: Provider) -> frozenset[str]:
    """The families of a provider's model, by its name: several where it was distilled from another ("deepseek-r1-distill-llama").

    A simulated provider is its own family. A name that says none, such as a deployment's, belongs to who serves it.
    """
    if provider.simulated:
        return frozenset({f"simulated {provider.simulated}"})
    name = provider.model.partition("/")[2] or provider.model
    found = frozenset(family for family, pattern in _FAMILIES if pattern.search(name))
    return found or frozenset({"openai" if provider.kind == "azure" else provider.kind})
