"""What litellm's table says of a model: context, capabilities, prices.

The table is read as a file from the installed package. litellm itself is never imported here: that takes a second, and
by default fetches the newest table over the network, so that two runs would count by two price lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from harness.ask import Prices, Provider
from harness.errors import HarnessError
from harness.registry.entries import Entry
from harness.registry.pricing import prices_of

TABLE = "model_prices_and_context_window_backup.json"

_CAPABILITY: Mapping[str, str] = MappingProxyType(
    {
        "supports_assistant_prefill": "prefill",
        "supports_audio_input": "audio_input",
        "supports_audio_output": "audio_output",
        "supports_computer_use": "computer_use",
        "supports_function_calling": "tools",
        "supports_parallel_function_calling": "parallel_tools",
        "supports_pdf_input": "pdf_input",
        "supports_prompt_caching": "prompt_caching",
        "supports_reasoning": "reasoning",
        "supports_response_schema": "json_schema",
        "supports_system_messages": "system_messages",
        "supports_tool_choice": "tool_choice",
        "supports_video_input": "video_input",
        "supports_vision": "vision",
        "supports_web_search": "web_search",
    }
)
"""Our word for each of litellm's flags that says what a model can do; its other flags are about how to talk to it."""

CAPABILITIES = frozenset(_CAPABILITY.values())

_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cohere": ("cohere", "cohere_chat"),
        "cohere_chat": ("cohere_chat", "cohere"),
        "ollama": ("ollama",),
        "ollama_chat": ("ollama",),
        "openai": ("openai", "text-completion-openai"),
    }
)
"""litellm's names of one provider: the table knows its models under any of them."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model; None is unknown. `known`: whether litellm's table has it at all.

    `context_tokens` is the longest prompt, `max_output_tokens` the longest reply, `capabilities` are of `CAPABILITIES`, and so is what the
    model `lacks`. What is in neither is unknown.
    """

    known: bool = False
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: frozenset[str] = frozenset()
    prices: Prices = field(default_factory=Prices)
    lacks: frozenset[str] = frozenset()


class Catalogue:
    """litellm's table of models; `id` is its content address, which tells two price lists apart."""

    def __init__(self, table: Mapping[str, Mapping[str, Any]], id: str) -> None:  # noqa: A002 - the field's name in Prices
        self.table = {name: facts for name, facts in table.items() if name != "sample_spec"}
        self.id = id

    @classmethod
    def load(cls) -> Catalogue:
        """The table of the installed litellm. Raises HarnessError where litellm or its table is missing."""
        spec = find_spec("litellm")
        folder = Path(spec.origin).parent if spec and spec.origin else None
        if folder is None or not (folder / TABLE).exists():
            raise HarnessError(f"litellm's table of models ({TABLE}) is not installed: run `make setup`")
        raw = (folder / TABLE).read_bytes()
        return cls(orjson.loads(raw), hashlib.sha256(raw).hexdigest()[:12])

    def facts(self, of: Entry | Provider | str) -> ModelFacts:
        """The facts of a model by litellm's name, or of a provider: its own prices win, and an entry's own facts."""
        if isinstance(of, str):
            return self._facts(of)
        if isinstance(of, Provider):
            facts = self._facts(of.model)
            return replace(facts, prices=of.prices) if of.prices else facts
        facts = self.facts(of.provider)
        return replace(
            facts,
            context_tokens=of.context_tokens or facts.context_tokens,
            max_output_tokens=of.max_output_tokens or facts.max_output_tokens,
            capabilities=facts.capabilities if of.capabilities is None else of.capabilities,
            lacks=facts.lacks if of.capabilities is None else CAPABILITIES - of.capabilities,
        )

    @cached_property
    def kinds(self) -> frozenset[str]:
        """litellm's names of the providers that the table knows."""
        return frozenset(str(facts.get("litellm_provider")) for facts in self.table.values())

    def kind_of(self, bare: str) -> str | None:
        """Whose model it is that the table has under a name without prefix; None where it has none."""
        row = self.table.get(bare)
        return None if row is None or "/" in bare else str(row.get("litellm_provider"))

    def _facts(self, model: str) -> ModelFacts:
        row = next((row for name in self._names(model) if (row := self.table.get(name)) is not None), None)
        if row is None:
            return ModelFacts()
        return ModelFacts(
            known=True,
            context_tokens=_whole(row.get("max_input_tokens") or row.get("max_tokens")),
            max_output_tokens=_whole(row.get("max_output_tokens") or row.get("max_tokens")),
            capabilities=frozenset(word for flag, word in _CAPABILITY.items() if row.get(flag) is True),
            prices=prices_of(row, self.id),
            lacks=frozenset(word for flag, word in _CAPABILITY.items() if row.get(flag) is False),
        )

    def _names(self, model: str) -> Iterator[str]:
        """The names under which the table may have a model: as it is, by an alias, without its prefix."""
        kind, slash, bare = model.partition("/")
        if not slash or kind not in _ALIASES:
            yield model
        for alias in _ALIASES.get(kind, (kind,)) if slash else ():
            yield f"{alias}/{bare}"
            if self.kind_of(bare) == alias:
                yield bare


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
