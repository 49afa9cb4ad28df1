"""The embedders: a family of formats in which texts become vectors, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.client.embedders import cohere, gemini, huggingface, ollama, openai
from harness.client.embedders.contract import Batch, Embedder, Vector

EMBEDDERS: tuple[Embedder, ...] = (
    openai.EMBEDDER,
    gemini.EMBEDDER,
    cohere.EMBEDDER,
    ollama.EMBEDDER,
    huggingface.EMBEDDER,
)
"""Every format that we speak ourselves; what none of them serves goes through litellm."""

WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "anthropic": "Anthropic has no embeddings",
        "cerebras": "Cerebras has no embeddings",
        "deepseek": "DeepSeek has no embeddings",
        "groq": "Groq has no embeddings",
        "replicate": "litellm asks no embeddings of Replicate, whose models for them take each another form",
        "xai": "xAI has no embeddings",
    }
)
"""Who has none, by litellm's name, and what is said of it."""

__all__ = ["EMBEDDERS", "WITHOUT", "Batch", "Embedder", "Vector", "embedder_for"]


def embedder_for(kind: str) -> Embedder | None:
    """The embedder for this kind of provider (litellm's name); None if litellm must do the calling."""
    return next((one for one in EMBEDDERS if kind in one.places), None)
