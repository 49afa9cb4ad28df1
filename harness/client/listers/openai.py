"""GET /models as OpenAI has it (https://platform.openai.com/docs/api-reference/models), which most providers speak."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from harness.client.listers.contract import Lister, Page, items, model
from harness.client.plain import Place
from harness.client.wires.counts import inside
from harness.client.wires.openai_chat import ENDPOINTS

_CHAT = ("/chat/completions",)
_NONE = frozenset({"perplexity"})
"""Speaks the format and lists no models."""
PLACES = MappingProxyType(
    {kind: Place("/models", one.base, chat=_CHAT) for kind, one in ENDPOINTS.items() if kind not in _NONE}
    | {"azure": Place("/openai/models?api-version={api_version}", key="api-key")}
)
"""The kinds of providers, by litellm's name, whose servers take this."""

_CONTEXT = ("context_length", "context_window", "max_model_len", "max_context_length", "context_size")
"""What OpenRouter and Together, Groq, vLLM, Mistral, Novita call it; OpenAI does not tell."""


def read(told: Any) -> Page:
    """All models are on one page; Together's list has nothing around it."""
    listed = items(told if isinstance(told, list) else inside(told, "data"))
    return Page(tuple(model(one, id_keys=("id",), context=_CONTEXT, created="created") for one in listed))


def names(wanted: str) -> frozenset[str]:
    """Itself; on Hugging Face's router a model may be asked for at one of its servers, `owner/model:server`."""
    return frozenset({wanted, wanted.partition(":")[0]})


LISTER = Lister(
    "openai_models",
    PLACES,
    read,
    names=names,
    public=frozenset({"deepinfra", "huggingface", "nvidia_nim", "novita", "openrouter"}),
    lists_base_models=frozenset({"azure"}),
)
"""Azure tells its deployments to its management API only, which takes another credential."""
