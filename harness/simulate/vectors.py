"""Vectors for texts, without any model: the same text always has the same one, and texts that share words and parts of words are near.

Each word and each run of three letters within it votes for one direction, as in feature hashing (https://doi.org/10.1145/1553374.1553516).
"""

from __future__ import annotations

import math
import re
from hashlib import blake2b

DIMENSIONS = 256
"""How many there are unless the request says otherwise."""

_WORD = re.compile(r"\w+")
_OF_A_WORD, _OF_A_PART = 1.0, 0.5


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """The text's vector of length 1; a text without words points along the first direction."""
    found = [0.0] * dimensions
    for feature, weight in _features(text).items():
        number = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        found[(number >> 1) % dimensions] += math.sqrt(weight) * (1.0 if number & 1 else -1.0)
    size = math.hypot(*found)
    return [value / size for value in found] if size else [1.0, *found[1:]]


def _features(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in _WORD.findall(text.casefold()):
        around = f"<{word}>"
        found[f"={word}"] = found.get(f"={word}", 0.0) + _OF_A_WORD
        for part in (around[place : place + 3] for place in range(len(around) - 2)):
            found[part] = found.get(part, 0.0) + _OF_A_PART
    return found
