"""Which providers can be asked now, and which take part in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from harness.ask import Provider, Secret
from harness.document import did_you_mean
from harness.errors import NothingSelected, WrongUse
from harness.registry.addresses import answers, is_local, wrong_address
from harness.registry.catalogue import Catalogue
from harness.registry.detection import detect
from harness.registry.entries import Entry, Registry

_OLLAMA = "http://localhost:11434"
_OLLAMA_KINDS = frozenset({"ollama", "ollama_chat"})

_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "azure": ("AZURE_API_KEY",),
        "cohere": ("COHERE_API_KEY",),
        "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "huggingface": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
        "replicate": ("REPLICATE_API_TOKEN", "REPLICATE_API_KEY"),
        "together_ai": ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY"),
    }
)
"""The variables that usually hold a provider's key, where it is not NAME_API_KEY alone."""

_ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "azure": "AZURE_API_BASE",
        "ollama": "OLLAMA_API_BASE",
        "ollama_chat": "OLLAMA_API_BASE",
        "openai": "OPENAI_BASE_URL",
    }
)

_OF_KEYS = ("_KEY", "_TOKEN")
_OF_ADDRESSES = ("_BASE", "_URL", "_ENDPOINT", "_HOST")
"""How the names of variables end that hold a key, or an address."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a provider can be asked now, and why not (or what it is)."""

    ready: bool
    reason: str


def readiness(entry: Entry) -> Readiness:
    """Whether a provider can be asked, found without asking it.

    All its variables must be set, and a server on this machine or network must listen (looked for half a second long).
    A provider elsewhere is not contacted: whether its key is right shows at the first request.
    """
    provider = entry.provider
    if entry.missing:
        names = " and ".join(entry.missing)
        return Readiness(ready=False, reason=f"{names} {'is' if len(entry.missing) == 1 else 'are'} not set")
    if provider.simulated and not provider.base_url:
        return Readiness(ready=True, reason="simulated")
    url = provider.base_url or (_OLLAMA if provider.kind in _OLLAMA_KINDS else None)
    if url and is_local(url) and not answers(url):
        return Readiness(ready=False, reason=f"no server answers at {url}")
    return Readiness(ready=True, reason="simulated" if provider.simulated else "")


def participants(registry: Registry, only: Sequence[str], simulated: bool) -> tuple[Provider, ...]:
    """Who takes part, in the registry's order.

    `only` names exactly who; otherwise every real provider that is ready, and the simulated ones where no real one is
    ready or `simulated` asks for them, without those that only judge. Raises WrongUse for a name that is not registered or not ready, NothingSelected
    where nobody is left.
    """
    if only:
        return _named(registry, only)
    states = [(entry.provider, readiness(entry)) for entry in registry.entries if entry.judge != "only"]
    ready = [provider for provider, state in states if state.ready]
    real = [provider for provider in ready if not provider.simulated]
    chosen = ready if simulated or not real else real
    if not chosen:
        reasons = "\n".join(f"    {provider.name}: {state.reason}" for provider, state in states)
        raise NothingSelected(f"{registry.path}: no provider is ready\n{reasons}".rstrip())
    return tuple(chosen)


def _named(registry: Registry, only: Sequence[str]) -> tuple[Provider, ...]:
    chosen = []
    for entry in [registry.get(name) for name in dict.fromkeys(only)]:
        _need(entry)
        chosen.append(entry)
    return tuple(entry.provider for entry in registry.entries if entry in chosen)


def _need(entry: Entry) -> None:
    state = readiness(entry)
    if not state.ready:
        raise WrongUse(f"{entry.provider.name} is not ready: {state.reason}")


def resolve(
    name: str, registry: Registry, catalogue: Catalogue, env: Mapping[str, str], base_url: str | None = None
) -> Provider:
    """The provider of a registered name or model; otherwise one made for the model, with its usual key from `env`.

    With `base_url` it is served there, and needs no key if that is on this machine. Raises WrongUse where the name is neither registered
    nor a model whose provider can be told, or is not ready.
    """
    if base_url and (wrong := wrong_address(base_url)):
        raise WrongUse(f"the base URL {wrong}")
    for entry in registry.entries:
        if name in {entry.provider.name, entry.provider.model}:
            return _ready(entry, base_url)
    try:
        model = detect(name, catalogue)
    except WrongUse as error:
        near = did_you_mean(name, [entry.provider.name for entry in registry.entries])
        why, _, hint = str(error).partition("\n")
        hint = near if near.startswith("did") else hint
        raise WrongUse(f"no provider of {registry.path} is called '{name}', and {why}\n{hint}") from None
    return _ready(_made(model, env), base_url)


def _ready(entry: Entry, base_url: str | None) -> Provider:
    """The entry's provider, served at `base_url` if there is one. Raises WrongUse if it is not ready."""
    if base_url:
        needless = _OF_ADDRESSES + (_OF_KEYS if is_local(base_url) else ())
        missing = tuple(name for name in entry.missing if not name.endswith(needless))
        entry = replace(entry, provider=replace(entry.provider, base_url=base_url), missing=missing)
    _need(entry)
    return entry.provider


def _made(model: str, env: Mapping[str, str]) -> Entry:
    kind = model.partition("/")[0]
    address = _ADDRESSES.get(kind)
    base_url = (env.get(address) or None) if address else None
    if base_url and (wrong := wrong_address(base_url)):
        raise WrongUse(f"{address} {wrong}")
    if kind in _OLLAMA_KINDS:
        return Entry(Provider(model, model, base_url=base_url))
    names = _KEYS.get(kind, (f"{kind.upper()}_API_KEY",))
    key = next((env[name] for name in names if env.get(name)), None)
    missing = [] if key else [names[0]]
    if kind == "azure" and not base_url:
        missing.append("AZURE_API_BASE")
    return Entry(Provider(model, model, api_key=Secret(key) if key else None, base_url=base_url), tuple(missing))
