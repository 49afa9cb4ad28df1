"""Embeddings: texts in, vectors out, with what that took and cost. What fails is data, not an exception.

litellm maps the parameters (`dimensions`, `encoding_format`, `input_type`, …) to the provider's; the body is the format's (`embedders/`), and it goes
out on our own transport. What no format of ours serves goes through `litellm.aembedding`, marked as such.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from harness.ask import JsonObject, Prices, Provider
from harness.client import embeddings_via_litellm
from harness.client.cost import cost_of
from harness.client.door import litellm, quiet
from harness.client.embedders import WITHOUT, Batch, Embedder, Vector, embedder_for
from harness.client.failures import failure
from harness.client.limits import Need
from harness.client.limits.rates import USUAL_BYTES_PER_TOKEN
from harness.client.plain import Answered, Inquiry, Unreadable, answered, request_for
from harness.client.session import Session
from harness.client.tokens import count_text
from harness.client.translate import VIA_LITELLM, Untranslatable
from harness.errors import WrongUse
from harness.told import Clock, Cost, Failure, Usage

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NEUTRAL: tuple[Any, ...] = (None, "float")
"""Values of parameters that say what a provider does anyway."""
_SAME_HOUSE = (frozenset({"ollama", "ollama_chat"}), frozenset({"cohere", "cohere_chat"}))


@dataclass(frozen=True)
class Embeddings:
    """The vectors of texts, in their order: `vectors[i]` is that of `texts[i]`, and all have the same length.

    Of a failed request, `vectors` are those of the texts before it: they were paid for. `usage` and `cost` are sums over what was answered;
    None is unknown. `clocks` has one clock for each request that went out, the retries among them. `wire` is the format's name, "litellm" where
    litellm called; `dropped` names the parameters that the provider does not take.
    """

    vectors: tuple[Vector, ...] = ()
    model_served: str | None = None
    usage: Usage = field(default_factory=Usage)
    cost: Cost = field(default_factory=Cost)
    failure: Failure | None = None
    http_status: int | None = None
    clocks: tuple[Clock, ...] = ()
    wire: str = VIA_LITELLM
    dropped: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def ok(self) -> bool:
        """Whether every text has its vector."""
        return self.failure is None


@dataclass(frozen=True, slots=True)
class _Model:
    """Whose model embeds, and how it is asked for."""

    kind: str
    name: str
    embedder: Embedder | None


async def embed(
    session: Session,
    provider: Provider,
    texts: Sequence[str],
    params: JsonObject = _NOTHING,
    *,
    batch_size: int | None = None,
    count_tokens: bool = False,
) -> Embeddings:
    """Embeds the texts by the provider's `embedding_model`, in as many requests as its limits ask for, one after the other.

    `batch_size` is the most texts of one request where that is to be less. Raises WrongUse for a provider that names no `embedding_model` though
    it could, and for a `batch_size` below 1.
    """
    if batch_size is not None and batch_size < 1:
        raise WrongUse(f"batch_size is {batch_size}; it must be 1 or more")
    done = Embeddings(simulated=provider.simulated is not None)
    try:
        model = _model_of(provider)
        done = replace(done, wire=model.embedder.name if model.embedder else VIA_LITELLM)
        options, dropped = _options(model, params, drop=provider.drop_params)
        done = replace(done, dropped=dropped)
        for batch in _batches(texts, model.embedder, batch_size):
            got = await _ask(session, provider, model, (batch, options))
            usage = _usage(provider, batch, got.value, count_tokens=count_tokens)
            done = _with(done, got, usage, provider.embedding_prices)
            if got.failure is not None:
                break
    except Untranslatable as refused:
        done = replace(done, failure=refused.failure)
    return done


def _model_of(provider: Provider) -> _Model:
    named = provider.embedding_model
    kind, _, name = (named or f"{provider.kind}/").partition("/")
    if kind in WITHOUT:
        raise Untranslatable(failure("unsupported_parameter", WITHOUT[kind]))
    if not name:
        raise WrongUse(
            f"provider '{provider.name}' names no embedding_model\n"
            f'add one to its entry in providers.toml, such as embedding_model = "{kind}/…"'
        )
    same = kind == provider.kind or any({kind, provider.kind} <= house for house in _SAME_HOUSE)
    if not same and provider.base_url is None:
        said = f"embedding_model is {kind}'s, and the key is for {provider.kind}: it is not sent there; register a provider of its own"
        raise Untranslatable(failure("bad_request", said))
    return _Model(kind, name, embedder_for(kind))


def _options(model: _Model, params: JsonObject, *, drop: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """litellm's parameters for what is wanted, and the names of what the provider does not take. Raises Untranslatable."""
    if model.embedder is None:
        return dict(params), ()
    module, kind = litellm(), model.embedder.mapped_as.get(model.kind, model.kind)

    def mapping(wanted: Mapping[str, Any]) -> dict[str, Any]:
        with quiet():
            found: dict[str, Any] = module.utils.get_optional_params_embeddings(
                model=model.name, custom_llm_provider=kind, drop_params=drop, **copy.deepcopy(dict(wanted))
            )
        return found

    wanted = {name: value for name, value in params.items() if value not in _NEUTRAL}
    try:
        mapped = mapping(wanted)
        lost = [name for name in wanted if mapped == mapping({n: v for n, v in wanted.items() if n != name})]
    except module.exceptions.UnsupportedParamsError as error:
        said = str(error).partition("To drop")[0].removeprefix("litellm.UnsupportedParamsError: ")
        raise Untranslatable(failure("unsupported_parameter", said)) from error
    if lost and not drop:
        said = f"{kind} does not take {', '.join(lost)} for {model.name}"
        raise Untranslatable(failure("unsupported_parameter", said))
    return mapped, tuple(lost)


