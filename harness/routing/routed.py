"""What comes of an ask: the answer, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.client import Embeddings
from harness.routing.choice import Choice
from harness.routing.live import ProviderStats
from harness.told import Attempt


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `labels` are what allowances go by and rows carry; `user` is the label of that name. Replies to a `conversation` are by one provider, as long as it is well."""

    user: str | None = None
    conversation: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_labels(self) -> Mapping[str, str]:
        """The labels, with the user."""
        return self.labels if self.user is None else {"user": self.user, **self.labels}


NOBODY = Caller()


@dataclass(frozen=True, slots=True)
class Routed:
    """An answer. `id` is what `Router.feedback` takes; `attempts` are all that went out, the answer last; `choice` is who was picked first, and why."""

    id: str
    attempt: Attempt
    choice: Choice
    attempts: tuple[Attempt, ...]

    @property
    def text(self) -> str:
        """The reply's text."""
        return self.attempt.reply.text

    @property
    def provider(self) -> str:
        """Who answered."""
        return self.attempt.trial.provider.name


@dataclass(frozen=True, slots=True)
class RoutedEmbeddings:
    """Vectors, all of one provider's model."""

    embeddings: Embeddings
    provider: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Stats:
    """What a router has done since it was loaded. `asks` were `answered`, `failed`, or ended by the caller; `refused` ones were over a limit, and nothing was sent.

    `spent_usd` is by account, such as "user:ann", in its present period; `marks` counts feedback, `unrecorded` says why outcomes are recorded no more, if the record broke.
    """

    asks: int
    answered: int
    failed: int
    refused: int
    failed_over: int
    spend_usd: float
    providers: Mapping[str, ProviderStats]
    spent_usd: Mapping[str, float]
    marks: int = 0
    unrecorded: str = ""
