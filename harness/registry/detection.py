"""Whose a model is, told from its bare name: the catalogue first, then the families' usual names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.errors import WrongUse
from harness.registry.catalogue import Catalogue

PROMISED = (
    "openai", "anthropic", "gemini", "azure", "groq", "together_ai", "replicate", "huggingface", "cohere", "ollama_chat",
)  # fmt: skip
"""The providers that a bare name is looked for at, by litellm's names. `ollama_chat` is Ollama's chat endpoint, which
knows tools; litellm's `ollama` is the older one, which does not."""

_MEANT = {"cohere_chat": "cohere", "ollama": "ollama_chat", "text-completion-openai": "openai"}
_UNPRICED = frozenset(
    {
        "cohere", "custom_openai", "docker_model_runner", "hosted_vllm", "huggingface", "litellm_proxy", "llamafile",
        "lm_studio", "ollama_chat", "openai_like", "openrouter", "vllm", "xinference",
    }
)  # fmt: skip
"""Prefixes that litellm reads but has no priced model for."""

_FAMILIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (
            r"(gpt-(?!oss)|chatgpt-|ft:|o\d(-|$)|codex-|davinci|babbage|text-embedding-(3|ada)|whisper-|tts-|dall-e)",
            "openai",
        ),
        (r"claude", "anthropic"),
        (r"gemini", "gemini"),
        (r"(command|c4ai-|aya-)", "cohere"),
        (r"(llama|mixtral|gemma)[^/]*-(versatile|instant|specdec|32768)$", "groq"),
        (r"[\w.-]+/[\w.-]+:[0-9a-f]{64}$", "replicate"),
        (r"([\w.-]+/)?[\w.-]+:[\w.-]+$", "ollama_chat"),
        (
            r"(codellama|deepseek-r|gemma|gpt-oss|granite|llama|mistral|mixtral|phi|qwen|smollm|tinyllama)\d*(\.\d+)*$",
            "ollama_chat",
        ),
    )
)
"""The usual names of one provider's models; the first that fits counts."""

_OPEN_WEIGHTS = re.compile(
    r"(codellama|deepseek|gemma|glm|gpt-oss|granite|kimi|llama|mistral|mixtral|phi|qwen)", re.IGNORECASE
)
_SERVE_OPEN_WEIGHTS = ("groq", "together_ai", "replicate", "huggingface", "ollama_chat")
_SERVE_BY_OWNER = ("together_ai", "replicate", "huggingface")
_MOST_SHOWN = 6


def detect(model: str, catalogue: Catalogue) -> str:
    """litellm's name, with its prefix, of a model: "gpt-4o-mini" is "openai/gpt-4o-mini".

    A name that has a prefix of litellm's already is returned as it is. Raises WrongUse, with the candidates, where
    several of the promised providers may be meant, or none is known; what would be right is on its second line.
    """
    if is_prefixed(model, catalogue):
        return model
    kind = catalogue.kind_of(model)
    kind = _MEANT.get(kind or "", kind)
    if kind in PROMISED:
        return f"{kind}/{model}"
    found = _candidates(model, catalogue)
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(found[:_MOST_SHOWN]) + (", …" if len(found) > _MOST_SHOWN else "")
        raise WrongUse(f"several providers serve '{model}'\nwrite which: {shown}")
    raise WrongUse(
        f"the provider of '{model}' cannot be told from its name\n"
        f"write provider/model; for a server that speaks OpenAI's protocol: openai/{model} and its base_url"
    )


def is_prefixed(model: str, catalogue: Catalogue) -> bool:
    """Whether what stands before the first slash is a provider of litellm's."""
    kind, slash, _ = model.partition("/")
    return bool(slash) and is_provider(kind, catalogue)


def is_provider(kind: str, catalogue: Catalogue) -> bool:
    """Whether litellm has a provider of that name."""
    return kind in catalogue.kinds or kind in _UNPRICED


def known_providers(catalogue: Catalogue) -> frozenset[str]:
    """litellm's names of providers."""
    return catalogue.kinds | _UNPRICED


def _candidates(model: str, catalogue: Catalogue) -> list[str]:
    """Who may be meant, the promised providers in their order: a name behind a prefix alone settles it."""
    family = next((kind for pattern, kind in _FAMILIES if pattern.match(model)), None)
    behind, deeper, elsewhere = _behind_prefixes(model, catalogue)
    if family != "openai":
        behind = {name for name in behind if not name.startswith("azure/")}
    if behind:
        return _in_order(behind)
    if family:
        return _in_order({f"{family}/{model}", *deeper})
    if deeper or elsewhere:
        return _in_order(deeper or elsewhere)
    if "/" in model:
        return [f"{kind}/{model}" for kind in _SERVE_BY_OWNER]
    return [f"{kind}/{model}" for kind in _SERVE_OPEN_WEIGHTS] if _OPEN_WEIGHTS.match(model) else []


def _behind_prefixes(model: str, catalogue: Catalogue) -> tuple[set[str], set[str], set[str]]:
    """Names in the table: `prefix/model` and `prefix/…/model` of the promised providers, `prefix/model` of others."""
    behind: set[str] = set()
    deeper: set[str] = set()
    elsewhere: set[str] = set()
    small = model.lower()
    for name in catalogue.table:
        prefix, _, rest = name.partition("/")
        kind = _MEANT.get(prefix, prefix)
        if rest.lower() == small and is_provider(kind, catalogue):
            (behind if kind in PROMISED else elsewhere).add(f"{kind}/{rest}")
        elif kind in PROMISED and kind != "azure" and rest.lower().endswith("/" + small):
            deeper.add(f"{kind}/{rest}")
    return behind, deeper, elsewhere


def _in_order(names: Iterable[str]) -> list[str]:
    places = {kind: place for place, kind in enumerate(PROMISED)}
    return sorted(names, key=lambda name: (places.get(name.partition("/")[0], len(PROMISED)), name))
