"""What is right for each fault: the failure that it is, what is kept of the answer, what is known of its tokens. Rows of data.

Written down from the meaning of each fault and of each kind of failure, not from what the client does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from harness.told import SIDES

ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Right:
    """What a client that reads well makes of a fault.

    `text`: how much of the text and of the tool calls is kept ("all", "some", "none", "perhaps some", "one piece twice"). `tokens`: "told" by the
    server at the end, "prompt + 0", "none", or "so far": none, or those told before it broke off, of no more than came. `finish` is None where
    none was told.
    """

    kind: str = ANSWERED
    retryable: bool = False
    retry_after_s: float | None = None
    text: str = "all"
    tokens: str = "told"
    finish: str | None = "stop"

    @property
    def side(self) -> str:
        """Whose failure it is; of an answer, nobody's."""
        return SIDES.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: what is right when it is streamed and when it is not (None: then there is nothing to see).

    `but` is by the kind of provider, where its format makes another thing of it (None: there is nothing to see). `option` is what the header
    says behind the fault's name; `tools` asks the question whose answer is a tool call.
    """

    streamed: Right
    whole: Right | None = None
    but: Mapping[str, Row | None] = field(default_factory=dict)
    option: str = ""
    tools: bool = False


def _failed(kind: str, *, again: bool = True, after: float | None = None, text: str = "none") -> Right:
    return Right(kind, again, after, text, "none" if text == "none" else "so far", None)


def _both(right: Right) -> Row:
    return Row(right, right)


_LIMITED = _failed("rate_limited")
_FINE = Right()
_UNCOUNTED = Right(tokens="none")
_MALFORMED = _failed("response_malformed")
_EMPTY = Right("empty_response", True, text="none", tokens="prompt + 0")
_UNFINISHED = _failed("stream_truncated", text="some")
_BROKEN = _failed("overloaded", text="some")
_NO_CHOICE = Row(replace(_EMPTY, kind="stream_truncated", finish=None), replace(_EMPTY, finish=None))
"""Where the finish reason is the choice's, none is told without a choice."""

_NO_END_TOLD = replace(_UNCOUNTED, finish=None)
_USAGE = Row(_UNCOUNTED, _UNCOUNTED, {"replicate": Row(_NO_END_TOLD, _NO_END_TOLD)})
"""Replicate tells no finish reason: that the token limit was not met is known from the count only."""

ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "rate_limited": _both(replace(_LIMITED, retry_after_s=1.0)),
        "rate_limited_date": _both(replace(_LIMITED, retry_after_s=30.0)),
        "rate_limited_bare": _both(_LIMITED),
        "rate_limited_long": _both(replace(_LIMITED, retry_after_s=86_400.0)),
        "rate_limited_absurd": _both(_LIMITED),
        "rate_limited_negative": _both(_LIMITED),
        "quota_exhausted": _both(_failed("quota_exhausted", again=False)),
        "auth": _both(_failed("auth", again=False)),
        "forbidden": _both(_failed("auth", again=False)),
        "model_not_found": _both(_failed("model_not_found", again=False)),
        "context_overflow": _both(_failed("context_overflow", again=False)),
        "content_filtered": _both(_failed("content_filtered", again=False)),
        "request_timeout": _both(_failed("server_error")),
        "too_large": _both(_failed("bad_request", again=False)),
        "server_error": _both(_failed("server_error")),
        "bad_gateway": _both(_failed("bad_gateway")),
        "unavailable": _both(_failed("overloaded")),
        "gateway_timeout": _both(_failed("bad_gateway")),
        "overloaded": _both(_failed("overloaded")),
        "overloaded_as_500": _both(_failed("overloaded")),
        "error_body": _both(_failed("server_error")),
        "malformed_body": _both(_MALFORMED),
        "empty_body": _both(_MALFORMED),
        "oversized_body": _both(_MALFORMED),
        "html_body": _both(_MALFORMED),
        "wrong_content_type": _both(_FINE),
        "empty_choices": Row(_EMPTY, _EMPTY, {"openai": _NO_CHOICE, "gemini": _NO_CHOICE}),
        "null_content": _both(_EMPTY),
        "usage_missing": _USAGE,
        "usage_zero": _USAGE,  # a prompt has tokens: who says 0 has not counted
        "usage_negative": _USAGE,
        "usage_text": _USAGE,
        "other_model": _both(_FINE),
        "hang": Row(_failed("timeout_first_token"), _failed("timeout_total", again=False)),
        "slow_headers": Row(
            _failed("timeout_first_token"), _failed("timeout_total", again=False), option=";pause_s=0.05"
        ),
        "one_byte_a_second": Row(
            _failed("timeout_total", again=False, text="perhaps some"),
            _failed("timeout_total", again=False),
            option=";pause_s=0.004",
        ),
        "stall": Row(
            _failed("timeout_stall", text="some"),
            _failed("timeout_stall"),
            # what is not streamed is asked for again and again: only the whole of that has a deadline
            {"replicate": Row(_failed("timeout_stall", text="some"), _failed("timeout_total", again=False))},
        ),
        "all_at_once": Row(_FINE),
        "stream_truncated": Row(_UNFINISHED, _MALFORMED),
        "reset": Row(_failed("connection_reset", text="some"), _failed("connection_reset")),
        "reset_at_once": _both(_failed("connection_reset")),
        "clean_end": Row(_UNFINISHED, _MALFORMED),
        "end_marker_only": Row(
            replace(_UNFINISHED, text="all"),
            # the finish reason is the end, or is not in the stream
            but={kind: Row(_FINE) for kind in ("gemini", "ollama_chat", "replicate")},
        ),
        "no_end_marker": Row(
            replace(_UNFINISHED, text="all", tokens="told", finish="stop"),
            but={
                "openai": Row(_FINE),  # not every server sends [DONE]
                "cohere": Row(_FINE),
                "gemini": Row(replace(_UNFINISHED, text="all")),
                "replicate": Row(replace(_UNFINISHED, text="all")),
                "ollama_chat": Row(replace(_UNFINISHED, text="all")),
            },
        ),
        "error_in_stream": Row(
            _BROKEN,
            _failed("overloaded"),
            # the prediction itself goes on, and is asked how it ended
            {"replicate": Row(replace(_BROKEN, tokens="told", finish="stop"), _failed("overloaded"))},
        ),
        "malformed_chunk": Row(_failed("stream_malformed", text="some"), but={"replicate": None}),  # plain text
        "duplicated_chunks": Row(Right(text="one piece twice")),
        "empty_chunks": Row(_FINE),
        "comments": Row(_FINE),
        "crlf": Row(_FINE),
        "split_characters": Row(_FINE),
        "tool_json_cut": Row(
            Right(text="some", finish="tool_calls"),
            but={
                "gemini": None,
                "ollama": None,
                "ollama_chat": None,
                "replicate": None,
            },  # arguments as objects; no tools
            tools=True,
        ),
        "refused": _both(_failed("connect_refused")),
        "dns": _both(_failed("dns", again=False)),
        "tls": _both(_failed("tls", again=False)),
    }
)
"""Every fault by its name: those of the fleet, and three that no server can show: nobody listens, no such name, no TLS."""
