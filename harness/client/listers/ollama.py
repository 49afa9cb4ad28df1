"""Ollama's /api/tags (https://docs.ollama.com/api/tags): the models that have been pulled. It takes no key."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from harness.client.listers.contract import Lister, Page, items, model
from harness.client.plain import Place
from harness.client.wires.counts import inside

_PLACE = Place("/api/tags", "http://localhost:11434", chat=("/api/chat", "/api/generate"))
PLACES = MappingProxyType({"ollama": _PLACE, "ollama_chat": _PLACE})


def read(told: Any) -> Page:
    """All models are on one page."""
    listed = items(inside(told, "models"))
    return Page(tuple(model(one, id_keys=("model", "name"), created="modified_at") for one in listed))


def names(wanted: str) -> frozenset[str]:
    """A name without a tag means the tag `latest`."""
    return frozenset({wanted} if ":" in wanted else {wanted, f"{wanted}:latest"})


LISTER = Lister("ollama_tags", PLACES, read, names=names, public=frozenset(PLACES))
