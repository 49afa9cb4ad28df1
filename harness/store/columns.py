"""The columns of calls.parquet and scores.parquet: their one explicit schema, and the one place where words become columns.

A column's name is an API: columns are only ever added, and `SCHEMA_VERSION` in the file's metadata says which set a file has. Rows pass
through the journal as JSON lists of their values, in the schema's order, so a row holds only what JSON can hold: `metadata` is a list of
[key, value]. A row of an older schema is shorter: what it has not is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import orjson
import pyarrow as pa

from harness.ask import ToolCall, TrialRef
from harness.judged import Score
from harness.store.encoding import mended
from harness.told import Attempt, Clock, Outcome, Reply, Usage

SCHEMA_VERSION = 6
"""Counts up when columns are added or a run is laid out anew; a file with a higher one was written by a newer harness."""

_TEXT, _INT, _SMALL, _SECONDS, _FLAG = pa.string(), pa.int64(), pa.int32(), pa.float64(), pa.bool_()
_MOMENT = pa.timestamp("us", "UTC")
_TEXTS, _LABELS = pa.list_(pa.string()), pa.map_(pa.string(), pa.string())

_Column = tuple[str, pa.DataType, str, str]

_PLACE: tuple[_Column, ...] = (
    ("suite", _TEXT, "", "name of the suite"),
    ("suite_hash", _TEXT, "", "content address of the suite"),
    ("case_id", _TEXT, "", "the case's name in its suite"),
    ("case_hash", _TEXT, "", "content address of what the case says and expects"),
    ("cluster", _TEXT, "", "cases from one source share it; null: on its own"),
    ("capability", _TEXT, "", "what the case tests"),
)

_CALLS: tuple[_Column, ...] = (
    ("run_id", _TEXT, "", "the run that recorded this row"),
    ("trial_id", _TEXT, "", "content address of the trial: suite, case, provider, what is asked, repeat"),
    ("attempt", _SMALL, "", "which attempt of the trial, from 1; a retry is a row of its own"),
    ("call_key", _TEXT, "", "content address of what was asked, without key, time-outs and limits"),
    *_PLACE,
    ("tags", _TEXTS, "", "the case's tags, sorted"),
    ("repeat", _SMALL, "", "which repeat of the case, from 0"),
    ("phase", _TEXT, "", "warmup, measure or judge"),
    ("provider", _TEXT, "", "name in the registry"),
    ("wire", _TEXT, "", "wire family that the request went over; imported: not asked by us"),
    ("model_requested", _TEXT, "", "litellm's model name, with its prefix"),
    ("model_served", _TEXT, "", "the model that the response names"),
    ("simulated", _FLAG, "", "answered by a simulated provider"),
    ("replayed", _FLAG, "", "answered from the cache: leave out of latency and spend"),
    ("messages_json", _TEXT, "JSON", "what was asked: messages, tools, tool_choice, response_format"),
    ("params_json", _TEXT, "JSON", "the request's parameters as sent"),
    ("params_dropped", _TEXTS, "", "parameters asked for that the provider does not take"),
    ("stream", _FLAG, "", "asked for as a stream"),
    (
        "started_at",
        _MOMENT,
        "UTC",
        "when the attempt began: the run's wall-clock anchor + monotonic time",
    ),
    ("scheduled_s", _SECONDS, "s", "t_sched: when the load plan wanted the request to go, since the run's anchor"),
    ("queue_s", _SECONDS, "s", "waiting for a free slot"),
    ("throttle_s", _SECONDS, "s", "waiting for our own rate limits, or a Retry-After"),
    ("connect_s", _SECONDS, "s", "DNS, TCP and TLS; 0 on a reused connection"),
    ("ttft_s", _SECONDS, "s", "request sent → first byte with content, reasoning or a tool call"),
    ("ttfv_s", _SECONDS, "s", "request sent → first visible text or tool call"),
    ("latency_s", _SECONDS, "s", "request sent → last byte with content, reasoning or a tool call"),
    ("chunk_count", _SMALL, "", "chunks with content"),
    ("itl_p50_s", _SECONDS, "s", "gap between chunks, median"),
    ("itl_p95_s", _SECONDS, "s", "gap between chunks, 95th percentile"),
    ("itl_max_s", _SECONDS, "s", "gap between chunks, longest"),
    (
        "timing_source",
        _TEXT,
        "",
        "wire: stamped at the socket; client: around litellm's call, to be read with caution; imported: elsewhere",
    ),
    ("loop_lag_s", _SECONDS, "s", "worst delay of our event loop while the attempt was in flight"),
    ("saturated", _FLAG, "", "loop_lag_s exceeds max(5 ms, 1 % of ttft_s): leave out of latency"),
    ("status", _TEXT, "", "ok or failed"),
    ("text", _TEXT, "", "the reply's visible text; of a failed attempt, what had come until then"),
    ("reasoning", _TEXT, "", "the reply's reasoning, where the provider shows it"),
    ("tool_calls_json", _TEXT, "JSON", "list of {name, arguments, id}, arguments as the model wrote them; null: none"),
    ("finish_reason", _TEXT, "", "why the reply ended, in OpenAI's words"),
    ("response_id", _TEXT, "", "the response's id"),
    ("fingerprint", _TEXT, "", "the provider's system fingerprint"),
    ("http_status", _SMALL, "", "status of the response; null: none came"),
    ("failure_kind", _TEXT, "", "how it failed; null: it did not"),
    ("failure_side", _TEXT, "", "whose failure: provider, account, network, request, harness"),
    ("retryable", _FLAG, "", "whether the failure may pass when asked again; null: no failure"),
    ("retry_after_s", _SECONDS, "s", "how long the provider asked us to wait"),
    ("error", _TEXT, "", "the failure in plain words"),
    ("prompt_tokens", _INT, "tokens", "with the cached ones; null: unknown"),
    ("completion_tokens", _INT, "tokens", "null: unknown"),
    ("cached_tokens", _INT, "tokens", "of the prompt, read from the provider's cache"),
    ("cache_write_tokens", _INT, "tokens", "of the prompt, written to the provider's cache"),
    ("reasoning_tokens", _INT, "tokens", "of the completion, reasoning"),
    ("token_source", _TEXT, "", "usage (the provider's count), tokenizer (ours) or none"),
    ("cost_usd", _SECONDS, "USD", "null: unknown, which is never 0"),
    ("cost_status", _TEXT, "", "exact, estimated or unknown"),
    (
        "price_id",
        _TEXT,
        "",
        "which prices: registry: and a hash of those in providers.toml, or the hash of litellm's table; imported: told elsewhere",
    ),
    ("worker", _TEXT, "", "the worker that asked"),
    ("host", _TEXT, "", "the machine that it ran on"),
    ("harness_version", _TEXT, "", "version of llm-harness"),
    ("litellm_version", _TEXT, "", "version of litellm"),
    ("metadata", _LABELS, "", "the user's own labels, without what looks like a credential"),
    ("cache_write_1h_tokens", _INT, "tokens", "of the cache_write_tokens, kept for an hour rather than five minutes"),
    (
        "unchecked",
        _TEXTS,
        "",
        "what could not be checked before sending, as nobody says what the model takes: context, vision",
    ),
    (
        "end_tokens",
        _SMALL,
        "",
        "special tokens (</s> and the like) that leaked at the end of the text and were removed",
    ),
    (
        "structured_by",
        _TEXT,
        "",
        "how JSON was asked for: json_schema, json_mode, tool, prompt (in words alone) or litellm (in its way); null: not at all",
    ),
    ("asked_at", _MOMENT, "UTC", "when the question was really asked whose answer was replayed; null: not replayed"),
    ("response_s", _SECONDS, "s", "t_sched → last byte with content: the response time of an open loop"),
    ("load_level", _SECONDS, "", "what the load was at: requests a second of an open loop, in flight of a sweep"),
)

_SCORES: tuple[_Column, ...] = (
    ("run_id", _TEXT, "", "the run that was judged"),
    ("trial_id", _TEXT, "", "the trial that was judged, as in calls.parquet"),
    ("provider", _TEXT, "", "name in the registry"),
    *_PLACE,
    ("repeat", _SMALL, "", "which repeat of the case, from 0"),
    ("scorer", _TEXT, "", "name of the scorer"),
    ("scorer_version", _TEXT, "", "version of the scorer; where a model judged, also which: 1 by openai/gpt-5.4-mini"),
    ("state", _TEXT, "", "scored; unscored: an answer that could not be judged; failed: no answer"),
    ("value", _SECONDS, "", "from 0 to 1; null unless scored"),
    ("extracted", _TEXT, "", "what the scorer read in the reply"),
    ("reason", _TEXT, "", "why, in plain words"),
    (
        "judge_trial_id",
        _TEXT,
        "",
        "the trial in which a model was asked for this, a row of phase judge; of a comparison both, with a comma between",
    ),
    ("weight", _SECONDS, "", "the criterion's weight among those of its case"),
    ("simulated", _FLAG, "", "the judged reply is a simulated provider's"),
)


def _schema(columns: tuple[_Column, ...]) -> pa.Schema:
    fields = [
        pa.field(name, kind, metadata={"description": description, **({"unit": unit} if unit else {})})
        for name, kind, unit, description in columns
    ]
    return pa.schema(fields, metadata={"schema_version": str(SCHEMA_VERSION)})


CALLS = _schema(_CALLS)
"""calls.parquet: one row for each attempt."""

SCORES = _schema(_SCORES)
"""scores.parquet: one row for each trial and criterion."""

OUTCOME_COLUMNS = (
    "trial_id", "provider", "suite", "suite_hash", "case_id", "case_hash", "capability", "cluster", "repeat",
    "text", "reasoning", "tool_calls_json", "finish_reason", "response_id", "fingerprint", "model_served",
    "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "token_source",
    "cost_usd", "latency_s", "failure_kind", "error", "simulated", "saturated",
)  # fmt: skip
"""The columns that `outcome` takes, in its order."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where and by what an attempt is recorded: the columns that it does not know itself. `metadata` are the run's labels."""

    run_id: str
    worker: str
    host: str
    harness_version: str
    litellm_version: str
    metadata: Mapping[str, str] = field(default_factory=dict)


