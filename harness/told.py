"""The words for what came back: Attempt and its parts. A fact is recorded once and never changed.

Times are seconds on the monotonic clock; `started_at` is the run's wall-clock anchor plus that clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from harness.ask import JsonObject, ToolCall, Trial, TrialRef
from harness.errors import UnfitReply
from harness.structured import Model, unfenced

FailureSide = Literal["provider", "account", "network", "request", "harness"]
TokenSource = Literal["usage", "tokenizer", "none"]
CostStatus = Literal["exact", "estimated", "unknown"]
TimingSource = Literal["wire", "client"]
EndedBy = Literal["budget", "time", "failures"]
"""The limits that a person can set to a run."""
StructuredBy = Literal["json_schema", "json_mode", "tool", "prompt", "litellm"]
"""How JSON is asked for: by the provider's own JSON Schema; by its own mode for JSON, and a schema in the system prompt; by a tool that must be
called; in the system prompt alone; in litellm's way, where litellm makes the call.
"""

SIDES: Mapping[str, FailureSide] = MappingProxyType(
    {
        "overloaded": "provider",
        "server_error": "provider",
        "bad_gateway": "provider",
        "timeout_first_token": "provider",
        "timeout_stall": "provider",
        "timeout_total": "provider",
        "stream_truncated": "provider",
        "stream_malformed": "provider",
        "response_malformed": "provider",
        "empty_response": "provider",
        "content_filtered": "provider",
        "rate_limited": "account",
        "quota_exhausted": "account",
        "auth": "account",
        "model_not_found": "account",
        "dns": "network",
        "connect_refused": "network",
        "connect_timeout": "network",
        "tls": "network",
        "connection_reset": "network",
        "bad_request": "request",
        "context_overflow": "request",
        "unsupported_parameter": "request",
        "cancelled": "harness",
        "budget_stop": "harness",
        "client_error": "harness",
        "dropped": "harness",
    }
)
"""Every kind of failure and whose it is."""

STOPS_PROVIDER = frozenset({"auth", "quota_exhausted", "model_not_found"})
"""After one of these a provider's remaining trials are not asked: they would fail alike."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer. `kind` is a key of `SIDES`; `error` is in plain words, without credentials."""

    kind: str
    error: str
    retryable: bool = False
    retry_after_s: float | None = None

    @property
    def side(self) -> FailureSide:
        """Whose failure it is."""
        return SIDES[self.kind]


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, the same streamed or not; of a failed attempt, what had come until then.

    `end_tokens` counts the special tokens (`<|im_end|>`, `</s>`, …) that the server leaked at the end of the text; they are not in it.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    response_id: str | None = None
    fingerprint: str | None = None
    model_served: str | None = None
    end_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted; None is unknown, which is never 0. `prompt_tokens` includes the cached ones.

    `cache_write_1h_tokens` are those of `cache_write_tokens` that are kept for an hour rather than five minutes.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    source: TokenSource = "none"
    cache_write_1h_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What an attempt cost in USD; None is unknown, which is never 0."""

    usd: float | None = None
    status: CostStatus = "unknown"
    price_id: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """When things happened, in seconds; None where it did not happen. reports/README.md describes the columns made of it.

    `ttft_s`: request sent → first byte with content; `ttfv_s`: → first visible text or tool call; `latency_s`: → last such byte.
    `scheduled_s`: the run's load began → the request was due; `response_s`: it was due → last such byte. Both only in an open loop.
    """

    scheduled_s: float | None = None
    response_s: float | None = None
    queue_s: float = 0.0
    throttle_s: float = 0.0
    connect_s: float | None = None
    ttft_s: float | None = None
    ttfv_s: float | None = None
    latency_s: float | None = None
    chunk_count: int = 0
    itl_p50_s: float | None = None
    itl_p95_s: float | None = None
    itl_max_s: float | None = None
    source: TimingSource = "wire"
    loop_lag_s: float = 0.0

    @property
    def saturated(self) -> bool:
        """Whether the harness itself was too slow to time this: its loop was late by more than max(5 ms, 1 % of ttft)."""
        return self.loop_lag_s > max(0.005, 0.01 * (self.ttft_s or 0.0))


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out: the wire's name, the body's parameters without its messages, what was dropped, streamed or not.

    `structured_by` says how JSON was asked for; None: it was not.
    """

    wire: str
    params: JsonObject = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    stream: bool = True
    structured_by: StructuredBy | None = None


