"""The wires that the simulated fleet speaks: one module for each format, by litellm's name of the provider."""

from collections.abc import Mapping

from harness.simulate.reply import Wire
from harness.simulate.wires import anthropic_messages, gemini, openai_chat

WIRES: Mapping[str, Wire] = {
    openai_chat.KIND: openai_chat,
    anthropic_messages.KIND: anthropic_messages,
    gemini.KIND: gemini,
}
"""Every wire by the kind of provider that speaks it."""

__all__ = ["WIRES"]
