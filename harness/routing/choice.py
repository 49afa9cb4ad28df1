"""A plan: who may answer one kind of question, with which shares. A choice: who was picked by it, and why."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import count

from harness.ask import Provider
from harness.routing.exploring import Price
from harness.routing.fitting import Wanted
from harness.routing.known import Candidate
from harness.routing.live import Live
from harness.routing.strategies import Ranking


class Plan:
    """Who may answer one kind of question, best first, and their shares. `unwell` are left out as long as others are there."""

    __slots__ = (
        "candidates", "cumulative", "last", "lives", "price", "ranking", "turn", "unfit", "until", "unwell", "version", "wanted", "weights",
    )  # fmt: skip

    def __init__(
        self, wanted: Wanted, ranking: Ranking, candidates: Sequence[Candidate], lives: Sequence[Live]
    ) -> None:
        self.wanted = wanted
        self.ranking = ranking
        self.candidates, self.lives = tuple(candidates), tuple(lives)
        self.unfit: Mapping[str, str] = {}
        self.unwell: Mapping[str, str] = {}
        self.price: Price | None = None
        self.turn: count[int] = count()
        self.version, self.until = -1, math.inf
        self.share(ranking.weights)

    def share(self, weights: Sequence[float]) -> None:
        """These are the shares of first picks."""
        self.weights = tuple(weights)
        self.last = max(number for number, weight in enumerate(weights) if weight > 0)
        total, self.cumulative = 0.0, []
        for weight in self.weights:
            total += weight
            self.cumulative.append(total)

    def drawn(self, chance: float) -> int:
        """The place that `chance` (uniform from 0 to 1) falls on."""
        return min(bisect_right(self.cumulative, chance * self.cumulative[-1]), self.last)

    def stuck(self, conversation: str) -> int:
        """The place of a conversation, the same as long as it may be: weighted rendezvous hashing.

        Each provider's score depends on the conversation and on itself alone, so that only the conversations of who leaves move, and each gets its
        share of them (Thaler and Ravishankar, IEEE/ACM Trans. Networking 6(1), 1998; weights as in Schindelhauer and Schomaker, SPAA 2005).
        """
        said = conversation.encode("utf-8", "surrogatepass")
        best, place = math.inf, self.last
        for number, (one, weight) in enumerate(zip(self.candidates, self.weights, strict=True)):
            if weight > 0:
                digest = blake2b(said, digest_size=8, key=one.name.encode()[:64]).digest()
                score = -math.log((int.from_bytes(digest) + 0.5) / 2**64) / weight
                if score < best:
                    best, place = score, number
        return place


class Choice:
    """Who was picked, and why. What explains it is put into words when it is asked for."""

    __slots__ = ("_how", "_place", "_plan")

    def __init__(self, plan: Plan, place: int, how: str = "") -> None:
        self._plan, self._place, self._how = plan, place, how

    @property
    def provider(self) -> Provider:
        """Who answers."""
        return self._plan.candidates[self._place].provider

    @property
    def name(self) -> str:
        """Its name."""
        return self._plan.candidates[self._place].name

    @property
    def plan(self) -> Plan:
        """What it was picked by."""
        return self._plan

    @property
    def place(self) -> int:
        """Its place in the plan, from 0."""
        return self._place

    @property
    def probability(self) -> float:
        """The share of such questions that it is picked for, over all conversations."""
        return self._plan.weights[self._place] / self._plan.cumulative[-1]

    @property
    def candidates(self) -> tuple[str, ...]:
        """Who could have been picked, by name, best first."""
        return self._plan.ranking.names

    @property
    def figures(self) -> Mapping[str, str]:
        """What each of them was ranked by."""
        return self._plan.ranking.figures

    @property
    def left_out(self) -> Mapping[str, str]:
        """Who could not be picked, by name, and why."""
        return {**self._plan.unfit, **self._plan.unwell}

    @property
    def why(self) -> str:
        """The reason in a sentence."""
        ranking = self._plan.ranking
        said = f"{self.name} by {ranking.rule} ({ranking.figures[self.name]}), of {len(ranking.names)} who can answer"
        if self._how:
            said += f", {self._how}"
        if self._plan.price is not None:
            said += f"; {self._plan.price}"
        return said

    def __str__(self) -> str:
        left = "; ".join(f"{name} {reason}" for name, reason in self.left_out.items())
        return f"{self.why}; left out: {left}" if left else self.why

    def __repr__(self) -> str:
        return f"Choice({self.name!r}, {str(self)!r})"
