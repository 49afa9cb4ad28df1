"""The words for what is asked: Case, Suite, Provider, Trial.

All are frozen. What identifies a thing is a content address over what it says, so that an edited prompt is another
question and an unchanged one is never paid for twice.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from harness.addressed import NESTED, Begun, canonical, content_address, flat, hashed, plain, quoted
from harness.structured import HasSchema, response_format

JsonObject = Mapping[str, Any]
"""A JSON object: messages, tools and response formats are in the OpenAI chat form, which litellm translates."""

Phase = Literal["warmup", "measure", "judge"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool. `arguments` is the JSON text as the model wrote it, which need not be valid."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What could be answered: text, tool calls, or both. The key of a case is made of these."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider is asked, in the OpenAI chat form: messages (at least one), tools, a response format.

    A pydantic model class may be given as the response format: it becomes the JSON Schema of that class.
    """

    messages: tuple[JsonObject, ...]
    tools: tuple[JsonObject, ...] = ()
    tool_choice: str | JsonObject | None = None
    response_format: JsonObject | type[HasSchema] | None = None

    def __post_init__(self) -> None:
        """Raises WrongUse for a class without a schema."""
        if isinstance(self.response_format, type):
            object.__setattr__(self, "response_format", response_format(self.response_format))

    def as_json(self) -> dict[str, Any]:
        """The prompt as plain JSON; what is not set is left out."""
        parts: dict[str, Any] = {"messages": list(self.messages)}
        if self.tools:
            parts["tools"] = list(self.tools)
        if self.tool_choice is not None:
            parts["tool_choice"] = self.tool_choice
        if self.response_format is not None:
            parts["response_format"] = self.response_format
        return parts


@dataclass(frozen=True, slots=True)
class Criterion:
    """How a reply is judged: the name of a scorer, its options, its weight among a case's criteria (above 0).

    `extract` names the part of the reply that the scorer is shown: the first of these that is there; without, it is the whole.
    """

    scorer: str
    options: JsonObject = field(default_factory=dict)
    weight: float = 1.0
    negate: bool = False
    extract: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One prompt and what is expected of the reply.

    `expect` is what the scorers compare with: any JSON value, None where a criterion needs none. `reference` is a reply
    that is right and `distractor` one that is wrong (the answer key that simulated providers use and that tests hold
    the scorers against). Cases that share a source share a `cluster`. `line` is where the case stands in its file.
    """

    id: str
    prompt: Prompt
    capability: str
    criteria: tuple[Criterion, ...]
    expect: Any = None
    tags: frozenset[str] = frozenset()
    cluster: str | None = None
    params: JsonObject = field(default_factory=dict)
    reference: Answer | None = None
    distractor: Answer | None = None
    line: int | None = None

    @cached_property
    def hash(self) -> str:
        """The content address of what the case says and expects; not of its id, tags or place."""
        criteria = [
            [one.scorer, one.options, one.weight, one.negate, *([one.extract] if one.extract else [])]
            for one in self.criteria
        ]
        return self.asking.address([canonical(one) for one in (self.expect, criteria, self.params)])

    @cached_property
    def asking(self) -> Begun:
        """The content addresses of what begins with the prompt: a case is asked many times."""
        return Begun(self.prompt.as_json())

    def __getstate__(self) -> dict[str, Any]:
        """Without what no process can hand to another."""
        return {name: value for name, value in self.__dict__.items() if name != "asking"}


@dataclass(frozen=True, slots=True)
class Gate:
    """What a suite's cases have to come to together, for each provider: the lower bound of the interval of 95 % is at least this; None: no matter."""

    min_quality: float | None = None
    min_reliability: float | None = None


@dataclass(frozen=True)
class Suite:
    """Cases that belong together. `params` (temperature, max_tokens, …) are the defaults of its cases."""

    name: str
    cases: tuple[Case, ...]
    path: Path
    description: str = ""
    tags: frozenset[str] = frozenset()
    params: JsonObject = field(default_factory=dict)
    repeat: int = 1
    gate: Gate | None = None

    @cached_property
    def hash(self) -> str:
        """The content address of the suite: of its cases, their ids and its params."""
        return content_address([[[case.id, case.hash] for case in self.cases], self.params])


