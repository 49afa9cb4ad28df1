"""The client: one question in, the attempts at it out. What fails is data, not an exception."""

from __future__ import annotations

import asyncio
import difflib
import random
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Self

from harness.addressed import content_address
from harness.ask import Case, JsonObject, Prompt, Provider, Trial
from harness.client.cache import Cache
from harness.client.calls import not_sent
from harness.client.cost import cost_of
from harness.client.door import litellm
from harness.client.embedded import nearness, wants_vectors
from harness.client.embeddings import Embeddings, embed
from harness.client.estimate import Estimate, estimate_cost
from harness.client.failures import failure
from harness.client.limits import Accounts, Search, Waited
from harness.client.listing import Availability, Listing, is_model_available, list_models
from harness.client.masking import masked
from harness.client.metadata import cleaned
from harness.client.replays import Replays
from harness.client.retries import Asking, Attempts, Permit
from harness.client.session import Called, Session
from harness.client.streaming import Stream
from harness.client.templates import Translator
from harness.client.timing import clock_of
from harness.client.tokens import counted_usage
from harness.client.translate import VIA_LITELLM, Request, Untranslatable
from harness.client.validation import Facts, fault, takes_long, unchecked
from harness.client.wires import Decoded, wire_for
from harness.errors import WrongUse
from harness.structured import HasSchema
from harness.told import Attempt, Usage

_NOTHING: Mapping[str, str] = MappingProxyType({})


Started = Callable[[Trial, int], None]
"""Told, before its request goes out, that an attempt begins, and its number."""


