"""Cohere's v2 embed (https://docs.cohere.com/reference/embed).

litellm's own body takes all texts for pictures if the last of them could be base64, as "word" could: texts are texts here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from harness.client.embedders.contract import Batch, Embedder, items, vector
from harness.client.plain import Place, Unreadable
from harness.client.wires.counts import count, inside

_PLACE = Place("/v2/embed", "https://api.cohere.com", chat=("/v2/chat", "/v1/chat", "/v2", "/v1"))
PLACES = MappingProxyType({"cohere": _PLACE, "cohere_chat": _PLACE})
USUAL_INPUT_TYPE = "search_document"
"""What litellm says as well where nobody does: Cohere requires one."""


def body(model: str, texts: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """The body."""
    usual = {"input_type": USUAL_INPUT_TYPE, "embedding_types": ["float"]}
    return {"model": model, "texts": list(texts), **usual, **options}


def read(told: Any) -> Batch:
    """The vectors of the first type that there is: floats, base64 of floats, then whole numbers."""
    by_type = inside(told, "embeddings")
    if not isinstance(by_type, Mapping):
        raise Unreadable("the body is JSON, but holds no embeddings by type")
    kinds = [name for name in ("float", "base64", "int8", "uint8", "binary", "ubinary") if by_type.get(name)]
    vectors = [vector(one) for one in items(by_type[kinds[0]] if kinds else [], "embeddings")]
    return Batch(vectors, count(inside(told, "meta", "billed_units", "input_tokens")))


EMBEDDER = Embedder("cohere_embed", PLACES, body, read, most_texts=96)
