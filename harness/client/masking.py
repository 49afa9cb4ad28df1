"""Our own key in what a server says: a reply is a fact, but a key is never written down."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from harness.ask import Secret, ToolCall
from harness.told import Reply

SHORTEST = 16
"""Local servers are given keys such as "none"; a word like that in a reply is no secret, and stays."""


def masked(reply: Reply, key: Secret | None) -> Reply:
    """The reply as it came, but for the key that it was asked with: where a server repeats that, it reads "***"."""
    secret = key.reveal() if key is not None else ""
    if len(secret) < SHORTEST or secret not in repr(reply):
        return reply
    texts: dict[str, Any] = _strings(reply, secret)
    return replace(
        reply,
        **texts,
        tool_calls=tuple(replace(call, **_strings(call, secret)) for call in reply.tool_calls),
    )


def _strings(value: Reply | ToolCall, secret: str) -> dict[str, str]:
    texts = {one.name: getattr(value, one.name) for one in fields(value)}
    return {name: text.replace(secret, "***") for name, text in texts.items() if isinstance(text, str)}
