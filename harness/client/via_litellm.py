"""What no wire of ours serves: the whole call through `litellm.acompletion`, with its hidden retries off.

It runs on a loop of its own (`aside`). Its times are taken where chunks reach us, after litellm's own work on them (`timing_source` is "client"). What litellm invents (a `stop` after a
cut stream, token counts where none were told) cannot always be told from what the provider said; counts of a stream are taken only where a
chunk of the provider's is seen to have them; those of a whole body may be a tokenizer's, and are marked as that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from json import JSONDecodeError
from typing import Any

import orjson

from harness.ask import Deadlines, JsonObject, Prompt, Provider
from harness.client.door import litellm, quiet
from harness.client.failures import failure, from_http
from harness.client.network import chain, network_failure
from harness.client.wires import Decoded
from harness.client.wires.counts import count, inside, usage_of
from harness.client.wires.draft import Draft
from harness.structured import asks_for_json, stated
from harness.told import Failure, StructuredBy, TokenSource, Usage

MOST_AT_ONCE = 4
"""Calls through litellm in flight: each takes milliseconds of CPU, and more would be timed wrongly."""


@dataclass(slots=True)
class Call:
    """One call: what it was asked with, when it was sent, what came of it."""

    params: JsonObject
    sent_at: float
    decoded: Decoded = field(default_factory=Decoded)
    http_status: int | None = None
    structured_by: StructuredBy | None = None


async def call(
    provider: Provider,
    prompt: Prompt,
    params: JsonObject,
    *,
    stream: bool,
    heard: Callable[[Draft], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Call:
    """Asks through litellm; what fails is in the call, with what came until then. `heard` is told the draft at each chunk of a stream."""
    wanted, structured_by = _with_json_in_words({**prompt.as_json(), **params}, provider.model)
    messages = wanted.pop("messages")
    done, draft = Call(wanted, clock(), structured_by=structured_by), Draft()
    try:
        async with asyncio.timeout(provider.deadlines.total_s):
            answer = await _begin(provider, messages, wanted, stream=stream)
            if stream:
                async with aclosing(_dated(answer, provider.deadlines, clock)) as chunks:
                    async for at, chunk in chunks:
                        _take(draft, at, chunk, "delta")
                        if heard is not None:
                            heard(draft)
                draft.usage = _usage(_usage_seen(answer), "usage")
            else:
                body = answer.model_dump()
                _take(draft, clock(), body, "message")
                draft.usage = _usage(body.get("usage"), "tokenizer")
        done.decoded, done.http_status = draft.done(), 200
    except TimeoutError as error:
        done.decoded = draft.done(_late(error, provider.deadlines))
    except Exception as error:  # noqa: BLE001 - litellm raises what its hundred providers raise
        why = failure_of(error, provider)
        done.decoded, done.http_status = draft.done(why), status_of(error)
    return done


def _with_json_in_words(wanted: dict[str, Any], model: str) -> tuple[dict[str, Any], StructuredBy | None]:
    """What is wanted, with a response format of JSON in words if litellm knows no way of asking this model for it."""
    form: Any = wanted.get("response_format")
    if not asks_for_json(form):
        return wanted, None
    with quiet():
        known = litellm().get_supported_openai_params(model=model) or ()
    if "response_format" in known:
        return wanted, "litellm"
    rest = {name: value for name, value in wanted.items() if name != "response_format"}
    return {**rest, "messages": stated(wanted["messages"], form)}, "prompt"


async def _begin(provider: Provider, messages: list[Any], wanted: Mapping[str, Any], *, stream: bool) -> Any:
    module = litellm()
    with quiet():
        calling = module.acompletion(
            model=provider.model,
            messages=[dict(message) for message in messages],
            api_key=provider.api_key.reveal() if provider.api_key else None,
            base_url=provider.base_url,
            stream=stream,
            stream_options={"include_usage": True} if stream else None,
            num_retries=0,
            max_retries=0,
            drop_params=provider.drop_params,
            timeout=provider.deadlines.total_s,
            _skip_mcp_handler=True,  # with tools it would import a package that litellm does not require
            **wanted,
        )
    wait = provider.deadlines.first_token_s if stream else provider.deadlines.total_s
    try:
        async with asyncio.timeout(wait):
            return await calling
    except TimeoutError:
        raise _Late("timeout_first_token" if stream else "timeout_total", wait) from None


async def close_clients() -> None:
    """Closes litellm's connections of the running loop."""
    with quiet():
        closing = litellm().close_litellm_async_clients()
    await closing


