"""The wires: a family of response formats, one file each, which decode what came back. Decoding is never on the clock."""

from __future__ import annotations

from harness.client.wires import anthropic_messages, cohere_chat, gemini, ollama_chat, openai_chat, replicate
from harness.client.wires.contract import Chunk, Decoded, Endpoint, Marks, Wire

WIRES: tuple[Wire, ...] = (
    openai_chat.WIRE,
    anthropic_messages.WIRE,
    cohere_chat.WIRE,
    ollama_chat.WIRE,
    gemini.WIRE,
    replicate.WIRE,
)
"""Every wire that we read ourselves; what none of them serves goes through litellm."""

__all__ = ["WIRES", "Chunk", "Decoded", "Endpoint", "Marks", "Wire", "wire_for"]


def wire_for(kind: str) -> Wire | None:
    """The wire that this kind of provider (litellm's name) speaks; None if litellm must do the calling too."""
    return next((wire for wire in WIRES if kind in wire.endpoints), None)