def call_row(attempt: Attempt, context: Context) -> dict[str, Any]:
    """The attempt as a row of calls.parquet: every column, in the schema's order, as values that JSON can hold.

    The attempt's own labels win over the run's.
    """
    trial = attempt.trial
    ref = trial.ref
    labels = {**context.metadata, **attempt.metadata}
    return {
        "run_id": context.run_id,
        "trial_id": ref.trial_id,
        "attempt": attempt.number,
        "call_key": trial.call_key,
        **_place(ref),
        "tags": sorted(trial.case.tags),
        "repeat": ref.repeat,
        "phase": trial.phase,
        "provider": ref.provider,
        "wire": attempt.sent.wire,
        "model_requested": trial.provider.model,
        "model_served": attempt.reply.model_served,
        "simulated": attempt.simulated,
        "replayed": attempt.replayed,
        "messages_json": _as_json(trial.case.prompt.as_json()),
        "params_json": _as_json(attempt.sent.params),
        "params_dropped": list(attempt.sent.dropped),
        "stream": attempt.sent.stream,
        "started_at": attempt.started_at.astimezone(UTC),
        **_times(attempt.clock),
        **_told(attempt),
        **_counted(attempt),
        "worker": context.worker,
        "host": context.host,
        "harness_version": context.harness_version,
        "litellm_version": context.litellm_version,
        "metadata": [[key, value] for key, value in labels.items()],
        "cache_write_1h_tokens": attempt.usage.cache_write_1h_tokens,
        "unchecked": list(attempt.unchecked),
        "end_tokens": attempt.reply.end_tokens,
        "structured_by": attempt.sent.structured_by,
        "asked_at": attempt.asked_at.astimezone(UTC) if attempt.asked_at else None,
        "response_s": attempt.clock.response_s,
        "load_level": attempt.load_level,
    }