@dataclass(frozen=True)
class Attempt:
    """One request for a trial: what was sent, what came back, when, what it cost, how it failed (None: it did not).

    `number` counts from 1; a retry is an attempt of its own. `simulated` is true if the provider is registered as simulated
    or the server says that it is. `replayed` is true if the answer came from the cache: it was given to the same question at `asked_at` and
    cost then what `cost` says; nothing was timed. `unchecked` names what could not be checked before sending, since nobody says what the
    model takes: "context", "vision". `load_level` is what the load was at, where it has levels or arrivals: requests a second, or in flight.
    """

    trial: Trial
    number: int
    started_at: datetime
    sent: Sent
    reply: Reply = Reply()
    usage: Usage = Usage()
    cost: Cost = Cost()
    clock: Clock = Clock()
    failure: Failure | None = None
    http_status: int | None = None
    simulated: bool = False
    replayed: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()
    asked_at: datetime | None = None
    load_level: float | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.failure is None

    def parsed(self, model: type[Model]) -> Model:
        """The reply as an object of this class, pydantic's or one with `model_validate_json`; a code fence around it does not count.

        Raises UnfitReply, with the text, for a reply that does not fit and where there is none.
        """
        text, name = self.reply.text, getattr(model, "__name__", str(model))
        if self.failure is not None:
            raise UnfitReply(
                f"there is no {name}, as there is no answer: {self.failure.kind}: {self.failure.error}", text
            )
        try:
            return model.model_validate_json(unfenced(text))
        except ValueError as error:
            cut = " (it was cut at its token limit)" if self.reply.finish_reason == "length" else ""
            raise UnfitReply(f"the reply is no {name}{cut}: {error}", text) from error


@dataclass(frozen=True)
class Outcome:
    """What a trial came to, read back from the store: its identity and its deciding attempt, a success if there is one.

    `saturated`: the harness was too slow to time it, so that `latency_s` is not the provider's own.
    """

    ref: TrialRef
    reply: Reply
    usage: Usage = Usage()
    cost_usd: float | None = None
    latency_s: float | None = None
    failure_kind: str | None = None
    error: str | None = None
    simulated: bool = False
    saturated: bool = False

    @property
    def answered(self) -> bool:
        """Whether there is an answer to judge."""
        return self.failure_kind is None


@dataclass(frozen=True, slots=True)
class Truth:
    """What a simulated provider knows of one request that it answered, by its own clock and its own count.

    `quality` is the profile's probability of a right reply for the request's capability. Times are seconds from the
    whole request read to the first and last chunk with content written.
    """

    response_id: str
    profile: str
    capability: str
    quality: float
    right: bool
    ttft_s: float
    latency_s: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Truth:
        """Raises TypeError for a record with missing or unknown keys."""
        return cls(**record)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a run is: trials planned and done (answered or failed for good), what was spent, who was stopped and why.

    `spend_usd` sums known costs; `unpriced` counts answered attempts whose cost is unknown. `ended_by` is the limit that kept trials from being asked,
    and `why` says it in words that follow "the run ended early: ".
    """

    planned: int
    done: int = 0
    failed: int = 0
    attempts: int = 0
    spend_usd: float = 0.0
    unpriced: int = 0
    stopped: Mapping[str, str] = field(default_factory=dict)
    ended_by: EndedBy | None = None
    why: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether the money or the time was at an end before the trials were. Failures are a result: as in pytest they end a run, and interrupt none."""
        return self.ended_by in ("budget", "time")

    @property
    def notes(self) -> tuple[str, ...]:
        """What ended the run early, and who was asked no more, in sentences."""
        words = "harness resume --budget USD" if self.ended_by == "budget" else "harness resume"
        early = (f"The run ended early: {self.why}; `{words}` asks the rest.",) if self.ended_by else ()
        return (*early, *(f"{name} was asked no more: {why}" for name, why in self.stopped.items()))
