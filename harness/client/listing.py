"""Which models a provider has, by its own listing: asking for it costs nothing. What fails is data, not an exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from harness.ask import Provider
from harness.client.failures import failure
from harness.client.listers import Lister, Model, Page, lister_for
from harness.client.plain import Answered, Inquiry, Place, answered, request_for
from harness.client.session import Session
from harness.client.translate import Untranslatable
from harness.told import Clock, Failure

MOST_PAGES = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """The models that a provider lists; of a listing that failed, those that had come until then.

    `whole` is false where there are more than were asked for (`most_pages`). `checks_key` is false where the listing is public, or was made
    without a key: it says nothing of one then. `of_base_models`: these can be deployed, and what is deployed it does not tell (Azure).
    """

    models: tuple[Model, ...] = ()
    failure: Failure | None = None
    http_status: int | None = None
    clocks: tuple[Clock, ...] = ()
    whole: bool = True
    checks_key: bool = False
    of_base_models: bool = False
    simulated: bool = False

    @property
    def ok(self) -> bool:
        """Whether the listing came."""
        return self.failure is None


@dataclass(frozen=True)
class Availability:
    """Whether a provider has a model: None where that could not be told, and `reason` says why, in plain words."""

    model: str
    available: bool | None
    reason: str = ""
    failure: Failure | None = None
    http_status: int | None = None
    clocks: tuple[Clock, ...] = ()
    checks_key: bool = False


async def list_models(session: Session, provider: Provider, *, most_pages: int = MOST_PAGES) -> Listing:
    """Asks for the listing, page by page. A provider that has none is `unsupported_parameter`, and nothing is sent."""
    lister = lister_for(provider.kind)
    if lister is None:
        return Listing(failure=_no_listing(provider))
    told = Listing(checks_key=_checks_key(provider, lister), of_base_models=provider.kind in lister.lists_base_models)
    query: Mapping[str, str] | None = lister.query
    asked: list[Mapping[str, str]] = []
    while query is not None and told.failure is None:
        if query in asked:
            again = failure("response_malformed", "the listing names a page that was read already as its next one")
            return replace(told, failure=again)
        if len(asked) == most_pages:
            return replace(told, whole=False)
        asked.append(query)
        got = await _page(session, provider, lister, query)
        told = _with(told, got)
        query = got.value.following if got.value else None
    return told


async def is_model_available(session: Session, provider: Provider, model: str | None = None) -> Availability:
    """Whether the provider has the model, by its own name of it or by litellm's; its registered one if none is named."""
    wanted = (model or provider.model).removeprefix(f"{provider.kind}/")
    lister = lister_for(provider.kind)
    if lister is None:
        return Availability(wanted, None, _no_listing(provider).error, _no_listing(provider))
    if lister.one is not None:
        return await _one(session, provider, lister, wanted)
    told = await list_models(session, provider)
    available, reason = _among(provider, lister, wanted, told)
    return Availability(wanted, available, reason, told.failure, told.http_status, told.clocks, told.checks_key)


def _among(provider: Provider, lister: Lister, wanted: str, told: Listing) -> tuple[bool | None, str]:
    """Whether the model is among those that were told, and why not or why that is not known."""
    if told.failure is not None:
        return None, told.failure.error
    if told.of_base_models:
        return None, f"{provider.kind} lists models that can be deployed, and not what is deployed"
    if lister.names(wanted) & {one.id for one in told.models}:
        return True, ""
    size = f"{len(told.models):,} models that are listed"
    return (False, f"it is not among the {size}") if told.whole else (None, f"it is not among the first {size}")


async def _one(session: Session, provider: Provider, lister: Lister, wanted: str) -> Availability:
    assert lister.one is not None
    place = replace(lister.places[provider.kind], path=lister.one(wanted).replace("{", "{{").replace("}", "}}"))
    got = await _get(session, provider, place, {}, lambda _body: True)
    found = Availability(wanted, True, "", got.failure, got.http_status, got.clocks, _checks_key(provider, lister))
    if got.http_status == 404:
        return replace(found, available=False, reason="the provider does not know it", failure=None)
    return replace(found, available=None, reason=got.failure.error) if got.failure else found


async def _page(session: Session, provider: Provider, lister: Lister, query: Mapping[str, str]) -> Answered[Page]:
    return await _get(session, provider, lister.places[provider.kind], query, lister.read)


async def _get(
    session: Session, provider: Provider, place: Place, query: Mapping[str, str], read: Callable[[Any], T]
) -> Answered[T]:
    try:
        request = request_for(provider, provider.kind, place, Inquiry(query=query))
    except Untranslatable as refused:
        return Answered(failure=refused.failure)
    return await answered(session, provider, request, read)


def _with(told: Listing, got: Answered[Page]) -> Listing:
    return replace(
        told,
        models=told.models + (got.value.models if got.value else ()),
        failure=got.failure,
        http_status=got.http_status,
        clocks=told.clocks + got.clocks,
        simulated=told.simulated or got.simulated,
    )


def _checks_key(provider: Provider, lister: Lister) -> bool:
    return provider.api_key is not None and provider.kind not in lister.public


def _no_listing(provider: Provider) -> Failure:
    return failure("unsupported_parameter", f"there is no listing of models that we know of for '{provider.kind}'")
