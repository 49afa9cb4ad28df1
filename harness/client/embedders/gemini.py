"""Gemini's batchEmbedContents (https://ai.google.dev/api/embeddings).

litellm's own body would read a text that begins with `data:` or `gs://` as a file: texts are texts here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from harness.client.embedders.contract import Batch, Embedder, items, vector
from harness.client.plain import Place
from harness.client.wires.counts import count, inside
from harness.client.wires.gemini import HOST

PLACES = MappingProxyType(
    {
        "gemini": Place(
            "/models/{model}:batchEmbedContents",
            HOST,
            key="x-goog-api-key",
            versioned=MappingProxyType({HOST: f"{HOST}/v1beta"}),
        )
    }
)
_NAMES = {"task_type": "taskType", "input_type": "taskType"}


def body(model: str, texts: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """A request for each text."""
    said = {_NAMES.get(name, name): value for name, value in options.items()}
    return {
        "requests": [{"model": f"models/{model}", "content": {"parts": [{"text": text}]}, **said} for text in texts]
    }


def read(told: Any) -> Batch:
    """The vectors, in the order of the requests."""
    vectors = [vector(inside(one, "values")) for one in items(inside(told, "embeddings"), "embeddings")]
    return Batch(vectors, count(inside(told, "usageMetadata", "promptTokenCount")))


EMBEDDER = Embedder("gemini_embeddings", PLACES, body, read, most_texts=100)