class _Late(TimeoutError):
    """A deadline of ours has passed: which one, and its seconds."""

    def __init__(self, kind: str, seconds: float) -> None:
        self.kind = kind
        super().__init__(f"nothing within {seconds:g} s")


async def _dated(
    answer: Any, deadlines: Deadlines, clock: Callable[[], float]
) -> AsyncGenerator[tuple[float, Any], None]:
    """The chunks with the moments at which they reached us."""
    chunks, wait, kind = aiter(answer), deadlines.first_token_s, "timeout_first_token"
    while True:
        try:
            async with asyncio.timeout(wait):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise _Late(kind, wait) from None
        yield clock(), chunk.model_dump()
        wait, kind = deadlines.stall_s, "timeout_stall"


def _late(error: TimeoutError, deadlines: Deadlines) -> Failure:
    if isinstance(error, _Late):
        return failure(error.kind, str(error))
    return failure("timeout_total", f"not the whole answer within {deadlines.total_s:g} s")


def _take(draft: Draft, at: float, chunk: Mapping[str, Any], where: str) -> None:
    """Adds a chunk, or a body, in litellm's form to the draft."""
    draft.begin(at)
    draft.name_it(chunk)
    for choice in (chunk.get("choices") or [])[:1]:
        message = choice.get(where) or {}
        draft.add_reasoning(message.get("reasoning_content"))
        draft.add_text(message.get("content"))
        for place, part in enumerate(message.get("tool_calls") or []):
            index = count(part.get("index"))
            tool = draft.call(place if index is None else index)
            tool.id = tool.id or part.get("id") or ""
            tool.name = tool.name or inside(part, "function", "name") or ""
            tool.arguments.append(inside(part, "function", "arguments") or "")
        draft.finish(choice.get("finish_reason"))


def _usage_seen(answer: Any) -> Any:
    """The usage of the last chunk of the provider's that has one: litellm keeps these, and makes one up where there is none."""
    for chunk in reversed(getattr(answer, "chunks", [])):
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            return usage.model_dump()
    return None


def _usage(told: Any, source: TokenSource) -> Usage:
    prompt, completion = count(inside(told, "prompt_tokens")), count(inside(told, "completion_tokens"))
    if not prompt and not completion:
        return Usage()  # litellm writes 0 and 0 where nothing was told
    usage = usage_of(
        prompt,
        completion,
        cached=count(inside(told, "prompt_tokens_details", "cached_tokens")),
        cache_write=count(inside(told, "cache_creation_input_tokens")),
        reasoning=count(inside(told, "completion_tokens_details", "reasoning_tokens")),
        cache_write_1h=count(
            inside(told, "prompt_tokens_details", "cache_creation_token_details", "ephemeral_1h_input_tokens")
        ),
    )
    return replace(usage, source=source)


def failure_of(error: Exception, provider: Provider) -> Failure:
    """The failure that an exception of litellm's stands for: by what caused it first, since its statuses are partly made up."""
    errors = litellm().exceptions
    key = provider.api_key
    if isinstance(error, errors.UnsupportedParamsError):
        return failure("unsupported_parameter", str(error).partition("To drop")[0], key=key)
    if found := network_failure(error, key):
        return found
    if isinstance(error, errors.Timeout):
        return failure("timeout_total", str(error), key=key)
    if any(isinstance(one, JSONDecodeError | orjson.JSONDecodeError) for one in chain(error)):
        return failure("response_malformed", f"litellm cannot read the answer: {error}", key=key)
    status = status_of(error)
    if status is None:
        return failure("client_error", f"litellm: {type(error).__name__}: {error}", key=key)
    headers = getattr(error, "litellm_response_headers", None) or getattr(
        getattr(error, "response", None), "headers", {}
    )
    lower = {str(name).lower(): str(value) for name, value in dict(headers).items()}
    return from_http(status, lower, str(error).encode(), key)


def status_of(error: Exception) -> int | None:
    """The status of the innermost error that has one, since litellm's outer errors rewrite it. 300 and more only.

    litellm's APIConnectionError stands for whatever it does not know, and its status is made up.
    """
    made_up = litellm().exceptions.APIConnectionError
    statuses = [getattr(one, "status_code", None) for one in chain(error) if not isinstance(one, made_up)]
    known = [status for status in statuses if isinstance(status, int) and 300 <= status < 600]
    return known[-1] if known else None
