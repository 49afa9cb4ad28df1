"""Requests that are no questions: one request, one JSON body. Embeddings and listings of models go out by these.

They have the deadlines, the limits, the retries, the failures and the clock of a question. What the registry's params say of every
request (`api_version`, `extra_headers`) holds here as well; its other params are the questions'.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import orjson

from harness.ask import Provider
from harness.client.calls import Facts
from harness.client.door import litellm, quiet
from harness.client.failures import failure, from_error, from_http
from harness.client.limits import Need
from harness.client.retries import Asking
from harness.client.session import Fetched, Session
from harness.client.timing import clock_of
from harness.client.translate import Request, Untranslatable
from harness.client.transport import Exchange
from harness.client.wires import Decoded, Marks, Wire
from harness.client.wires.contract import Chunk, Reader
from harness.told import Clock, Failure, Sent

T = TypeVar("T")
_LITTLE = Need(1, 0)
"""What a listing takes of a rate of tokens."""


class Unreadable(Exception):
    """A body is not of the format that was asked for; the message says how."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a kind of provider takes such a request.

    `base` is used where the registry gives no base_url; None: litellm's own for the kind. `path` is appended to the base; of a base that
    ends in one of `chat`, that is cut off first, and a base that `versioned` names is written as it says. `{model}` and `{api_version}` in the path are filled in. `key` is the header that carries
    the key, as a bearer token if it is Authorization.
    """

    path: str
    base: str | None = None
    key: str = "Authorization"
    headers: Mapping[str, str] = field(default_factory=dict)
    chat: tuple[str, ...] = ()
    versioned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """What came of a request: the value that was read from its body, or the failure of the last attempt; a clock for each attempt."""

    value: T | None = None
    failure: Failure | None = None
    http_status: int | None = None
    simulated: bool = False
    clocks: tuple[Clock, ...] = ()


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked of a place: for which model, with which query, with a body (POST) or without (GET)."""

    model: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    named: Mapping[str, Any] = field(default_factory=dict)


def request_for(provider: Provider, kind: str, place: Place, asking: Inquiry) -> Request:
    """The request to a place of a provider. Raises Untranslatable where nobody knows its address, or where nobody serves it now."""
    if provider.simulated and provider.base_url is None:
        raise Untranslatable(failure("client_error", f"the simulated provider {provider.name!r} is not being served"))
    base = (provider.base_url or place.base or _known_base(kind) or "").rstrip("/")
    if not base:
        raise Untranslatable(failure("bad_request", f"provider {provider.name!r} ({kind}) needs a base_url"))
    for ending in place.chat:
        base = base.removesuffix(ending)
    base = place.versioned.get(base, base)
    version = provider.params.get("api_version") or litellm().AZURE_DEFAULT_API_VERSION
    url = base + place.path.format(model=quote(asking.model, safe="/:@"), api_version=version)
    if asking.query:
        url += ("&" if "?" in url else "?") + urlencode(asking.query)
    headers = {"Accept": "application/json", **place.headers}
    if provider.api_key is not None:
        key = provider.api_key.reveal()
        headers[place.key] = f"Bearer {key}" if place.key == "Authorization" else key
    if asking.body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        wire=_SINGLE,
        url=url,
        headers={**headers, **(provider.params.get("extra_headers") or {})},
        body=b"" if asking.body is None else orjson.dumps(asking.body, default=dict),
        params=asking.named,
        stream=False,
        method="GET" if asking.body is None else "POST",
    )


def _known_base(kind: str) -> str | None:
    with quiet():
        _model, _kind, _key, base = litellm().get_llm_provider(model=f"{kind}/any", api_key="none")
    return base if isinstance(base, str) else None


def _undecoded(chunks: Sequence[Chunk]) -> Decoded:  # noqa: ARG001 - the wire's contract; bodies are read by who asked
    return Decoded()


def _unstreamed() -> Reader:
    raise NotImplementedError("what is no question is not streamed")  # said by `stream=False` of each request here


_SINGLE = Wire("single", MappingProxyType({}), _undecoded, _unstreamed)


async def answered(
    session: Session, provider: Provider, request: Request, read: Callable[[Any], T], *, need: Need = _LITTLE
) -> Answered[T]:
    """Sends the request, again as the provider's retries say, and reads the body. `read` raises Unreadable for what is not the format."""

    def reading(exchange: Exchange) -> tuple[T | None, Failure | None]:
        return _read(exchange, provider, read)

    async def once(waited_s: float) -> Answered[T]:
        got = await session.fetch(provider, request, need, reading)
        simulated = provider.simulated is not None or "x-simulated" in got.exchange.headers
        return Answered(got.value, got.failure, got.exchange.status, simulated, (_clock(got, waited_s),))

    return await repeated(provider, once)


async def repeated(provider: Provider, once: Callable[[float], Awaitable[Answered[T]]]) -> Answered[T]:
    """What the last attempt came to, with the clocks of all. `once` is told how long was waited before it, in seconds."""
    rng = random.Random()  # noqa: S311 - spreads retries, keeps no secret
    tried = [got async for got in Asking(lambda _number, waited_s: once(waited_s), provider.retries, rng)]
    return replace(tried[-1], clocks=tuple(clock for got in tried for clock in got.clocks))


def _read(exchange: Exchange, provider: Provider, read: Callable[[Any], T]) -> tuple[T | None, Failure | None]:
    """The value, or why there is none."""
    key, data = provider.api_key, b"".join(part for _at, part in exchange.chunks)
    if exchange.status is not None and exchange.status >= 300:
        return None, from_http(exchange.status, exchange.headers, data, key)
    if exchange.status is None or exchange.failure is not None:
        return None, exchange.failure or failure("client_error", "nothing was sent")
    try:
        body = orjson.loads(data)
        if not isinstance(body, Mapping) or not body.get("error"):
            return read(body), None
        why = from_error(body["error"], key)
    except orjson.JSONDecodeError as error:
        why = failure("response_malformed", f"the body is not JSON: {error}", key=key)
    except Unreadable as error:
        why = failure("response_malformed", str(error), key=key)
    return None, why


def _clock(got: Fetched[Any], waited_s: float) -> Clock:
    """The clock of one attempt; its answer is one piece, from its first bytes to its last."""
    chunks, exchange = got.exchange.chunks, got.exchange
    marks = Marks(chunks[0][0], chunks[0][0], chunks[-1][0], (chunks[-1][0],)) if chunks else Marks()
    facts = Facts(Sent(_SINGLE.name), Decoded(marks=marks), exchange.sent_at, exchange.connect_s)
    waited = replace(got.waited, throttle_s=got.waited.throttle_s + waited_s)
    return clock_of(facts, waited, got.lag_s)
