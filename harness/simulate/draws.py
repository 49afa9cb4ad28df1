"""Chance, seeded: the same questions get the same fates, whatever the order in which they come."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from random import Random


class Draws:
    """All that is drawn at random in one run of the fleet.

    Each (profile, question) has two counts: of its requests, which seeds times, faults and ids, so that a retry draws
    anew; and of its answers, which seeds whether the answer is right, so that it does not depend on faults and retries.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._requests: Counter[tuple[str, str]] = Counter()
        self._answers: Counter[tuple[str, str]] = Counter()
        self._given_back: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def next_request(self, profile: str, question: str) -> Random:
        """The source of chance for the next request of this question."""
        number = self._requests[profile, question]
        self._requests[profile, question] += 1
        return Random(f"{self._seed}|{profile}|{question}|request|{number}")

    def take_answer(self, profile: str, question: str) -> int:
        """The number of the next answer to this question; to be given back if it does not get through."""
        spare = self._given_back[profile, question]
        if spare:
            return heapq.heappop(spare)
        number = self._answers[profile, question]
        self._answers[profile, question] += 1
        return number

    def give_back(self, profile: str, question: str, number: int) -> None:
        """The answer of this number did not get through: the next request of the question takes it."""
        heapq.heappush(self._given_back[profile, question], number)

    def is_right(self, profile: str, question: str, number: int, quality: float) -> bool:
        """Whether the answer of this number is right, which it is with probability `quality`."""
        return Random(f"{self._seed}|{profile}|{question}|answer|{number}").random() < quality
