"""`providers.toml` → Registry: the form is checked first, then what the environment makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.ask import Account, Deadlines, Limits, Prices, PriceTier, Provider, Retries, Secret
from harness.document import Document, KeyPath, check, did_you_mean, read_toml
from harness.errors import BadInput, Problem, WrongUse
from harness.registry.addresses import is_loopback, wrong_address
from harness.registry.catalogue import Catalogue
from harness.registry.detection import detect, is_prefixed, is_provider, known_providers
from harness.registry.entries import Entry, Fallback, Registry, own_prices
from harness.registry.form import AccountForm, FallbackForm, FileForm, PricesForm, ProviderForm
from harness.registry.profiles import profiles
from harness.registry.variables import expand, is_one_variable, the_variable

_SPELT = {
    "azure_openai": "azure",
    "google": "gemini",
    "hugging_face": "huggingface",
    "ollama": "ollama_chat",
    "together": "together_ai",
}
"""What people write as `provider` where litellm has another name."""

_MILLION = 1_000_000


def load(path: Path, env: Mapping[str, str]) -> Registry:
    """The registry that `path` says, with its variables from `env`.

    Raises BadInput with every problem: the file and line, what is wrong and what would be right. No message shows a key.
    A variable that is not set is no problem of the file: the entry names it as missing and is not ready.
    """
    document = read_toml(path)
    problems = [*_twice(document, "providers"), *_twice(document, "accounts")]
    try:
        form = check(FileForm, document)
    except BadInput as error:
        raise BadInput(_by_line([*error.problems, *problems])) from None
    reading = _Reading(document, env, form.accounts, problems)
    fallback = _fallback(form.fallback)
    entries = tuple(reading.entry(number, one, fallback.retries) for number, one in enumerate(form.providers))
    named, wrong = profiles(document, form, env)
    if reading.problems or wrong:
        raise BadInput(_by_line([*reading.problems, *wrong]))
    return Registry(path, entries, fallback, named)


def _by_line(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda one: one.line or 0)


def _twice(document: Document, tables: str) -> list[Problem]:
    """Names given to two of these tables; both lines are named."""
    problems = []
    lines: dict[str, int | None] = {}
    said = document.data.get(tables)
    for number, table in enumerate(said if isinstance(said, list) else []):
        name = table.get("name") if isinstance(table, dict) else None
        line = document.line((tables, number, "name"))
        if isinstance(name, str) and name in lines:
            hint = f"the first is on line {lines[name]}; give one of them another name"
            problems.append(Problem(document.path, line, f"the name '{name}' is given twice", hint))
        elif isinstance(name, str):
            lines[name] = line
    return problems


def _fallback(form: FallbackForm) -> Fallback:
    return Fallback(form.enabled, Retries(form.max_retries, form.retry_delay_ms / 1000), form.strategy)


@dataclass
class _Reading:
    """One reading of a file: where its problems are gathered."""

    document: Document
    env: Mapping[str, str]
    accounts: Sequence[AccountForm] = ()
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue.load()

    def complain(self, key: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.document.path, self.document.line(key), message, hint))

    def entry(self, number: int, form: ProviderForm, usual: Retries) -> Entry:
        place: KeyPath = ("providers", number)
        missing: set[str] = set()
        base_url = self.base_url(form, place, missing)
        delay_s = usual.delay_s if form.retry_delay_ms is None else form.retry_delay_ms / 1000
        model = self.model(form, place, missing)
        embedding_model = self.embedding_model(form, model, missing)
        provider = Provider(
            name=form.name,
            model=model,
            api_key=self.api_key(form, place, base_url, missing),
            base_url=base_url,
            embedding_model=embedding_model,
            embedding_prices=self.embedding_prices(form, embedding_model),
            params=self.params(form, missing),
            priority=form.priority,
            tags=frozenset(expand(form.tags, self.env, missing)),
            limits=Limits(form.max_concurrency, form.rpm, form.tpm),
            retries=Retries(usual.max_retries if form.max_retries is None else form.max_retries, delay_s),
            deadlines=Deadlines(
                form.timeout_connect_s, form.timeout_first_token_s, form.timeout_stall_s, form.timeout_total_s
            ),
            prices=_prices(form.prices),
            drop_params=form.drop_params,
            simulated=form.simulated,
            account=self.account(form, place),
        )
        return Entry(
            provider=provider,
            missing=tuple(sorted(missing)),
            line=self.document.line(place),
            context_tokens=form.context_tokens,
            max_output_tokens=form.max_output_tokens,
            capabilities=None if form.capabilities is None else frozenset(form.capabilities),
            judge=form.judge,
            key_variable=the_variable(form.api_key or ""),
        )

    def account(self, form: ProviderForm, place: KeyPath) -> Account | None:
        """The account that it names, with its limits."""
        found = next((one for one in self.accounts if one.name == form.account), None)
        if form.account is not None and found is None:
            near = did_you_mean(form.account, [one.name for one in self.accounts])
            hint = near or f'add a table [[accounts]] with name = "{form.account}", or leave `account` out'
            self.complain((*place, "account"), f"there is no account '{form.account}'", hint)
        return Account(**found.model_dump()) if found else None

    def model(self, form: ProviderForm, place: KeyPath, missing: set[str]) -> str:
        """litellm's name of the model; as it is written where a variable in it is not set."""
        if form.model and (form.provider or form.text_model):
            key = "provider" if form.provider else "text_model"
            self.complain(
                (*place, key), f"'model' and '{key}' say the same thing twice", "keep model, or provider and text_model"
            )
            return form.model
        if form.model:
            return self.detected(form.model, (*place, "model"), missing)
        if form.provider and form.text_model:
            return self.composed(form.provider, form.text_model, place, missing)
        gap = "text_model" if form.provider else "provider" if form.text_model else "model"
        self.complain(place, f"'{gap}' is missing", 'such as model = "openai/gpt-5.4-mini", or provider and text_model')
        return ""

    def embedding_model(self, form: ProviderForm, model: str, missing: set[str]) -> str | None:
        """litellm's name of the model for embeddings; without a prefix it is of the provider's own kind."""
        unset: set[str] = set()
        name: str | None = expand(form.embedding_model, self.env, unset)
        missing |= unset
        if name is None or unset or is_prefixed(name, self.catalogue):
            return name
        return f"{model.partition('/')[0]}/{name}"

    def embedding_prices(self, form: ProviderForm, embedding_model: str | None) -> Prices | None:
        """Its own price, otherwise litellm's; nothing is written, so only what is read has one."""
        if embedding_model is None:
            return None
        if form.embedding_price is None:
            return self.catalogue.facts(embedding_model).prices
        return own_prices(Prices(**_by_token({"input": form.embedding_price, "output": 0.0})))

    def detected(self, text: str, key: KeyPath, missing: set[str]) -> str:
        unset: set[str] = set()
        model: str = expand(text, self.env, unset)
        missing |= unset
        try:
            return model if unset else detect(model, self.catalogue)
        except WrongUse as error:
            self.complain(key, *str(error).split("\n", 1))
            return model

    def composed(self, provider: str, text_model: str, place: KeyPath, missing: set[str]) -> str:
        unset: set[str] = set()
        kind: str = expand(provider, self.env, unset)
        model: str = expand(text_model, self.env, unset)
        missing |= unset
        kind = _SPELT.get(kind.lower(), kind)
        if not unset and not is_provider(kind, self.catalogue):
            near = did_you_mean(kind, [*known_providers(self.catalogue), *_SPELT])
            hint = near if near.startswith("did") else 'write it as litellm does: "openai", "anthropic", "gemini", …'
            self.complain((*place, "provider"), f"litellm has no provider '{kind}'", hint)
        return model if model.startswith(f"{kind}/") else f"{kind}/{model}"

    def base_url(self, form: ProviderForm, place: KeyPath, missing: set[str]) -> str | None:
        """The address, without what would be a credential in it; a problem never shows it, for it may hold one."""
        if form.base_url is None:
            return None
        unset: set[str] = set()
        url: str = expand(form.base_url, self.env, unset)
        missing |= unset
        if unset:
            return None
        if wrong := wrong_address(url):
            self.complain((*place, "base_url"), f"base_url {wrong}", "such as http://localhost:8000/v1")
            return None
        return url.rstrip("/")

    def api_key(self, form: ProviderForm, place: KeyPath, base_url: str | None, missing: set[str]) -> Secret | None:
        """The key from the environment. A word in its place is taken for a local server only, which reads none."""
        if form.api_key is None:
            return None
        unset: set[str] = set()
        key: str = expand(form.api_key, self.env, unset)
        missing |= unset
        if form.base_url is not None and base_url is None:
            return None  # the address is not known now, so whether it is a local server's cannot be told
        if not is_one_variable(form.api_key) and not (base_url and is_loopback(base_url)):
            hint = f'put the key into an environment variable and name it: api_key = "${{{_variable(form)}}}"'
            self.complain((*place, "api_key"), "an API key may not stand in the file", hint)
            return None
        return None if unset or not key else Secret(key)

    def params(self, form: ProviderForm, missing: set[str]) -> dict[str, Any]:
        own = {"max_tokens": form.max_tokens, "temperature": form.temperature}
        params: dict[str, Any] = expand(form.params, self.env, missing)
        return {**{name: value for name, value in own.items() if value is not None}, **params}


def _variable(form: ProviderForm) -> str:
    """A name for the variable that should hold the key: OPENAI_API_KEY for "openai/gpt-5.4-mini"."""
    kind, slash, _ = (form.model or "").partition("/")
    owner = form.provider or (kind if slash else form.name)
    word = "".join(letter if letter.isalnum() else "_" for letter in owner.upper())
    return f"{word}_API_KEY"


def _prices(form: PricesForm | None) -> Prices | None:
    if form is None:
        return None
    tiers = tuple(PriceTier(tier.above, **_by_token(tier.model_dump(exclude={"above"}))) for tier in form.tiers)
    return own_prices(Prices(**_by_token(form.model_dump(exclude={"tiers"})), tiers=tiers))


def _by_token(prices: Mapping[str, float | None]) -> dict[str, Any]:
    """USD for a token from USD for a million, the nearest float to it: 0.1 is 1e-07, not 1.0000000000000001e-07."""
    return {name: None if usd is None else float(Decimal(str(usd)) / _MILLION) for name, usd in prices.items()}
