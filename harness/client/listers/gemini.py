"""Gemini's models (https://ai.google.dev/api/models#method:-models.list), page by page."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from harness.client.listers.contract import Lister, Page, items, model
from harness.client.plain import Place
from harness.client.wires.counts import inside
from harness.client.wires.gemini import HOST

PLACES = MappingProxyType(
    {"gemini": Place("/models", HOST, key="x-goog-api-key", versioned=MappingProxyType({HOST: f"{HOST}/v1beta"}))}
)


def read(told: Any) -> Page:
    """A page; Google leaves a list of nothing out."""
    listed = items(told.get("models", []) if isinstance(told, dict) else told)
    models = tuple(model(one, id_keys=("name",), context=("inputTokenLimit",)) for one in listed)
    token = inside(told, "nextPageToken")
    return Page(models, {"pageSize": "1000", "pageToken": token} if isinstance(token, str) and token else None)


def names(wanted: str) -> frozenset[str]:
    """Google's full name of it."""
    return frozenset({wanted, f"models/{wanted}"})


LISTER = Lister("gemini_models", PLACES, read, query={"pageSize": "1000"}, names=names)
