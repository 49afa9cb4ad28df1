"""What the registry holds: an Entry for each provider, the fallback, and a content address of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from harness.addressed import content_address
from harness.ask import JsonObject, Prices, Provider, Retries
from harness.document import did_you_mean
from harness.errors import WrongUse

_OWN_PRICES = "registry:"


def own_prices(prices: Prices) -> Prices:
    """Prices that the file itself says; their id is their content address, so that other prices have another one."""
    return replace(prices, id=f"{_OWN_PRICES}{content_address(asdict(prices), 12)}")


StrategyName = Literal["weighted", "cost", "performance", "quality", "balanced", "round_robin", "manual", "priority"]
STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)
"""By what a router chooses: see `harness.routing.strategies`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a question wants of the provider that is to answer it; what is not said, is not asked for.

    `strategy` None is the router's own. `providers` are the only ones that may be chosen; `manual` takes them in this order. `tags` and `needs` (of
    `CAPABILITIES`, such as vision or tools) must all be there. Prices are in USD for a million tokens at most; one that is unknown is above any.
    `fallbacks` are tried in this order when the one that was chosen fails. `deadline_s` is for the whole ask, with all that is tried. `params` are
    sent along; `stream` says whether the reply is asked for as a stream, of which is known when its first token comes.

    Raises:
        WrongUse: there is no such strategy, `manual` names no provider, or a deadline is not above 0.
    """

    capability: str | None = None
    strategy: StrategyName | None = None
    providers: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    context_tokens: int | None = None
    max_input_price: float | None = None
    max_output_price: float | None = None
    fallbacks: tuple[str, ...] = ()
    deadline_s: float | None = None
    stream: bool = True
    params: JsonObject = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name in (
            "tags",
            "needs",
        ):  # plans are kept by profile, so a list or a set that is given becomes what it is to be
            object.__setattr__(self, name, frozenset(_several(getattr(self, name))))
        for name in ("providers", "fallbacks"):
            object.__setattr__(self, name, tuple(_several(getattr(self, name))))
        if self.strategy is not None and self.strategy not in STRATEGIES:
            raise WrongUse(f"there is no strategy '{self.strategy}'; {did_you_mean(self.strategy, STRATEGIES)}")
        if self.strategy == "manual" and not self.providers:
            raise WrongUse("the strategy 'manual' takes providers in your order: name them in `providers`")
        if self.deadline_s is not None and not self.deadline_s > 0:
            raise WrongUse(f"a deadline of {self.deadline_s} s leaves no time for an answer")


def _several(said: Iterable[str]) -> Iterable[str]:
    return [said] if isinstance(said, str) else said


@dataclass(frozen=True, slots=True)
class Fallback:
    """What happens when a provider fails: whether another is tried, in which order, and the usual retries."""

    enabled: bool = True
    retries: Retries = field(default_factory=Retries)
    strategy: str = "priority"


@dataclass(frozen=True)
class Entry:
    """A provider as it is registered, on `line` of the file.

    `missing` are the variables that its text names and that are not set. `context_tokens`, `max_output_tokens` and
    `capabilities` are own facts, which win over the catalogue's; None where the file says nothing. `judge` says whether it judges replies of others,
    and whether it does nothing else ("only"). `key_variable` names the variable of its key.
    """

    provider: Provider
    missing: tuple[str, ...] = ()
    line: int | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: frozenset[str] | None = None
    judge: bool | Literal["only"] = False
    key_variable: str | None = None


@dataclass(frozen=True)
class Registry:
    """The providers of a file, in its order."""

    path: Path
    entries: tuple[Entry, ...] = ()
    fallback: Fallback = field(default_factory=Fallback)
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def get(self, name: str) -> Entry:
        """The entry of that name. Raises WrongUse with the nearest names."""
        for entry in self.entries:
            if entry.provider.name == name:
                return entry
        names = [entry.provider.name for entry in self.entries]
        hint = did_you_mean(name, names) or "none is registered"
        raise WrongUse(f"{self.path}: no provider is called '{name}'; {hint}")

    def key_in(self, text: str) -> str | None:
        """The name of a provider whose key stands in the text; words such as "none", which local servers are given, are no keys."""
        for entry in self.entries:
            key = entry.provider.api_key.reveal() if entry.provider.api_key else ""
            if len(key) >= 16 and key in text:
                return entry.provider.name
        return None

    @cached_property
    def hash(self) -> str:
        """The content address of what is registered: neither keys nor lines nor which variables are set."""
        return content_address([[_said(entry) for entry in self.entries], asdict(self.fallback)])


def empty() -> Registry:
    """A registry without providers, for where there is no file."""
    return Registry(Path("providers.toml"))


def _said(entry: Entry) -> Mapping[str, Any]:
    own = [entry.context_tokens, entry.max_output_tokens, entry.capabilities and sorted(entry.capabilities)]
    said = {name: value for name, value in vars(entry.provider).items() if name != "api_key"}
    return {
        **said,
        "tags": sorted(entry.provider.tags),
        "account": entry.provider.account and asdict(entry.provider.account),
        "limits": asdict(entry.provider.limits),
        "retries": asdict(entry.provider.retries),
        "deadlines": asdict(entry.provider.deadlines),
        "prices": entry.provider.prices and asdict(entry.provider.prices),
        "embedding_prices": _own(entry.provider.embedding_prices),
        "own_facts": own,
    }


def _own(prices: Prices | None) -> Mapping[str, Any] | None:
    """The prices that are said here; those of litellm's table are no part of what is registered."""
    return asdict(prices) if prices is not None and (prices.id or "").startswith(_OWN_PRICES) else None
