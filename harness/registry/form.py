"""The form of `providers.toml`: what a person may write, with a description of each key. Its JSON Schema is made from it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from harness.registry.catalogue import CAPABILITIES
from harness.registry.entries import StrategyName
from harness.registry.variables import complaint

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_OWN_PLACE = {
    "api_base": "base_url",
    "api_key": "api_key",
    "base_url": "base_url",
    "drop_params": "drop_params",
    "max_tokens": "max_tokens",
    "messages": "the cases of a suite",
    "model": "model",
    "response_format": "the cases of a suite",
    "stream": "the command line",
    "temperature": "temperature",
    "tool_choice": "the cases of a suite",
    "tools": "the cases of a suite",
}
_SECRET = re.compile(r"authorization|api[-_]?key|secret|password|(^|[-_])token$", re.IGNORECASE)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"'{text}' is no name\na name has small letters, digits and . _ - and begins with a letter or digit"
        )
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty\ngive it a value, or leave the key out")
    if wrong := complaint(text):
        raise ValueError(wrong)
    return text


def _params(params: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for key in params:
        if key in _OWN_PLACE:
            raise ValueError(f"'{key}' does not belong here\nits place is: {_OWN_PLACE[key]}")
    _no_secret(params)
    return params


def _no_secret(value: JsonValue) -> None:
    """Params are recorded as they were sent, so nothing secret may stand among them."""
    if isinstance(value, str) and (wrong := complaint(value)):
        raise ValueError(wrong)
    if isinstance(value, list):
        for item in value:
            _no_secret(item)
    if isinstance(value, dict):
        for key, item in value.items():
            if _SECRET.search(key):
                raise ValueError(f"'{key}' looks like a credential, and params are recorded\nkeys go into api_key")
            _no_secret(item)


def _capability(text: str) -> str:
    if text not in CAPABILITIES:
        raise ValueError(f"'{text}' is no capability of a model\nknown: {', '.join(sorted(CAPABILITIES))}")
    return text


Text = Annotated[str, AfterValidator(_text)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
UsdPerMillion = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Form(BaseModel):
    """Unknown keys are errors, and a number in quotes is not a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PriceTierForm(Form):
    """Other prices, in USD for a million tokens, for all tokens of a request with a longer prompt; unsaid: as below."""

    above: Count = Field(description="the tokens that the prompt has more of")
    input: UsdPerMillion | None = Field(None, description="for prompt tokens")
    output: UsdPerMillion | None = Field(None, description="for completion tokens")
    cached_input: UsdPerMillion | None = Field(None, description="for prompt tokens read from the provider's cache")
    cache_write: UsdPerMillion | None = Field(None, description="for those written to it for five minutes")
    cache_write_1h: UsdPerMillion | None = Field(None, description="for those written to it for an hour")
    reasoning: UsdPerMillion | None = Field(None, description="for reasoning tokens")


def _rising(tiers: list[PriceTierForm]) -> list[PriceTierForm]:
    starts = [tier.above for tier in tiers]
    if starts != sorted(set(starts)):
        raise ValueError("the tiers are not in order\nthe shorter first, each with another `above`")
    return tiers


class PricesForm(Form):
    """Own prices of a provider in USD for a million tokens; they win over litellm's table."""

    input: UsdPerMillion = Field(description="for prompt tokens")
    output: UsdPerMillion = Field(description="for completion tokens")
    cached_input: UsdPerMillion | None = Field(None, description="for prompt tokens read from the provider's cache")
    cache_write: UsdPerMillion | None = Field(
        None, description="for prompt tokens written to the provider's cache, which keeps them for five minutes"
    )
    cache_write_1h: UsdPerMillion | None = Field(None, description="for those that it keeps for an hour")
    reasoning: UsdPerMillion | None = Field(None, description="for reasoning tokens; as output if unsaid")
    tiers: Annotated[list[PriceTierForm], AfterValidator(_rising)] = Field(
        [], description="other prices for longer prompts, the shorter first: [{above = 200000, input = 5}, …]"
    )


