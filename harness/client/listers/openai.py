"""GET /models as OpenAI has it (https://platform.openai.com/docs/api-reference/models), which most providers speak."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from harness.client.listers.contract import Lister, Page, items, model
from harness.client.plain import Place
from harness.client.wires.counts import inside

_CHAT = ("/chat/completions",)
_USUAL = Place("/models", chat=_CHAT)
PLACES = MappingProxyType(
    {
        "openai": Place("/models", "https://api.openai.com/v1", chat=_CHAT),
        "azure": Place("/openai/models?api-version={api_version}", key="api-key"),
        "huggingface": Place("/models", "https://router.huggingface.co/v1", chat=_CHAT),
        "openrouter": Place("/models", "https://openrouter.ai/api/v1", chat=_CHAT),
        "cerebras": _USUAL,
        "custom_openai": _USUAL,
        "deepinfra": _USUAL,
        "deepseek": _USUAL,
        "fireworks_ai": _USUAL,
        "groq": _USUAL,
        "hosted_vllm": _USUAL,
        "litellm_proxy": _USUAL,
        "llamafile": _USUAL,
        "lm_studio": _USUAL,
        "mistral": _USUAL,
        "nebius": _USUAL,
        "novita": _USUAL,
        "nvidia_nim": _USUAL,
        "openai_like": _USUAL,
        "sambanova": _USUAL,
        "together_ai": _USUAL,
        "xai": _USUAL,
    }
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
