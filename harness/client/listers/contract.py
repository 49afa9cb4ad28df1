"""What every lister is: where its servers list their models, and how a page of that is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness.client.plain import Place, Unreadable
from harness.client.wires.counts import count, inside


@dataclass(frozen=True, slots=True)
class Model:
    """One model that a provider lists, by its own name; None is untold. `context_tokens` is the longest prompt."""

    id: str
    context_tokens: int | None = None
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, and the query by which the next one is asked for; None: it is the last."""

    models: tuple[Model, ...]
    following: Mapping[str, str] | None = None


def _itself(model: str) -> frozenset[str]:
    return frozenset({model})


@dataclass(frozen=True)
class Lister:
    """One format of listings.

    `places` are by litellm's name of the provider. `read` raises Unreadable for what is not the format. `query` is the first page's. `names` are the
    ids under which a model may be listed. `one` is where a single model is asked for, if that is the better question: it answers 404 for
    one that there is not. `public` are the kinds whose listing needs no key, so that it says nothing of one. `lists_base_models`: kinds that list
    what could be deployed rather than what is.
    """

    name: str
    places: Mapping[str, Place]
    read: Callable[[Any], Page]
    query: Mapping[str, str] = field(default_factory=dict)
    names: Callable[[str], frozenset[str]] = _itself
    one: Callable[[str], str] | None = None
    public: frozenset[str] = frozenset()
    lists_base_models: frozenset[str] = frozenset()


def items(value: Any) -> list[Any]:
    """The list of models; raises Unreadable where it is none."""
    if not isinstance(value, list):
        raise Unreadable("the body is JSON, but holds no list of models")
    return value


def model(one: Any, *, id_keys: tuple[str, ...], context: tuple[str, ...] = (), created: str = "") -> Model:
    """The model that an object tells, under the first of these keys that is there. Raises Unreadable for one without a name."""
    names = [name for key in id_keys if isinstance(name := inside(one, key), str) and name]
    if not names:
        raise Unreadable("a model in the list has no name")
    sizes = [size for key in context if (size := count(inside(one, key)))]
    return Model(names[0], sizes[0] if sizes else None, moment(inside(one, created)) if created else None)


def moment(value: Any) -> datetime | None:
    """A date in ISO form or in Unix seconds; None for what is neither, and for 0."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        seconds = count(value)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
