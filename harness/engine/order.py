"""An order drawn from a seed that takes no memory: a permutation that is computed, not shuffled."""

from __future__ import annotations

import random
from collections.abc import Iterator

_ROUNDS = 4


def mixed(total: int, seed: str) -> Iterator[int]:
    """Each of 0 … total − 1 once, in an order that the seed decides.

    A Feistel network of four rounds permutes the smallest power of four that holds them all (Luby and Rackoff, How to construct
    pseudorandom permutations, 1988); what falls outside is put through it again until it falls inside (Black and Rogaway, Ciphers with
    arbitrary finite domains, 2002, cycle walking), which takes fewer than four turns on average.
    """
    chance = random.Random(seed)  # noqa: S311 - an order, no secret
    half = max(1, (max(total - 1, 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    keys = [(chance.getrandbits(32), chance.getrandbits(32) | 1) for _ in range(_ROUNDS)]

    def once(place: int) -> int:
        left, right = place >> half, place & mask
        for add, times in keys:
            scrambled = ((right + add) * times) & 0xFFFFFFFF
            left, right = right, left ^ (((scrambled ^ scrambled >> 15) * 0x2C1B3C6D >> 12) & mask)
        return left << half | right

    for number in range(total):
        place = once(number)
        while place >= total:
            place = once(place)
        yield place
