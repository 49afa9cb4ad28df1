"""One question at a time, for `harness ask` and for tests: finds the provider, serves it if it is simulated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from harness.ask import JsonObject, Prompt, Provider, Suite
from harness.cli import fleet
from harness.client import Cache, Client, TextDelta, wait
from harness.load import suites as load_suites
from harness.pipeline import provider_for
from harness.settings import AS_REGISTERED, Patience, Places
from harness.told import Attempt


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one provider. Calling it returns the reply's text; `attempt` returns everything about the call. `record` is given each attempt."""

    client: Client
    provider: Provider
    record: Callable[[Attempt], None] | None = None

    def attempt(self, question: str | Prompt, *, stream: bool = True, **params: Any) -> Attempt:
        """Ask and return the deciding attempt; a failure is in it, not raised."""
        if self.record is None:
            return wait(self.client.ask(self.provider, question, params=params, stream=stream))
        attempts = wait(self._all(question, params, stream=stream))
        for one in attempts:
            self.record(one)
        return attempts[-1]

    async def _all(self, question: str | Prompt, params: JsonObject, *, stream: bool) -> list[Attempt]:
        trial = self.client.trial(self.provider, question, params, None, stream=stream)
        return [one async for one in self.client.attempts(trial)]

    def print_as_it_comes(self, question: str | Prompt, **params: Any) -> Attempt:
        """Ask, print the answer's text while it comes, and return the deciding attempt."""
        stream, begun = self.client.stream(self.provider, question, params=params), False
        for piece in wait(stream):
            if isinstance(piece, TextDelta):
                print(piece.text, end="", flush=True)
                begun = True
        if begun:
            print()
        return stream.attempt

    def __call__(self, question: str | Prompt, **params: Any) -> str:
        """The reply's text.

        Raises:
            AssertionError: there was no answer; the message says why.
        """
        __tracebackhide__ = True  # pytest shows the test's line, not this one
        attempt = self.attempt(question, **params)
        if attempt.failure:
            raise AssertionError(
                f"{self.provider.name} did not answer: {attempt.failure.kind}: {attempt.failure.error}"
            )
        return attempt.reply.text


@contextmanager
def open_asker(
    name: str,
    places: Places,
    base_url: str | None = None,
    patience: Patience = AS_REGISTERED,
    cache: Cache | None = None,
    record: Callable[[Attempt], None] | None = None,
) -> Iterator[Asker]:
    """An `Asker` for a registered provider or a model, served at `base_url` if given; a simulated one knows the suites' answer keys.

    One that is simulated for the question is always asked, never the cache.

    Raises:
        WrongUse: the name says no provider, or one that is not ready.
    """
    provider = patience.of(provider_for(name, places, os.environ, base_url))
    with ExitStack() as stack:
        if provider.simulated and not provider.base_url:
            (provider,) = stack.enter_context(fleet.serve([provider], keys_of(places)))
            cache = None  # it costs nothing, and what it answers changes with the suites
        yield Asker(Client([provider], cache=cache), provider, record)


def keys_of(places: Places) -> Sequence[Suite]:
    """The suites whose answer keys a simulated provider is given."""
    paths = [path for path in places.suites if path.exists()]
    return load_suites(paths) if paths else ()
