"""The wires that the simulated fleet speaks: one module for each format, by litellm's name of the provider."""

from collections.abc import Mapping

from harness.simulate.reply import Wire
from harness.simulate.wires import anthropic_messages, cohere_chat, gemini, ollama_chat, openai_chat, replicate

WIRES: Mapping[str, Wire] = {
    openai_chat.KIND: openai_chat,
    anthropic_messages.KIND: anthropic_messages,
    gemini.KIND: gemini,
    replicate.KIND: replicate,
    cohere_chat.KIND: cohere_chat,
    ollama_chat.KIND: ollama_chat,
}
"""Every wire by the kind of provider that speaks it."""

ASKED_ONCE: tuple[Wire, ...] = tuple(wire for kind, wire in WIRES.items() if kind != replicate.KIND)
"""The wires on which one request brings the reply; on the other it is fetched by others (`predictions.py`)."""

__all__ = ["ASKED_ONCE", "WIRES"]
