"""Whether a provider can be worked with now: found by its listing of models, which costs nothing, or by one small question where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from harness.ask import Deadlines, Provider, Retries
from harness.client.client import Client
from harness.client.listing import Availability
from harness.told import Attempt, Clock, Failure

QUESTION = "Reply with the word OK."
QUESTION_PARAMS: Mapping[str, Any] = MappingProxyType({"max_tokens": 16})
PATIENCE_S = 20.0
"""How long a check waits at most: somebody sits before it."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found; None is unknown. `wrong` says in plain words what is wrong, None: nothing is; `note` what could not be told.

    `round_trip_s`: from the request to the first byte of its answer, on an open connection. `cost_usd` is what the question cost; 0 where none was asked.
    """

    provider: str
    reachable: bool | None = None
    key_accepted: bool | None = None
    model_available: bool | None = None
    round_trip_s: float | None = None
    wrong: str | None = None
    note: str = ""
    simulated: bool = False
    cost_usd: float | None = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be wrong."""
        return self.wrong is None


async def check(client: Client, provider: Provider, *, ask: bool = False) -> Health:
    """Asks for the listing, once; with `ask` one question of a few tokens besides, which may cost something."""
    patient = replace(provider, retries=Retries(0), deadlines=_patience(provider.deadlines))
    listed = _from_listing(provider, await client.is_model_available(patient))
    if not ask:
        return listed
    return _from_question(listed, provider, await client.ask(patient, QUESTION, params=QUESTION_PARAMS, stream=False))


def _patience(usual: Deadlines) -> Deadlines:
    return replace(
        usual,
        first_token_s=min(usual.first_token_s, PATIENCE_S),
        stall_s=min(usual.stall_s, PATIENCE_S),
        total_s=min(usual.total_s, PATIENCE_S),
    )


def _from_listing(provider: Provider, told: Availability) -> Health:
    found = Health(
        provider=provider.name,
        reachable=_reached(told.http_status, told.failure),
        round_trip_s=_round_trip(told.clocks),
        simulated=provider.simulated is not None,
    )
    if told.failure is not None and told.failure.kind == "unsupported_parameter":
        return replace(found, note=f"{told.reason}; --ask sends it one small question")
    if told.failure is not None:
        return _refused(found, told.failure)
    found = replace(found, key_accepted=True if told.checks_key else None, model_available=told.available)
    if told.available is False and found.simulated:
        return replace(found, model_available=None, note="the simulated fleet answers to any model's name")
    if told.available is False:
        return replace(found, wrong=f"there is no model '{told.model}': {told.reason}")
    unsaid = "" if told.checks_key or provider.api_key is None else "its listing is public, and says nothing of the key"
    return replace(found, note=told.reason or unsaid)


def _from_question(listed: Health, provider: Provider, attempt: Attempt) -> Health:
    """What the answer to a question says outweighs what the listing did."""
    found = replace(listed, cost_usd=attempt.cost.usd, round_trip_s=attempt.clock.ttft_s or listed.round_trip_s)
    why = attempt.failure
    answered = why is None or why.kind in {"empty_response", "content_filtered"}
    if answered:
        key = True if provider.api_key is not None else None
        return replace(found, reachable=True, key_accepted=key, model_available=True, wrong=None, note="")
    assert why is not None
    return replace(
        found,
        reachable=_reached(attempt.http_status, why),
        key_accepted=found.key_accepted if _key(why) is None else False,
        model_available=False if why.kind == "model_not_found" else found.model_available,
        wrong=_said(why),
        note="",
    )


def _reached(status: int | None, why: Failure | None) -> bool | None:
    if status is not None:
        return True
    return False if why is not None and why.side in {"network", "provider"} else None


def _round_trip(clocks: tuple[Clock, ...]) -> float | None:
    return clocks[0].ttft_s if clocks else None


def _refused(found: Health, why: Failure) -> Health:
    """The listing failed: a key that is forbidden to list models may be allowed to ask them."""
    forbidden = why.kind == "auth" and "HTTP 403" in why.error
    hint = "; --ask tells whether the key may be used for questions" if forbidden else ""
    return replace(found, key_accepted=_key(why) if not forbidden else None, wrong=_said(why, forbidden) + hint)


def _key(why: Failure) -> bool | None:
    return False if why.kind == "auth" else None


def _said(why: Failure, forbidden: bool = False) -> str:
    plain = {
        "auth": "the key may not list models" if forbidden else "the key was refused",
        "quota_exhausted": "the account has nothing left to spend",
    }.get(why.kind)
    return f"{plain}: {why.error}" if plain else why.error