def _batches(texts: Sequence[str], embedder: Embedder | None, most: int | None) -> Iterator[list[str]]:
    """The texts in pieces that one request takes; a text that is too long by itself goes alone, for the provider to judge."""
    most_texts = min(most or len(texts) or 1, embedder.most_texts if embedder else len(texts) or 1)
    most_bytes = (embedder.most_bytes if embedder else None) or float("inf")
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode("utf-8", "surrogatepass"))
        if batch and (len(batch) == most_texts or size + length > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


async def _ask(
    session: Session, provider: Provider, model: _Model, asked: tuple[list[str], dict[str, Any]]
) -> Answered[Batch]:
    texts, options = asked
    need = Need(sum(map(len, texts)) // USUAL_BYTES_PER_TOKEN + 1, 0)
    if model.embedder is None:
        return await embeddings_via_litellm.asked(
            session, provider, f"{model.kind}/{model.name}", (texts, options), need
        )
    body = model.embedder.body(model.name, texts, dict(options))
    asking = Inquiry(model.name, body=body, named=options)
    request = request_for(provider, model.kind, model.embedder.places[model.kind], asking)
    return await answered(session, provider, request, partial(_read, model.embedder, len(texts)), need=need)


def _read(embedder: Embedder, expected: int, body: Any) -> Batch:
    """The batch. Raises Unreadable if its vectors are not one for each text, or not of one length."""
    batch = embedder.read(body)
    if len(batch.vectors) != expected:
        raise Unreadable(f"{expected} texts were asked for, and {len(batch.vectors)} embeddings came")
    if len({len(one) for one in batch.vectors}) > 1:
        raise Unreadable("the embeddings are not of one length")
    return batch


def _usage(provider: Provider, texts: Sequence[str], batch: Batch | None, *, count_tokens: bool) -> Usage:
    if batch is None:
        return Usage()
    if batch.tokens is not None:
        return Usage(batch.tokens, 0, source="usage")
    if not count_tokens:
        return Usage()
    name = provider.embedding_model or provider.model
    return Usage(sum(count_text(name, text) for text in texts), 0, source="tokenizer")


def _with(done: Embeddings, got: Answered[Batch], usage: Usage, prices: Prices | None) -> Embeddings:
    """What is done, and one more batch. A sum with something unknown in it is unknown."""
    told = replace(
        done,
        failure=got.failure,
        http_status=got.http_status,
        clocks=done.clocks + got.clocks,
        simulated=done.simulated or got.simulated,
    )
    if got.value is None:
        return told
    if prices is not None and prices.input is not None:
        prices = replace(prices, output=prices.output or 0.0)  # nothing is written
    first = not done.vectors
    return replace(
        told,
        vectors=done.vectors + tuple(got.value.vectors),
        model_served=done.model_served or got.value.model_served,
        usage=usage if first else _sum_of_usage(done.usage, usage),
        cost=cost_of(usage, prices) if first else _sum_of_cost(done.cost, cost_of(usage, prices)),
    )


def _sum_of_usage(one: Usage, other: Usage) -> Usage:
    if one.prompt_tokens is None or other.prompt_tokens is None:
        return Usage()
    source = one.source if one.source == other.source else "tokenizer"
    return Usage(one.prompt_tokens + other.prompt_tokens, 0, source=source)


def _sum_of_cost(one: Cost, other: Cost) -> Cost:
    if one.usd is None or other.usd is None:
        return Cost(price_id=one.price_id)
    return Cost(one.usd + other.usd, one.status if one.status == other.status else "estimated", one.price_id)
