"""Anthropic's /v1/models (https://docs.anthropic.com/en/api/models-list), page by page."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from harness.client.listers.contract import Lister, Page, items, model
from harness.client.plain import Place
from harness.client.wires.counts import inside

PLACES = MappingProxyType(
    {
        "anthropic": Place(
            "/v1/models",
            "https://api.anthropic.com",
            key="x-api-key",
            headers=MappingProxyType({"anthropic-version": "2023-06-01"}),
            chat=("/v1/messages", "/v1"),
        )
    }
)


def read(told: Any) -> Page:
    """A page; the next one begins after the last model of this."""
    listed = items(inside(told, "data"))
    models = tuple(
        model(one, id_keys=("id",), context=("max_input_tokens", "context_window"), created="created_at")
        for one in listed
    )
    more = inside(told, "has_more") is True and models
    return Page(models, {"limit": "1000", "after_id": str(inside(told, "last_id") or models[-1].id)} if more else None)


LISTER = Lister("anthropic_models", PLACES, read, query={"limit": "1000"}, one=lambda wanted: f"/v1/models/{wanted}")
"""A model is asked for by itself, since the list does not tell its other names (`…-latest`)."""