class Client:
    """Asks providers.

    Within `async with` connections are kept and used again. Outside of it they are closed when nothing is in flight any more, so that a single
    `ask` needs no closing. `metadata` (labels of the user's own) is carried into every attempt; a label that looks like a credential is
    left out, with a warning. `facts` tell, by provider's name, what its model takes: what it surely does not is not sent. With
    `count_tokens` a reply without usage is counted by a tokenizer of ours, and its cost is an estimate; otherwise both are unknown.
    With a `cache` a question that was answered before is answered from it; whoever made the cache closes it.
    `started` is told of each attempt before its request goes out.
    """

    def __init__(
        self,
        providers: Iterable[Provider] = (),
        *,
        metadata: Mapping[str, str] = _NOTHING,
        facts: Mapping[str, Facts] = MappingProxyType({}),
        count_tokens: bool = False,
        cache: Cache | None = None,
        started: Started | None = None,
    ) -> None:
        self._providers = {provider.name: provider for provider in providers}
        labels = cleaned(metadata)
        for note in labels.notes:
            warnings.warn(note, stacklevel=2)
        self._metadata = labels.kept
        self._facts = facts
        self._count_tokens = count_tokens
        self._replays = None if cache is None else Replays(cache, self._of_now)
        self._started = started
        self._anchor = datetime.now(UTC), time.perf_counter()
        self._rng = random.Random()  # noqa: S311 - spreads retries, keeps no secret
        self._accounts = Accounts()
        self._translator = Translator()
        self._session: Session | None = None
        self._holders = 0
        self._lazy = False

    @property
    def searches(self) -> Mapping[str, Search]:
        """The searches for the most requests in flight, by provider's name, for those whose limits are adaptive."""
        return self._accounts.searches

    def lazily(self) -> Self:
        """The same client; litellm is loaded when a question first needs it, and not on entering. For who knows that none will (`forms`)."""
        self._lazy = True
        return self

    def anchor(self, wall: datetime, monotonic_s: float) -> None:
        """Attempts are dated from this moment, on the wall and on the monotonic clock: the processes of one run share it."""
        self._anchor = wall, monotonic_s + time.perf_counter() - time.monotonic()

    async def __aenter__(self) -> Self:
        if not self._lazy:
            litellm()  # two seconds that no attempt shall wait for
        for provider in self._providers.values():
            self._rehearse(provider)
        self._hold()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._release()

    async def aclose(self) -> None:
        """Closes what is open, whoever still holds it."""
        session, self._session, self._holders = self._session, None, 0
        if session is not None:
            await session.aclose()

    async def ask(
        self,
        provider: Provider | str,
        prompt: Prompt | str,
        *,
        params: JsonObject = _NOTHING,
        response_format: JsonObject | type[HasSchema] | None = None,
        stream: bool = True,
    ) -> Attempt:
        """Asks one question, tries again as the provider's retries say, and returns the deciding attempt: the last.

        The provider's own params are sent unless `params` says otherwise. `response_format`, in OpenAI's form or a pydantic model class, takes
        the place of the prompt's; `attempt.parsed(Model)` is then the object. Raises WrongUse for a name that is not registered.
        """
        trial = self.trial(provider, prompt, params, response_format, stream=stream)
        return [attempt async for attempt in self.attempts(trial)][-1]

    def stream(
        self,
        provider: Provider | str,
        prompt: Prompt | str,
        *,
        params: JsonObject = _NOTHING,
        response_format: JsonObject | type[HasSchema] | None = None,
    ) -> Stream:
        """Asks one question as `ask` does and gives the answer as it comes, in typed chunks; see `Stream`."""
        trial = self.trial(provider, prompt, params, response_format, stream=True)
        return Stream(self.attempts(trial), trial.provider.api_key)

    def trial(
        self,
        provider: Provider | str,
        prompt: Prompt | str,
        params: JsonObject,
        response_format: JsonObject | type[HasSchema] | None,
        *,
        stream: bool,
    ) -> Trial:
        """One question as a trial, for `attempts`; what is given is as for `ask`. Raises WrongUse for a name that is not registered."""
        provider = self._one(provider)
        if isinstance(prompt, str):
            prompt = Prompt(({"role": "user", "content": prompt},))
        if response_format is not None:
            prompt = replace(prompt, response_format=response_format)
        case = Case(content_address(prompt.as_json()), prompt, capability="ask", criteria=())
        return Trial("ask", case.hash, case, provider, {**provider.params, **params}, stream=stream)

    async def embed(
        self,
        provider: Provider | str,
        texts: Sequence[str] | str,
        *,
        params: JsonObject = _NOTHING,
        batch_size: int | None = None,
    ) -> Embeddings:
        """The vectors of the texts by the provider's `embedding_model`, in their order; one text may be given as it is.

        `params` (`dimensions`, `encoding_format`, `input_type`, …) are litellm's. Raises WrongUse for a name that is not registered, for a provider
        without an `embedding_model` and for a `batch_size` below 1.
        """
        named, texts = self._one(provider), [texts] if isinstance(texts, str) else texts
        async with self._held() as session:
            return await embed(session, named, texts, params, batch_size=batch_size, count_tokens=self._count_tokens)

    async def list_models(self, provider: Provider | str) -> Listing:
        """The models that the provider itself lists; free of charge. Raises WrongUse for a name that is not registered."""
        async with self._held() as session:
            return await list_models(session, self._one(provider))

    async def is_model_available(self, provider: Provider | str, model: str | None = None) -> Availability:
        """Whether the provider has the model, its registered one if none is named; free of charge. Raises WrongUse as `list_models` does."""
        async with self._held() as session:
            return await is_model_available(session, self._one(provider), model)

    def wait_s(self, provider: Provider | str) -> float:
        """How many seconds a request would wait now for the provider's rates, its account's, and pauses that it asked for. Raises WrongUse as `list_models` does."""
        return self._accounts.wait_s(self._one(provider))

    def facts_of(self, provider: Provider | str) -> Facts | None:
        """What this client was told of the provider's model: context length, capabilities. Raises WrongUse as `list_models` does."""
        return self._facts.get(self._one(provider).name)

    def estimate_cost(
        self,
        provider: Provider | str,
        prompt: Prompt | str,
        *,
        params: JsonObject = _NOTHING,
        output_tokens: int | None = None,
    ) -> Estimate:
        """What one question would cost, offline: `estimate.estimate_cost` with what this client knows of the model. Raises WrongUse as `list_models` does."""
        named = self._one(provider)
        facts = self._facts.get(named.name)
        most = None if facts is None else facts.max_output_tokens
        return estimate_cost(named, prompt, params, max_output_tokens=most, output_tokens=output_tokens)

    def attempts(self, trial: Trial, permit: Permit | None = None) -> Attempts:
        """Each attempt at the trial as it ends: the first, and retries of what is retryable. The waiting before one is its `throttle_s`.

        `trial.params` are sent as they are. Cancelling leaves nothing behind and nothing recorded. A cached answer is the only attempt; warm-up
        is asked all the same, since it is there to ask, and not kept, so that what comes after it is measured. Where `permit` refuses a request
        there are no further attempts; a cached answer needs none.
        """
        asking = Asking(partial(self._attempt, trial), trial.provider.retries, self._rng, permit)
        return asking if self._replays is None or trial.phase == "warmup" else self._replays.over(trial, asking)

    async def _attempt(self, trial: Trial, number: int, waited_s: float) -> Attempt:
        if self._started is not None:
            self._started(trial, number)
        if wants_vectors(trial):
            return await self._embedded(trial, number, waited_s)
        called = await self._call(trial)
        facts = called.facts
        waited = Waited(called.waited.queue_s, called.waited.throttle_s + waited_s)
        usage = await self._usage(trial, facts.decoded)
        wall, monotonic = self._anchor
        return Attempt(
            trial=trial,
            number=number,
            started_at=wall + timedelta(seconds=called.started - monotonic),
            sent=facts.sent,
            reply=masked(facts.decoded.reply, trial.provider.api_key),
            usage=usage,
            cost=cost_of(usage, trial.provider.prices),
            clock=clock_of(facts, waited, called.lag_s),
            failure=facts.decoded.failure,
            http_status=facts.http_status,
            simulated=trial.provider.simulated is not None or "x-simulated" in facts.headers,
            metadata=self._metadata,
            unchecked=unchecked(trial.case.prompt, self._facts.get(trial.provider.name)),
        )

    async def _embedded(self, trial: Trial, number: int, waited_s: float) -> Attempt:
        async with self._held() as session:
            near = await nearness(session, trial)
        wall, monotonic = self._anchor
        return Attempt(
            trial=trial,
            number=number,
            started_at=wall + timedelta(seconds=near.began - monotonic),
            sent=near.sent,
            reply=near.reply,
            usage=near.told.usage,
            cost=near.told.cost,
            clock=replace(near.clock, throttle_s=near.clock.throttle_s + waited_s),
            failure=near.failure,
            http_status=near.told.http_status,
            simulated=near.told.simulated,
            metadata=self._metadata,
        )

    def _of_now(self, replay: Attempt) -> Attempt:
        """A replay with what is said of the question now."""
        trial = replay.trial
        facts = self._facts.get(trial.provider.name)
        return replace(replay, metadata=self._metadata, unchecked=unchecked(trial.case.prompt, facts))

    async def _usage(self, trial: Trial, decoded: Decoded) -> Usage:
        """What the provider counted, or else we, if we are to and something was written. Counting is not for a loop to wait for."""
        reply = decoded.reply
        if (
            not self._count_tokens
            or decoded.usage.source != "none"
            or not (reply.text or reply.reasoning or reply.tool_calls)
        ):
            return decoded.usage
        return await asyncio.to_thread(counted_usage, trial.provider.model, trial.case.prompt, reply)

    async def _check(self, trial: Trial) -> None:
        """Raises Untranslatable for a question that is not to be sent."""
        facts = self._facts.get(trial.provider.name)
        aside = takes_long(trial.case.prompt, facts)
        wrong = await asyncio.to_thread(fault, trial, facts) if aside else fault(trial, facts)
        if wrong is not None:
            raise Untranslatable(wrong)

    async def _call(self, trial: Trial) -> Called:
        """The call; one that could not be made is a call as well."""
        provider, prompt, params = trial.provider, trial.case.prompt, trial.params
        usual, started = wire_for(provider.kind), time.perf_counter()
        name = usual.name if usual else VIA_LITELLM
        try:
            await self._check(trial)
            session = self._hold()
            try:
                request = self._translator.request(provider, prompt, params, stream=trial.stream)
                name = request.wire.name if request else VIA_LITELLM
                return await session.call(trial, request)
            finally:
                await self._release()
        except Untranslatable as refused:
            why = refused.failure
        except Exception as error:  # noqa: BLE001 - a fault of ours in one call must not end a run of thousands
            why = failure("client_error", f"{type(error).__name__}: {error}", key=provider.api_key)
        return Called(not_sent(trial, name, why), Waited(0.0, 0.0), started)

    async def warm(self, provider: Provider, connections: int) -> int:
        """Opens connections to the provider before they are needed; how many unused ones there are, 0 where litellm does the calling.

        Nothing is sent. Within `async with`: outside of it they would be closed at once.
        """
        request = self._rehearse(provider)
        if request is None:
            return 0
        async with self._held() as session:
            return await session.warm(provider, request, connections)

    def _rehearse(self, provider: Provider) -> Request | None:
        """Translates a question that is not sent: litellm's first one for a kind takes 20 ms, in which the loop would be deaf."""
        prompt = Prompt(({"role": "user", "content": "?"},))
        with suppress(Untranslatable):
            return self._translator.request(provider, prompt, provider.params, stream=True)
        return None

    def _one(self, provider: Provider | str) -> Provider:
        return self._named(provider) if isinstance(provider, str) else provider

    def _named(self, name: str) -> Provider:
        if name not in self._providers:
            close = difflib.get_close_matches(name, self._providers, n=3) or sorted(self._providers)
            names = f"; there is {', '.join(close)}" if close else "; the client was given none"
            raise WrongUse(f"no provider is called {name!r}{names}")
        return self._providers[name]

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[Session]:
        session = self._hold()
        try:
            yield session
        finally:
            await self._release()

    def _hold(self) -> Session:
        if self._session is None:
            self._session = Session(self._accounts)
        self._holders += 1
        return self._session

    async def _release(self) -> None:
        self._holders = max(0, self._holders - 1)
        if self._holders == 0:
            await self.aclose()
