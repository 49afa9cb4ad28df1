"""Who listens while an answer comes. Nobody does when trials are run: what is not decoded is not on the clock."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from harness.client.translate import Request
from harness.client.wires.contract import Drafted


class Listener(Protocol):
    """Is told what comes, and must not take its time."""

    def asked(self, request: Request) -> None:
        """This request goes out now, for the first time or again."""
        ...

    def heard(self, at: float, data: bytes) -> None:
        """Bytes of the answer, or none between two answers."""
        ...

    def drafted(self, draft: Drafted) -> None:
        """What litellm gave so far. Called from another thread."""
        ...


LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Who listens to what is asked in this context."""
