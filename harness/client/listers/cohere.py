"""Cohere's /v1/models (https://docs.cohere.com/reference/list-models), page by page."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from harness.client.listers.contract import Lister, Page, items, model
from harness.client.plain import Place
from harness.client.wires.counts import inside

_PLACE = Place("/v1/models", "https://api.cohere.com", chat=("/v2/chat", "/v1/chat", "/v2", "/v1"))
PLACES = MappingProxyType({"cohere": _PLACE, "cohere_chat": _PLACE})


def read(told: Any) -> Page:
    """A page."""
    listed = items(inside(told, "models"))
    models = tuple(model(one, id_keys=("name",), context=("context_length",)) for one in listed)
    token = inside(told, "next_page_token")
    return Page(models, {"page_size": "1000", "page_token": token} if isinstance(token, str) and token else None)


LISTER = Lister("cohere_models", PLACES, read, query={"page_size": "1000"})