def _place(ref: TrialRef) -> dict[str, Any]:
    return {
        "suite": ref.suite,
        "suite_hash": ref.suite_hash,
        "case_id": ref.case_id,
        "case_hash": ref.case_hash,
        "cluster": ref.cluster,
        "capability": ref.capability,
    }


def _times(clock: Clock) -> dict[str, Any]:
    return {
        "scheduled_s": clock.scheduled_s,
        "queue_s": clock.queue_s,
        "throttle_s": clock.throttle_s,
        "connect_s": clock.connect_s,
        "ttft_s": clock.ttft_s,
        "ttfv_s": clock.ttfv_s,
        "latency_s": clock.latency_s,
        "chunk_count": clock.chunk_count,
        "itl_p50_s": clock.itl_p50_s,
        "itl_p95_s": clock.itl_p95_s,
        "itl_max_s": clock.itl_max_s,
        "timing_source": clock.source,
        "loop_lag_s": clock.loop_lag_s,
        "saturated": clock.saturated,
    }


def _told(attempt: Attempt) -> dict[str, Any]:
    reply, failure = attempt.reply, attempt.failure
    return {
        "status": "ok" if failure is None else "failed",
        "text": reply.text,
        "reasoning": reply.reasoning,
        "tool_calls_json": _tool_calls_as_json(reply.tool_calls),
        "finish_reason": reply.finish_reason,
        "response_id": reply.response_id,
        "fingerprint": reply.fingerprint,
        "http_status": attempt.http_status,
        "failure_kind": failure.kind if failure else None,
        "failure_side": failure.side if failure else None,
        "retryable": failure.retryable if failure else None,
        "retry_after_s": failure.retry_after_s if failure else None,
        "error": failure.error if failure else None,
    }


