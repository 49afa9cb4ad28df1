"""Content addresses: what things are known by, over all runs and processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any


def content_address(value: object, length: int = 16) -> str:
    """The SHA-256 of `value` as canonical JSON (sorted keys, no spaces, UTF-8), in hex, cut to `length` digits."""
    return hashed(canonical(value), length)


def hashed(text: str, length: int = 16) -> str:
    """The SHA-256 of a text in hex, cut to `length` digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def plain(value: object) -> object:
    """For `json`: a mapping as the dict that it can write. Raises TypeError for anything else."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=plain).encode
"""A value as canonical JSON: sorted keys, no spaces."""

quoted = encode_basestring
"""The same of a text, without looking what it is."""


NESTED = dict, list, tuple, Mapping
"""What holds further values in JSON."""

_FLAT = frozenset({str, int, float, bool, type(None)})
_FLAT_TEXTS: dict[str, str] = {}
_MOST_TEXTS = 1000


def flat(params: Mapping[str, Any]) -> str | None:
    """Canonical JSON of params without anything nested, written once for all trials that have the same; None for others."""
    if type(params) is not dict or not _FLAT.issuperset(map(type, params.values())):
        return None
    said = repr(params)  # tells 0 from 0.0 and False, which as keys are the same
    text = _FLAT_TEXTS.get(said)
    if text is None:
        if len(_FLAT_TEXTS) >= _MOST_TEXTS:
            _FLAT_TEXTS.clear()
        text = _FLAT_TEXTS[said] = canonical(params)
    return text


class Begun:
    """The content addresses of lists that all begin with the same value, which is read and hashed but once."""

    def __init__(self, first: object) -> None:
        self._hash = hashlib.sha256(f"[{canonical(first)},".encode())

    def address(self, rest: Sequence[str], length: int = 16) -> str:
        """`content_address([first, *values], length)` of values that are given as canonical JSON."""
        whole = self._hash.copy()
        whole.update(f"{','.join(rest)}]".encode())
        return whole.hexdigest()[:length]
