"""The listers: a family of formats in which providers list their models, one file each."""

from __future__ import annotations

from harness.client.listers import anthropic, cohere, gemini, ollama, openai, replicate
from harness.client.listers.contract import Lister, Model, Page

LISTERS: tuple[Lister, ...] = (
    openai.LISTER,
    anthropic.LISTER,
    gemini.LISTER,
    cohere.LISTER,
    ollama.LISTER,
    replicate.LISTER,
)
"""Every format that we read."""

__all__ = ["LISTERS", "Lister", "Model", "Page", "lister_for"]


def lister_for(kind: str) -> Lister | None:
    """The lister for this kind of provider (litellm's name); None where it has no listing that we know."""
    return next((one for one in LISTERS if kind in one.places), None)