def _counted(attempt: Attempt) -> dict[str, Any]:
    usage, cost = attempt.usage, attempt.cost
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "token_source": usage.source,
        "cost_usd": cost.usd,
        "cost_status": cost.status,
        "price_id": cost.price_id,
    }


def score_row(score: Score, run_id: str, *, simulated: bool) -> dict[str, Any]:
    """The score as a row of scores.parquet: every column, in the schema's order, as values that JSON can hold.

    `simulated`: whether the reply that was judged is a simulated provider's.
    """
    return {
        "run_id": run_id,
        "trial_id": score.ref.trial_id,
        "provider": score.ref.provider,
        **_place(score.ref),
        "repeat": score.ref.repeat,
        "scorer": score.scorer,
        "scorer_version": score.scorer_version,
        "state": score.state,
        "value": score.value,
        "extracted": score.extracted,
        "reason": score.reason,
        "judge_trial_id": score.judge_trial_id,
        "weight": score.weight,
        "simulated": simulated,
    }


def outcome(values: Sequence[Any]) -> Outcome:
    """A row of calls.parquet, its values in the order of `OUTCOME_COLUMNS`, as the outcome of its trial."""
    (trial_id, provider, suite, suite_hash, case_id, case_hash, capability, cluster, repeat,
     text, reasoning, tool_calls, finish_reason, response_id, fingerprint, model_served,
     prompt, completion, cached, cache_write, reasoned, source,
     cost_usd, latency_s, failure_kind, error, simulated, saturated) = values  # fmt: skip
    calls = tuple(ToolCall(**call) for call in json.loads(tool_calls)) if tool_calls else ()
    return Outcome(
        ref=TrialRef(
            trial_id, provider, suite, suite_hash, case_id, case_hash, capability, cluster=cluster, repeat=repeat
        ),
        reply=Reply(text, reasoning, calls, finish_reason, response_id, fingerprint, model_served),
        usage=Usage(prompt, completion, cached, cache_write, reasoned, source),
        cost_usd=cost_usd,
        latency_s=latency_s,
        failure_kind=failure_kind,
        error=error,
        simulated=simulated,
        saturated=bool(saturated),
    )


def _as_json(value: object) -> str:
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits, which the slower writer takes
        text: str = mended(json.dumps(value, default=_plain, separators=(",", ":"), ensure_ascii=False))
        return text


def _tool_calls_as_json(calls: Sequence[ToolCall]) -> str | None:
    if not calls:
        return None
    return _as_json([{"name": call.name, "arguments": call.arguments, "id": call.id} for call in calls])


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
