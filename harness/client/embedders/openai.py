"""Embeddings as OpenAI has them (https://platform.openai.com/docs/api-reference/embeddings), which most providers speak."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from harness.client.embedders.contract import Batch, Embedder, items, vector
from harness.client.plain import Place, Unreadable
from harness.client.wires.counts import count, inside
from harness.client.wires.openai_chat import ENDPOINTS

_CHAT = ("/chat/completions",)
_ELSEWHERE = frozenset({"cerebras", "deepseek", "groq", "huggingface", "perplexity", "xai"})
"""Speak the format of chats, and have no embeddings or another format for them."""
PLACES = MappingProxyType(
    {kind: Place("/embeddings", one.base, chat=_CHAT) for kind, one in ENDPOINTS.items() if kind not in _ELSEWHERE}
    | {"azure": Place("/openai/deployments/{model}/embeddings?api-version={api_version}", key="api-key")}
)
"""The kinds of providers, by litellm's name, whose servers take this."""


def body(model: str, texts: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """The body; what litellm keeps apart for OpenAI's own package (`extra_body`) is a part of it like the rest."""
    extra = options.pop("extra_body", None) or {}
    return {"model": model, "input": list(texts), **options, **extra}


def read(told: Any) -> Batch:
    """The vectors by their index; where none is told, as they come."""
    found: dict[int, Any] = {}
    for place, one in enumerate(items(inside(told, "data"), "embeddings")):
        index = count(inside(one, "index"))
        found.setdefault(place if index is None else index, vector(inside(one, "embedding")))
    if sorted(found) != list(range(len(told["data"]))):
        raise Unreadable(f"the embeddings have the indexes {sorted(found)[:10]}, which leave some out")
    model = told.get("model")
    vectors = [found[index] for index in sorted(found)]
    return Batch(vectors, count(inside(told, "usage", "prompt_tokens")), model if isinstance(model, str) else None)


EMBEDDER = Embedder("openai_embeddings", PLACES, body, read, most_texts=2048, most_bytes=300_000)
"""2,048 texts and 300,000 tokens a request, and a token is at least one byte."""
