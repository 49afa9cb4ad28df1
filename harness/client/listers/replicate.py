"""Replicate's public models (https://replicate.com/docs/reference/http#models.list), page by page: there are thousands."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.client.listers.contract import Lister, Model, Page, items, moment
from harness.client.plain import Place, Unreadable
from harness.client.wires.counts import inside

PLACES = MappingProxyType({"replicate": Place("/models", "https://api.replicate.com/v1")})


def read(told: Any) -> Page:
    """A page; of the next one's address only the query is taken, so that the key goes nowhere else."""
    models = []
    for one in items(inside(told, "results")):
        owner, name = inside(one, "owner"), inside(one, "name")
        if not isinstance(owner, str) or not isinstance(name, str):
            raise Unreadable("a model in the list has no owner or no name")
        models.append(Model(f"{owner}/{name}", created=moment(inside(one, "created_at"))))
    following = inside(told, "next")
    return Page(tuple(models), dict(parse_qsl(urlsplit(following).query)) if isinstance(following, str) else None)


def one(wanted: str) -> str:
    """Where a model, or a deployment, is asked for; one with a version is there if the model is."""
    name = wanted.partition(":")[0]
    return f"/{name}" if name.startswith("deployments/") else f"/models/{name}"


LISTER = Lister("replicate_models", PLACES, read, one=one)