class ProviderForm(Form):
    """One deployment of a model. Each text may hold ${VARIABLE} or ${VARIABLE:-default} from the environment."""

    name: Annotated[str, AfterValidator(_name)] = Field(
        description="what it is called everywhere: small letters, digits, . _ -",
        json_schema_extra={"pattern": f"^{_NAME.pattern}$"},
    )
    model: Text | None = Field(None, description='litellm\'s name, such as "openai/gpt-5.4-mini", or a bare model name')
    provider: Text | None = Field(
        None, description="together with text_model, instead of model: litellm's provider name"
    )
    text_model: Text | None = Field(None, description="the model's name without the provider")
    embedding_model: Text | None = Field(None, description="the model for embeddings, by litellm's name")
    embedding_price: UsdPerMillion | None = Field(
        None, description="own price of its input, USD for a million tokens; litellm's table otherwise"
    )
    api_key: str | None = Field(
        None, description='the variable that holds the key: "${OPENAI_API_KEY}"; never the key itself'
    )
    base_url: Text | None = Field(None, description="where it is served, if not at litellm's address for the provider")
    max_tokens: Count | None = Field(
        None, description="the most tokens of a reply, unless a suite or case says otherwise"
    )
    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="unless a suite or case says otherwise"
    )
    params: Annotated[dict[str, JsonValue], AfterValidator(_params)] = Field(
        {}, description="further params sent with each request"
    )
    drop_params: bool = Field(
        False, description="leave out what the model does not accept (recorded), instead of failing"
    )
    priority: int = Field(0, description="the higher goes first where providers are tried in order")
    tags: list[Text] = Field([], description="own labels")
    judge: bool | Literal["only"] = Field(
        False, description='true: it may judge the replies of others; "only": and takes no part in a run itself'
    )
    account: Text | None = Field(
        None, description="the name of one of [[accounts]], if it shares limits that are told there with others"
    )
    max_concurrency: Count | None = Field(
        None, description="requests in flight at once, 8 if unsaid; with --adaptive the most of them, 100 if unsaid"
    )
    rpm: Count | None = Field(None, description="our own limit: requests a minute")
    tpm: Count | None = Field(None, description="our own limit: tokens a minute")
    max_retries: Annotated[int, Field(ge=0)] | None = Field(
        None, description="after a failure that may pass; as in [fallback] if unsaid"
    )
    retry_delay_ms: Annotated[int, Field(ge=0)] | None = Field(
        None, description="before the first retry; doubles with each"
    )
    timeout_connect_s: Seconds = Field(10.0, description="to connect")
    timeout_first_token_s: Seconds = Field(60.0, description="for the first token")
    timeout_stall_s: Seconds = Field(30.0, description="between two chunks")
    timeout_total_s: Seconds = Field(600.0, description="for the whole reply")
    simulated: Text | None = Field(None, description="the profile that simulates it; it needs no key and no address")
    prices: PricesForm | None = Field(None, description="own prices; litellm's table otherwise")
    context_tokens: Count | None = Field(None, description="own fact: how many tokens the model can read")
    max_output_tokens: Count | None = Field(None, description="own fact: how many tokens the model can write")
    capabilities: list[Annotated[str, AfterValidator(_capability)]] | None = Field(
        None, description="own fact: what the model can do"
    )


class AccountForm(Form):
    """Our own limits over all providers that name this account, beside those of each.

    What servers say of their limits, and a Retry-After, holds for the whole account anyway. Who names none shares one with those that have the
    same key at the same address.
    """

    name: Text = Field(description="what providers call it in `account`")
    max_concurrency: Count | None = Field(None, description="requests in flight at once, of all its providers")
    rpm: Count | None = Field(None, description="requests a minute")
    tpm: Count | None = Field(None, description="tokens a minute")


class FallbackForm(Form):
    """What happens when a provider fails."""

    enabled: bool = Field(True, description="whether another provider is tried")
    max_retries: Annotated[int, Field(ge=0)] = Field(
        2, description="retries of a provider that says nothing of its own"
    )
    retry_delay_ms: Annotated[int, Field(ge=0)] = Field(1000, description="before the first retry; doubles with each")
    strategy: Literal["priority", "cost", "latency", "weights"] = Field(
        "priority", description="in which order others are tried"
    )


class ProfileForm(Form):
    """What a kind of question wants of the provider that answers it: `router.ask("…", "NAME")`."""

    capability: Text | None = Field(None, description="what the question is of, as in suites and routing.toml")
    strategy: StrategyName | None = Field(None, description="by what to choose; the router's own if unsaid")
    providers: list[Text] = Field([], description="only these; for the strategy manual in this order")
    tags: list[Text] = Field([], description="labels that a provider must have")
    needs: list[Annotated[str, AfterValidator(_capability)]] = Field(
        [], description="what its model must be able to do"
    )
    context_tokens: Count | None = Field(None, description="how many tokens its model must be able to read")
    max_input_price: UsdPerMillion | None = Field(None, description="for prompt tokens, at most, USD for a million")
    max_output_price: UsdPerMillion | None = Field(
        None, description="for completion tokens, at most, USD for a million"
    )
    fallbacks: list[Text] = Field(
        [], description="who is tried when it fails, in this order; as in [fallback] if unsaid"
    )
    deadline_s: Seconds | None = Field(None, description="for the whole ask, with all who are tried")
    stream: bool = Field(True, description="ask for the reply as a stream")
    params: Annotated[dict[str, JsonValue], AfterValidator(_params)] = Field({}, description="params sent along")
    max_tokens: Count | None = Field(None, description="the most tokens of a reply")
    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(None, description="sent along")


class FileForm(Form):
    """The registry of providers."""

    providers: list[ProviderForm] = Field(min_length=1, description="[[providers]]: one table for each")
    accounts: list[AccountForm] = Field([], description="[[accounts]]: one table for each that has limits of its own")
    fallback: FallbackForm = Field(
        default_factory=lambda: FallbackForm.model_validate({}),
        description="[fallback]: what happens when a provider fails",
    )
    profiles: dict[str, ProfileForm] = Field(
        {}, description="[profiles.NAME]: what a kind of question wants of a router"
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `providers.toml`, for editors that complete and check while one types."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FileForm.model_json_schema(),
        "title": "providers.toml",
    }
