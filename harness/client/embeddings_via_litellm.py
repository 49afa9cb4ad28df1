"""Embeddings of what no embedder of ours serves: the whole call through `litellm.aembedding`, with its hidden retries off.

It runs on a loop of its own (`aside`); its clock says `client`. The tokens are litellm's, which may be a tokenizer's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.ask import JsonObject, Provider
from harness.client.door import litellm, quiet
from harness.client.embedders.contract import Batch, vector
from harness.client.failures import failure
from harness.client.limits import Need
from harness.client.plain import Answered, Unreadable, repeated
from harness.client.session import Session
from harness.client.via_litellm import failure_of, status_of
from harness.client.wires.counts import count, inside
from harness.told import Clock


async def asked(
    session: Session, provider: Provider, model: str, wanted: tuple[Sequence[str], JsonObject], need: Need
) -> Answered[Batch]:
    """Asks, again as the provider's retries say; what fails is in the answer."""

    async def once(waited_s: float) -> Answered[Batch]:
        (got, latency_s), waited = await session.beside(provider, need, _asked(provider, model, wanted))
        throttle_s = waited.throttle_s + waited_s
        clock = Clock(queue_s=waited.queue_s, throttle_s=throttle_s, latency_s=latency_s, source="client")
        return replace(got, clocks=(clock,))

    return await repeated(provider, once)


async def _asked(
    provider: Provider, model: str, wanted: tuple[Sequence[str], JsonObject]
) -> tuple[Answered[Batch], float | None]:
    texts, params = wanted
    begun = time.perf_counter()
    try:
        with quiet():
            calling = litellm().aembedding(
                model=model,
                input=list(texts),
                api_key=provider.api_key.reveal() if provider.api_key else None,
                api_base=provider.base_url,
                timeout=provider.deadlines.total_s,
                num_retries=0,
                max_retries=0,
                drop_params=provider.drop_params,
                **params,
            )
        async with asyncio.timeout(provider.deadlines.total_s):
            body = (await calling).model_dump()
        return Answered(_batch(body, len(texts)), http_status=200), time.perf_counter() - begun
    except TimeoutError:
        said = f"not the whole answer within {provider.deadlines.total_s:g} s"
        return Answered(failure=failure("timeout_total", said)), None
    except Unreadable as error:
        return Answered(failure=failure("response_malformed", str(error), key=provider.api_key)), None
    except Exception as error:  # noqa: BLE001 - litellm raises what its hundred providers raise
        return Answered(failure=failure_of(error, provider), http_status=status_of(error)), None


def _batch(body: dict[str, Any], expected: int) -> Batch:
    data = sorted(body.get("data") or [], key=lambda one: one.get("index") or 0)
    if len(data) != expected:
        raise Unreadable(f"{expected} texts were asked for, and {len(data)} embeddings came")
    model = body.get("model")
    tokens = count(inside(body, "usage", "prompt_tokens")) or None  # 0 where nothing was told
    return Batch(
        [vector(one.get("embedding")) for one in data], tokens, model if isinstance(model, str) and model else None
    )