class Secret:
    """An API key that no `str`, `repr`, f-string, log or pickle shows; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself: for the request's headers and for nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is never written down")


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Other prices for all tokens of a request whose prompt has more than `above` tokens; None: as below it."""

    above: int
    input: float | None = None
    output: float | None = None
    cached_input: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    reasoning: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What a provider's tokens cost, in USD for one token; None is unknown, which is never 0.

    `id` says where the prices are from: "registry:" and their content address for own prices, otherwise the hash of litellm's table. `cache_write` is for
    what is kept for five minutes, `cache_write_1h` for an hour; `reasoning` None is as `output`. Of `tiers`, by rising `above`, the last
    that a prompt exceeds counts. `varies`: the provider asks less at certain hours; these are the prices of the others.
    """

    input: float | None = None
    output: float | None = None
    cached_input: float | None = None
    cache_write: float | None = None
    id: str | None = None
    cache_write_1h: float | None = None
    reasoning: float | None = None
    tiers: tuple[PriceTier, ...] = ()
    varies: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Our own limits on a provider: requests in flight, requests a minute, tokens a minute; None is no limit.

    Without `max_concurrency` there are 8 in flight. With `adaptive` it is the most that a search for the right number may try.
    """

    max_concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    adaptive: bool = False

    @property
    def at_once(self) -> int:
        """How many requests may be in flight at once."""
        return 8 if self.max_concurrency is None else self.max_concurrency


@dataclass(frozen=True, slots=True)
class Account:
    """What several providers are asked on: limits over all of them together; None is no limit."""

    name: str
    max_concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a retryable failure is tried again, and the base of the exponential delay in seconds."""

    max_retries: int = 2
    delay_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long we wait, in seconds: to connect, for the first token, between chunks, for the whole reply."""

    connect_s: float = 10.0
    first_token_s: float = 60.0
    stall_s: float = 30.0
    total_s: float = 600.0


@dataclass(frozen=True)
class Provider:
    """One registered deployment.

    `model` is litellm's name with its prefix ("openai/gpt-4o-mini"), and so is `embedding_model`, of which `embedding_prices` are the prices. `params` are sent with each request unless the case
    says otherwise. `simulated` is the profile's name for a provider of the simulated fleet, None for a real one. Such a
    provider's `base_url` is None until the fleet serves it.
    """

    name: str
    model: str
    api_key: Secret | None = None
    base_url: str | None = None
    embedding_model: str | None = None
    params: JsonObject = field(default_factory=dict)
    priority: int = 0
    tags: frozenset[str] = frozenset()
    limits: Limits = Limits()
    retries: Retries = Retries()
    deadlines: Deadlines = Deadlines()
    prices: Prices | None = None
    embedding_prices: Prices | None = None
    drop_params: bool = False
    simulated: str | None = None
    account: Account | None = None

    @property
    def account_key(self) -> Hashable:
        """What the server's limits belong to: the account's name; unsaid, the same key at the same address is the same account. Never stored."""
        return self.account.name if self.account else (self.kind, self.base_url, self.api_key)

    @property
    def kind(self) -> str:
        """litellm's name of the provider: what stands before the first slash of `model`."""
        return self.model.partition("/")[0]

    @property
    def address(self) -> str | None:
        """Where the model is served, for content addresses: a simulated provider keeps its address over all ports."""
        return f"simulated://{self.simulated}" if self.simulated else self.base_url


@dataclass(frozen=True)
class TrialRef:
    """What identifies a trial in every table: the columns that attempts and scores share."""

    trial_id: str
    provider: str
    suite: str
    suite_hash: str
    case_id: str
    case_hash: str
    capability: str
    cluster: str | None = None
    repeat: int = 0


@dataclass(frozen=True)
class Trial:
    """One question to one provider: suite × case × provider × repeat (counted from 0)."""

    suite: str
    suite_hash: str
    case: Case
    provider: Provider
    params: JsonObject = field(default_factory=dict)
    repeat: int = 0
    stream: bool = True
    phase: Phase = "measure"

    @cached_property
    def call_key(self) -> str:
        """The content address of what is asked: prompt, params, model, address, repeat. Never keys, limits or time-outs.

        Within tools, response format and params the order of names counts too: a model writes the fields of a schema in its order.
        """
        prompt, params, address = self.case.prompt, self.params, self.provider.address
        text = flat(params)
        where = "null" if address is None else quoted(address)
        asked = [text or canonical(params), quoted(self.provider.model), where, str(self.repeat)]
        nested = [] if text else [params[name] for name in sorted(params) if isinstance(params[name], NESTED)]
        if prompt.tools or prompt.response_format or nested:
            order = json.dumps([prompt.tools, prompt.response_format, nested], default=plain)
            asked.append(quoted(order))
        return self.case.asking.address(asked, 32)

    @cached_property
    def ref(self) -> TrialRef:
        """The trial's identity; `trial_id` is a content address, so the same trial has the same id in every run."""
        place = [self.suite, self.case.id, self.case.hash, self.provider.name, self.call_key, self.phase]
        return TrialRef(
            trial_id=hashed(f"[{','.join(map(quoted, place))}]"),
            provider=self.provider.name,
            suite=self.suite,
            suite_hash=self.suite_hash,
            case_id=self.case.id,
            case_hash=self.case.hash,
            capability=self.case.capability,
            cluster=self.case.cluster,
            repeat=self.repeat,
        )
