"""Feature extraction at Hugging Face's router (https://huggingface.co/docs/inference-providers/tasks/feature-extraction).

A list of vectors comes back, without any usage. litellm would ask the hub first what the model is for. A server of one's own that speaks OpenAI's
format is registered as `openai_like` or `hosted_vllm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from harness.client.embedders.contract import Batch, Embedder, items, vector
from harness.client.plain import Place

PLACES = MappingProxyType(
    {
        "huggingface": Place(
            "/hf-inference/models/{model}/pipeline/feature-extraction",
            "https://router.huggingface.co",
            chat=("/v1/chat/completions", "/v1"),
        )
    }
)


def body(_model: str, texts: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """The body; the model is in the address."""
    return {"inputs": list(texts), **options}


def read(told: Any) -> Batch:
    """The vectors, in the order of the texts."""
    return Batch([vector(one) for one in items(told, "embeddings")])


EMBEDDER = Embedder("huggingface_features", PLACES, body, read, most_texts=32)
"""32 texts are what its server takes unless it was started otherwise (text-embeddings-inference, `--max-client-batch-size`)."""
