"""Who can be asked a question at all: by what it wants, what it shows and how long it is."""

from __future__ import annotations

from harness.ask import Prompt
from harness.client.validation import shows
from harness.registry import Profile
from harness.routing.known import Candidate

Wanted = tuple[Profile, str | None, frozenset[str], frozenset[str], str | None]
"""What a plan is for: profile, capability, what the prompt needs, who surely cannot read so long a one, the model for embeddings."""

NOTHING: frozenset[str] = frozenset()

_MILLION = 1_000_000


def why_unfit(one: Candidate, wanted: Wanted) -> str:
    """Why a candidate cannot be asked this; "" if it can. What is unknown of a model does not do where it is needed, but where only the prompt suggests it."""
    profile, _capability, shown, long, embeds = wanted
    facts, lacking = one.facts, sorted(profile.tags - one.provider.tags)
    unable = [*sorted(profile.needs - facts.capabilities), *sorted(shown & facts.lacks)]
    context = facts.context_tokens
    checks = (
        (bool(profile.providers) and one.name not in profile.providers, "is not among the profile's providers"),
        (bool(lacking), f"has no tag {' or '.join(lacking)}"),
        (bool(unable), f"is not known to be able to do {' or '.join(unable)}"),
        (one.name in long, f"reads {context} tokens at most, and the prompt has more"),
        (profile.context_tokens is not None and (context or 0) < profile.context_tokens, _reads(context)),
        (embeds is not None and bare(one.provider.embedding_model) != embeds, f"does not embed by {embeds}"),
    )
    return next((reason for wrong, reason in checks if wrong), "") or _too_dear(one, profile)


def _too_dear(one: Candidate, profile: Profile) -> str:
    prices = one.provider.prices
    for what, most, usd in (
        ("prompt", profile.max_input_price, prices.input if prices else None),
        ("completion", profile.max_output_price, prices.output if prices else None),
    ):
        if most is not None and usd is None:
            return f"has no known price for {what} tokens"
        if most is not None and usd is not None and usd * _MILLION > most * (1 + 1e-9):
            return f"takes ${usd * _MILLION:g} for a million {what} tokens, and ${most:g} is the limit"
    return ""


def _reads(context: int | None) -> str:
    return "is not known to read so many tokens" if context is None else f"reads {context} tokens at most"


def needs_of(prompt: Prompt) -> frozenset[str]:
    """What a model must be able to do that is asked this."""
    found = set()
    if prompt.tools:
        found.add("tools")
    if shows(prompt):
        found.add("vision")
    return frozenset(found) if found else NOTHING


def bare(model: str | None) -> str:
    """A model's name without litellm's prefix for who serves it: the same model may be served by several."""
    return (model or "").partition("/")[2] or (model or "")
