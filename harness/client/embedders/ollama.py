"""Ollama's /api/embed (https://docs.ollama.com/api/embed)."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from harness.client.embedders.contract import Batch, Embedder, items, vector
from harness.client.plain import Place
from harness.client.wires.counts import count, inside

_PLACE = Place("/api/embed", "http://localhost:11434", chat=("/api/chat", "/api/generate"))
PLACES = MappingProxyType({"ollama": _PLACE, "ollama_chat": _PLACE})
_OWN = frozenset({"truncate", "options", "keep_alive", "dimensions"})


def body(model: str, texts: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """The body; what the request has no name for is an option of the model, as litellm has it."""
    said = {name: value for name, value in options.items() if name in _OWN}
    more = {name: value for name, value in options.items() if name not in _OWN}
    if more:
        said["options"] = {**(said.get("options") or {}), **more}
    return {"model": model, "input": list(texts), **said}


def read(told: Any) -> Batch:
    """The vectors, in the order of the texts."""
    vectors = [vector(one) for one in items(inside(told, "embeddings"), "embeddings")]
    model = told.get("model")
    return Batch(vectors, count(inside(told, "prompt_eval_count")), model if isinstance(model, str) else None)


EMBEDDER = Embedder(
    "ollama_embed", PLACES, body, read, most_texts=512, mapped_as=MappingProxyType({"ollama_chat": "ollama"})
)
"""Ollama names no limit; so many texts keep a request within seconds."""
