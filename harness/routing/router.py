"""The router: asks whoever the evidence says, and somebody else when that one fails."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from harness.ask import JsonObject, Prompt, Provider
from harness.client import Cache, Client, Stream, most_it_can_cost
from harness.document import did_you_mean
from harness.errors import OverLimit, WrongUse
from harness.registry import Profile, StrategyName
from harness.routing.allowances import Allowance, Allowances, Purse
from harness.routing.breaker import BreakerOptions
from harness.routing.choice import Choice
from harness.routing.course import Course, Desk, Terms
from harness.routing.exploring import Beliefs, Explore
from harness.routing.known import Candidate, Known, Sources, known
from harness.routing.ledger import Ledger, Said
from harness.routing.live import Live
from harness.routing.picking import Picker
from harness.routing.recording import LiveRecord, Record, earlier_marks
from harness.routing.routed import NOBODY, Caller, Routed, RoutedEmbeddings, Stats
from harness.routing.streams import RoutedStream
from harness.structured import HasSchema

_NOTHING: Mapping[str, Any] = MappingProxyType({})
ANY = Profile()


@dataclass(frozen=True, slots=True)
class RouterOptions:
    """How a router works. `strategy` is for questions whose profile says none.

    `deadline_s` is for a whole ask, with all that is tried; None: each provider's own deadlines alone. `max_retries` None are each provider's own; with 0 the next
    one is asked at once. `allowances` are by label ("user": of each user) or by one value of it ("user:ann"). `explore` and `record` are off
    unless said. `seed` makes draws repeatable.
    """

    strategy: StrategyName = "weighted"
    deadline_s: float | None = 120.0
    max_retries: int | None = None
    breaker: BreakerOptions = field(default_factory=BreakerOptions)
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    explore: Explore | None = None
    record: Record | None = None
    cache: Cache | None = None
    seed: int | None = None


USUAL = RouterOptions()


class Router:
    """Picks and asks providers by the measured weights, or by another strategy; within `async with` connections are kept.

    It serves one event loop at a time, as its client does. Whoever gives it a `record` closes it: `async with`, or `close`.
    """

    def __init__(self, read: Callable[[], Known], options: RouterOptions = USUAL) -> None:
        self.options = options
        self._read = read
        self._clock = time.monotonic
        self._rng = random.Random(options.seed)  # noqa: S311 - spreads traffic, keeps no secret
        self._beliefs = Beliefs(options.explore) if options.explore else None
        self._allowances = Allowances(options.allowances)
        self._ledger = Ledger(self._beliefs)
        self._lives: dict[str, Live] = {}
        self._opened: list[Client] | None = None
        self._use(read())

    @classmethod
    def load(
        cls,
        options: RouterOptions = USUAL,
        *,
        providers: Path | str = "providers.toml",
        reports: Path | str = "reports",
        only: Sequence[str] = (),
        env: Mapping[str, str] = os.environ,
    ) -> Self:
        """A router over the registry, the routes in force and the last standings. `only` names who may be asked; otherwise it is whoever is ready.

        Raises:
            BadInput: a file says something wrong, or routes name a provider that is not registered.
            WrongUse: `only` names a provider that is not there or not ready, or the routes are for providers of the other kind, simulated or real.
            NothingSelected: nobody is ready.
            StoreError: an object store cannot be asked, or the record cannot be written.
        """
        router = cls(partial(known, Sources(Path(providers), reports, tuple(only), env)), options)
        if options.record is not None:
            place = options.record.place or f"{reports}/live"
            router.record(LiveRecord(place, router.providers, texts=options.record.texts))
        return router

    @property
    def providers(self) -> dict[str, Provider]:
        """Who can be asked, by name."""
        return {one.name: one.provider for one in self._known.candidates}

    def record(self, record: LiveRecord) -> None:
        """Outcomes are written there from now on; exploration begins with the marks of earlier runs there."""
        self._ledger.record = record
        if self._beliefs is not None:
            for capability, provider, score, days in earlier_marks(record.place):
                self._beliefs.mark(capability, provider, score, days)
            self._desk.picker.changed()

    def reload(self) -> None:
        """Reads the files anew; what was learned of those who stay is kept. What cannot be read raises as `load` does, and everything stays as it was."""
        self._use(self._read())

    def profile(self, name: str) -> Profile:
        """The profile of that name in the registry. Raises WrongUse where there is none."""
        if name not in self._known.profiles:
            near = did_you_mean(name, self._known.profiles) or "none is registered"
            raise WrongUse(f"there is no [profiles.{name}] in the registry; {near}")
        return self._known.profiles[name]

    def pick(
        self,
        profile: Profile | str = ANY,
        *,
        capability: str | None = None,
        prompt: Prompt | str | None = None,
        conversation: str | None = None,
    ) -> Choice:
        """Who would be asked, and why; nothing is sent. With a `prompt` it is also looked at: pictures, tools, length.

        Raises:
            NothingSelected: nobody fits; it says why of each.
            WrongUse: there is no such profile.
        """
        return self._desk.picker.pick(
            self._named(profile), capability, _as_prompt(prompt) if prompt else None, conversation
        )

    async def ask(
        self,
        prompt: Prompt | str,
        profile: Profile | str = ANY,
        *,
        capability: str | None = None,
        params: JsonObject = _NOTHING,
        response_format: JsonObject | type[HasSchema] | None = None,
        caller: Caller = NOBODY,
    ) -> Routed:
        """Asks one question of whoever is picked, and of others when it fails, within the deadline.

        Raises:
            AllFailed: nobody answered; it lists each attempt and why.
            OverLimit: the caller's rate or budget is used up; nothing was sent.
            NothingSelected, WrongUse: as `pick`.
        """
        said = Said(_as_prompt(prompt, response_format), self._named(profile), capability, params, caller)
        said, course = self._course(said)
        client = await self._client_now()
        while (turn := await course.next()) is not None:
            asking = client.ask(turn.provider, said.prompt, params=said.params, stream=said.profile.stream)
            attempt = await course.within(turn, asking)
            if attempt is not None and course.counted(turn, attempt).ok:
                return self._ledger.answered(said, course, course.attempts[-1])
        self._ledger.lost(said, course)
        raise course.failed()

    def stream(
        self,
        prompt: Prompt | str,
        profile: Profile | str = ANY,
        *,
        capability: str | None = None,
        params: JsonObject = _NOTHING,
        response_format: JsonObject | type[HasSchema] | None = None,
        caller: Caller = NOBODY,
    ) -> RoutedStream:
        """Asks as `ask` does and gives the answer as it comes; see `RoutedStream`. Raises WrongUse; the rest when it is opened and read."""
        asked = Said(_as_prompt(prompt, response_format), self._named(profile), capability, params, caller)
        return RoutedStream(partial(self._course, asked), self._pieces, self._ledger)

    async def embed(
        self,
        texts: Sequence[str] | str,
        profile: Profile | str = ANY,
        *,
        model: str | None = None,
        params: JsonObject = _NOTHING,
        caller: Caller = NOBODY,
    ) -> RoutedEmbeddings:
        """The vectors of the texts by one model, whoever serves it. Nobody takes over with another model: its vectors would not compare.

        Raises:
            WrongUse: several models could be meant and `model` names none, or nobody embeds.
            AllFailed, OverLimit, NothingSelected: as `ask`.
        """
        named, picker, texts = self._named(profile), self._desk.picker, [texts] if isinstance(texts, str) else texts
        plan = picker.plan(picker.embedders(named, model))
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        terms = Terms(self._deadline_s(named), partial(_most_to_embed, size), self._entered(caller))
        course = Course(self._desk, picker.pick_by(plan, caller.conversation), terms)
        client, params = await self._client_now(), {**named.params, **params}
        while (turn := await course.next()) is not None:
            got = await course.within(turn, client.embed(turn.provider, texts, params=params))
            if got is not None:
                turn.live.spend_usd += got.cost.usd or 0.0
                course.ended(turn, got.failure, got.cost.usd if got.failure is None else None)
                if got.failure is None:
                    self._ledger.answers += 1
                    return RoutedEmbeddings(got, turn.one.name, course.choice)
        self._ledger.failed += bool(course.tried)
        self._ledger.refused += not course.tried
        raise course.failed()

    def feedback(self, reply_id: str, score: float) -> None:
        """Somebody finds that the reply was worth so much, from 0 to 1. It is recorded if outcomes are, and exploration learns of it.

        Raises:
            WrongUse: the score is out of range, or there is no such reply.
            StoreError: the record cannot be written.
        """
        if self._ledger.mark(reply_id, score):
            self._desk.picker.changed()

    def stats(self) -> Stats:
        """What was asked and what came of it, as of now."""
        now = self._clock()
        providers = {name: live.stats(now) for name, live in self._lives.items()}
        return Stats(
            asks=self._ledger.asks,
            answered=self._ledger.answers,
            failed=self._ledger.failed,
            refused=self._ledger.refused,
            failed_over=self._ledger.failed_over,
            spend_usd=sum(one.spend_usd for one in providers.values()),
            providers=providers,
            spent_usd=self._allowances.spent(),
            marks=self._ledger.marks,
            unrecorded=self._ledger.unrecorded,
        )

    def close(self) -> Path | None:
        """Ends the record, if there is one; its run's folder. Raises StoreError."""
        record, self._ledger.record = self._ledger.record, None
        return record.close().path if record is not None else None

    async def __aenter__(self) -> Self:
        self._opened = []
        await self._client_now()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        opened, self._opened = self._opened or [], None
        for client in opened:
            await client.__aexit__(kind, error, trace)
        self.close()

    async def _client_now(self) -> Client:
        """The client, with its connections kept if the router is entered: after `reload` it may be another one."""
        if self._opened is not None and self._client not in self._opened:
            self._opened.append(self._client)
            await self._client.__aenter__()
        return self._client

    def _named(self, profile: Profile | str) -> Profile:
        return self.profile(profile) if isinstance(profile, str) else profile

    def _deadline_s(self, profile: Profile) -> float | None:
        return self.options.deadline_s if profile.deadline_s is None else profile.deadline_s

    def _course(self, asked: Said) -> tuple[Said, Course]:
        """The question with its profile's params, on its way. Raises as `ask`, but for AllFailed."""
        profile, picker = asked.profile, self._desk.picker
        wanted = picker.wanted(profile, asked.capability, asked.prompt)
        plan = picker.plan(wanted)
        said = replace(asked, capability=wanted[1], params={**profile.params, **asked.params})
        purse = self._entered(asked.caller)
        choice = picker.pick_by(plan, asked.caller.conversation)
        self._lives[choice.name].first_choice += 1
        return said, Course(self._desk, choice, Terms(self._deadline_s(profile), partial(_most, said), purse))

    def _entered(self, caller: Caller) -> Purse | None:
        """One more ask, if the caller may."""
        self._ledger.asks += 1
        try:
            return self._allowances.enter(caller.all_labels, self._clock())
        except OverLimit:
            self._ledger.refused += 1
            raise

    def _pieces(self, said: Said, provider: Provider) -> Stream:
        return self._client.stream(provider, said.prompt, params=said.params)

    def _use(self, found: Known) -> None:
        """From now on it is this that is known."""
        lives = {one.name: self._live(one) for one in found.candidates}
        picker = Picker(found, lives, self.options.strategy, beliefs=self._beliefs, rng=self._rng, clock=self._clock)
        self._known, self._lives = found, lives
        self._desk = Desk(picker, lives, self.options.max_retries, self._rng, self._clock)
        facts = {one.name: one.facts for one in found.candidates}
        self._client = client = Client(
            [one.provider for one in found.candidates], facts=facts, cache=self.options.cache
        )
        for live in lives.values():
            limited = live.provider.limits.rpm or live.provider.limits.tpm or live.provider.account
            live.rate_wait_s = partial(client.wait_s, live.provider) if limited else None

    def _changed(self) -> None:
        """Somebody's health has: plans that were made are not true any more."""
        self._desk.picker.changed()

    def _live(self, one: Candidate) -> Live:
        """What was learned of it, if it is what it was."""
        before = self._lives.get(one.name)
        if before is not None and before.provider == one.provider:
            return before
        standing = one.standing(None)
        typical = standing.latency.p50 if standing else None
        return Live(one.provider, self.options.breaker, self._changed, typical.value if typical else None)


def _as_prompt(prompt: Prompt | str, form: JsonObject | type[HasSchema] | None = None) -> Prompt:
    if isinstance(prompt, str):
        prompt = Prompt(({"role": "user", "content": prompt},))
    return prompt if form is None else replace(prompt, response_format=form)


def _most(said: Said, one: Candidate) -> float | None:
    """The most that the question can cost there, in USD."""
    params = {**one.provider.params, **said.params}
    return most_it_can_cost(said.prompt, params, one.provider.prices, one.facts.max_output_tokens)


def _most_to_embed(size: int, one: Candidate) -> float | None:
    """The same of texts of so many bytes: a token is a byte at least."""
    prices = one.provider.embedding_prices
    return None if prices is None or prices.input is None else size * prices.input
