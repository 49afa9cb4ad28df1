"""What every embedder is: where its servers take texts, how a request says them, and how the vectors are read."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.client.plain import Place, Unreadable

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one body says: a vector for each text, in the order of the texts; tokens that were read, None where nobody says."""

    vectors: Sequence[Vector]
    tokens: int | None = None
    model_served: str | None = None


@dataclass(frozen=True)
class Embedder:
    """One format of requests for embeddings.

    `places` are by litellm's name of the provider. `body` makes the body of model, texts and litellm's parameters. `read` raises Unreadable for
    what is not the format. `most_texts` and `most_bytes` are what one request takes by the provider's documentation. `mapped_as`: the kind by
    whose rules litellm maps the parameters, if not its own.
    """

    name: str
    places: Mapping[str, Place]
    body: Callable[[str, Sequence[str], dict[str, Any]], dict[str, Any]]
    read: Callable[[Any], Batch]
    most_texts: int
    most_bytes: int | None = None
    mapped_as: Mapping[str, str] = field(default_factory=dict)


def vector(value: Any) -> Vector:
    """A vector that came as a list of numbers, or as base64 of little-endian 32-bit floats. Raises Unreadable."""
    if isinstance(value, str):
        return _decoded(value)
    if not isinstance(value, list) or not value:
        raise Unreadable("an embedding is no list of numbers")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in value):
        raise Unreadable("an embedding holds something that is no number")
    return tuple(map(float, value))


def _decoded(text: str) -> Vector:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unreadable(f"an embedding is not base64: {error}") from error
    if not data or len(data) % 4:
        raise Unreadable(f"an embedding in base64 has {len(data)} bytes, which are no 32-bit floats")
    return vector(list(struct.unpack(f"<{len(data) // 4}f", data)))


def items(value: Any, what: str) -> list[Any]:
    """The list; raises Unreadable where it is none."""
    if not isinstance(value, list):
        raise Unreadable(f"the body is JSON, but holds no list of {what}")
    return value
