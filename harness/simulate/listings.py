"""Listings of models in the formats of all six wires: `sim-PROFILE`, which answers, and `sim-PROFILE-embed`, which embeds.

OpenAI, Anthropic, Cohere and Replicate have theirs at the same path. Anthropic's clients are known by their header and Cohere's by their query;
the others get one body that reads as either's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONTEXT_TOKENS = 128_000
OWNER = "simulated"
CREATED, CREATED_ISO = 1_704_067_200, "2024-01-01T00:00:00Z"
_ALL = 1000


def names(profile: str) -> tuple[str, str]:
    """The models of a profile."""
    return f"sim-{profile}", f"sim-{profile}-embed"


def at_models(profile: str, headers: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Any]:
    """What `GET …/v1/models` says to this client."""
    if "anthropic-version" in headers:
        return _anthropic(profile, query)
    if "page_size" in query:
        return _cohere(profile, query)
    models = [{"id": name, "object": "model", "created": CREATED, "owned_by": OWNER} for name in names(profile)]
    results = [{"owner": OWNER, "name": name, "created_at": CREATED_ISO} for name in names(profile)]
    return {"object": "list", "data": models, "next": None, "previous": None, "results": results}


def at_model(profile: str, model: str) -> dict[str, Any] | None:
    """What `GET …/v1/models/NAME` says; None if there is no such model."""
    name = model.rpartition("/")[2]
    if name not in names(profile):
        return None
    return {"id": name, "object": "model", "type": "model", "created_at": CREATED_ISO, "owner": OWNER, "name": name}


def at_gemini(profile: str, query: Mapping[str, str]) -> dict[str, Any]:
    """What `GET …/v1beta/models` says."""
    shown, following = _page(names(profile), query.get("pageSize"), query.get("pageToken"))
    listed = [{"name": f"models/{name}", "displayName": name, "inputTokenLimit": CONTEXT_TOKENS} for name in shown]
    return {"models": listed} | ({"nextPageToken": following} if following else {})


def at_ollama(profile: str) -> dict[str, Any]:
    """What `GET …/api/tags` says."""
    listed = [
        {"name": f"{name}:latest", "model": f"{name}:latest", "modified_at": CREATED_ISO} for name in names(profile)
    ]
    return {"models": listed}


def _anthropic(profile: str, query: Mapping[str, str]) -> dict[str, Any]:
    every = names(profile)[:1]
    after = query.get("after_id")
    begin = str(every.index(after) + 1) if after in every else None
    shown, following = _page(every, query.get("limit"), begin)
    listed = [{"type": "model", "id": name, "display_name": name, "created_at": CREATED_ISO} for name in shown]
    last = shown[-1] if shown else None
    return {"data": listed, "has_more": following is not None, "first_id": shown[0] if shown else None, "last_id": last}


def _cohere(profile: str, query: Mapping[str, str]) -> dict[str, Any]:
    shown, following = _page(names(profile), query.get("page_size"), query.get("page_token"))
    listed = [
        {"name": name, "endpoints": ["embed" if "embed" in name else "chat"], "context_length": CONTEXT_TOKENS}
        for name in shown
    ]
    return {"models": listed, "next_page_token": following or ""}


def _page(every: Sequence[str], size: str | None, token: str | None) -> tuple[Sequence[str], str | None]:
    """A page of names, and what the next one is asked for by."""
    begin = int(token) if token and token.isdigit() else 0
    end = begin + (int(size) if size and size.isdigit() else _ALL)
    return every[begin:end], str(end) if end < len(every) else None
