"""Texts to be embedded as a trial: a request like any other, with its own attempts, cost and clock."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.ask import Retries, Trial
from harness.client.embeddings import Embeddings, embed
from harness.client.failures import failure
from harness.client.session import Session
from harness.told import Clock, Failure, Reply, Sent


@dataclass(frozen=True, slots=True)
class Nearness:
    """What an attempt to embed came to, and when it began (monotonic seconds)."""

    told: Embeddings
    began: float

    @property
    def sent(self) -> Sent:
        """What went out beside the texts."""
        return Sent(self.told.wire, {}, self.told.dropped, stream=False)

    @property
    def reply(self) -> Reply:
        """In the place of a text the cosine of the first text's vector and the nearest of the others', as JSON."""
        if self.failure is not None:
            return Reply(model_served=self.told.model_served)
        first, *others = self.told.vectors
        told = {"cosine": round(max(cosine(first, one) for one in others), 6), "dimensions": len(first)}
        return Reply(json.dumps(told), finish_reason="stop", model_served=self.told.model_served)

    @property
    def failure(self) -> Failure | None:
        """Why there is no answer; vectors of nothing, which have no direction, are none."""
        if self.told.failure is None and not all(any(one) for one in self.told.vectors):
            return failure("response_malformed", "a vector of nothing but zeros has no direction")
        return self.told.failure

    @property
    def clock(self) -> Clock:
        """The clock of the last of its requests."""
        return self.told.clocks[-1] if self.told.clocks else Clock()


def wants_vectors(trial: Trial) -> bool:
    """Whether the trial's messages are texts to be embedded: it is asked of its provider's embedding model."""
    return trial.provider.model == trial.provider.embedding_model


async def nearness(session: Session, trial: Trial) -> Nearness:
    """One attempt to embed a trial's texts; retries are its caller's."""
    began = time.perf_counter()
    once = replace(trial.provider, retries=Retries(0))
    texts = [str(message["content"]) for message in trial.case.prompt.messages]
    try:
        told = await embed(session, once, texts)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one call must not end a run of thousands
        why = failure("client_error", f"{type(error).__name__}: {error}", key=trial.provider.api_key)
        told = Embeddings(failure=why, simulated=once.simulated is not None)
    return Nearness(told, began)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle between two vectors that are not zero."""
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))
