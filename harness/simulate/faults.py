"""The faults that a simulated provider can show: rows of data, drawn by a profile's rates or forced by a request header.

A fault is what happens, not how a wire writes it: each wire puts a `Refusal` into its own error form, and a `Bent` reply is bent in what
was said or in the bytes that the wire made of it (`bends.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

FORCE_HEADER = "x-simulate-fault"
"""A request with this header gets the fault that it names, whatever the profile's rates; `NAME;pause_s=0.01` sets the pause of a slow one."""

FOREVER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in place of an answer. `code` is what tells it from others of its status, where there is such a thing.

    `shown_as` is the HTTP status if it is not the error's own. `html`: a gateway's page instead of the wire's error form. `date_in_s`: a
    Retry-After as a date so many seconds ahead.
    """

    status: int
    message: str
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    shown_as: int | None = None
    html: bool = False
    date_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Instead:
    """A response with HTTP status 200 whose body is these bytes, so many times, whatever was asked."""

    body: bytes
    times: int = 1
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Cut:
    """What ends the answer after this share of its chunks (of its bytes, not streamed).

    The connection is closed or reset, nothing more comes for an hour, or the body ends as if it were whole.
    """

    after: float
    how: Literal["closed", "reset", "stalled", "ended"] = "closed"


@dataclass(frozen=True, slots=True)
class Slow:
    """The right answer with a pause: before its first byte, between the bytes of its head, or between those of its body."""

    part: Literal["start", "head", "body"]
    pause_s: float


@dataclass(frozen=True, slots=True)
class Broken:
    """An error in the middle of a stream, after this share of its chunks; not streamed: the error with HTTP status 200."""

    after: float
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Labelled:
    """The right answer under the wrong content type."""

    content_type: str


@dataclass(frozen=True, slots=True)
class Bent:
    """An answer that is changed on its way out; `how` is a name in `bends.py`."""

    how: str


Act = Refusal | Instead | Cut | Slow | Broken | Labelled | Bent


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, in words and in deed.

    `harmless`: the whole answer gets through to a client that reads well. `stream_only`: a reply that is not streamed is as it should be.
    """

    says: str
    act: Act
    harmless: bool = False
    stream_only: bool = False


def _limited(says: str, date_in_s: float | None = None, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    message = "Rate limit reached: too many requests"
    return Fault(says, Refusal(429, message, "rate_limit_exceeded", named, date_in_s=date_in_s))


_QUOTA = "You exceeded your current quota; please check your plan and billing details"
_TOO_LONG = "The prompt is too long: this model's maximum context length is 8192 tokens"
_FILTERED = "The prompt was stopped by the content filter: it triggers our content management policy"
_FAILED = "The server had an error while processing your request"

_REFUSALS: Mapping[str, Fault] = {
    "rate_limited": _limited("429, Retry-After in seconds", retry_after="1"),
    "rate_limited_date": _limited("429, Retry-After as a date", date_in_s=30.0),
    "rate_limited_bare": _limited("429 without Retry-After"),
    "rate_limited_long": _limited("429, Retry-After of a day", retry_after="86400"),
    "rate_limited_absurd": _limited("429, Retry-After of 3,000 years", retry_after="99999999999"),
    "rate_limited_negative": _limited("429, Retry-After below 0", retry_after="-5"),
    "quota_exhausted": Fault("429 because the account's quota is used up", Refusal(429, _QUOTA, "insufficient_quota")),
    "auth": Fault("401, a wrong key", Refusal(401, "Incorrect API key provided", "invalid_api_key")),
    "forbidden": Fault("403", Refusal(403, "This account has no access to this resource", "forbidden")),
    "model_not_found": Fault("404, no such model", Refusal(404, "The model does not exist", "model_not_found")),
    "context_overflow": Fault("400, the prompt is too long", Refusal(400, _TOO_LONG, "context_length_exceeded")),
    "content_filtered": Fault("400, the prompt was filtered", Refusal(400, _FILTERED, "content_filter")),
    "request_timeout": Fault("408", Refusal(408, "The request timed out")),
    "too_large": Fault("413", Refusal(413, "The request exceeds the maximum size")),
    "server_error": Fault("500", Refusal(500, _FAILED)),
    "bad_gateway": Fault("502 with a page of HTML", Refusal(502, "502 Bad Gateway", html=True)),
    "unavailable": Fault("503", Refusal(503, "The service is temporarily unavailable")),
    "gateway_timeout": Fault("504 with a page of HTML", Refusal(504, "504 Gateway Time-out", html=True)),
    "overloaded": Fault("529 in the wire's own style", Refusal(529, "Overloaded", "overloaded")),
    "overloaded_as_500": Fault("529 that a gateway shows as 500", Refusal(529, "Overloaded", shown_as=500)),
    "error_body": Fault("200 with an error as its body", Refusal(500, _FAILED, shown_as=200)),
}

_BODIES: Mapping[str, Fault] = {
    "malformed_body": Fault("200, the body is JSON cut short", Instead(b'{"id":"x","choices":[{"mess')),
    "empty_body": Fault("200, an empty body", Instead(b"")),
    "oversized_body": Fault("200, a body of 80 MiB", Instead(b" " * 2**20, times=80)),
    "html_body": Fault("200, a page of HTML", Instead(b"<html><h1>Welcome</h1></html>", content_type="text/html")),
    "wrong_content_type": Fault("the right answer as text/html", Labelled("text/html"), harmless=True),
    "empty_choices": Fault("no choice in the answer", Bent("empty_choices")),
    "null_content": Fault("nothing said, and finished", Bent("null_content")),
    "usage_missing": Fault("no token counts", Bent("usage_missing"), harmless=True),
    "usage_zero": Fault("all token counts 0", Bent("usage_zero"), harmless=True),
    "usage_negative": Fault("token counts below 0", Bent("usage_negative"), harmless=True),
    "usage_text": Fault("token counts in words", Bent("usage_text"), harmless=True),
    "other_model": Fault("another model than asked for", Bent("other_model"), harmless=True),
}

_SLOW: Mapping[str, Fault] = {
    "hang": Fault("nothing comes, for an hour", Slow("start", FOREVER_S)),
    "slow_headers": Fault("one byte of the headers a second", Slow("head", 1.0)),
    "one_byte_a_second": Fault("one byte of the body a second", Slow("body", 1.0)),
    "stall": Fault("half of the answer, then nothing for an hour", Cut(0.5, "stalled")),
    "all_at_once": Fault("a proxy holds all chunks until the last", Bent("all_at_once"), True, True),
}

_STREAMS: Mapping[str, Fault] = {
    "stream_truncated": Fault("the connection closes half-way", Cut(0.5)),
    "reset": Fault("the connection is reset half-way", Cut(0.5, "reset")),
    "reset_at_once": Fault("the connection is reset before the answer", Cut(0.0, "reset")),
    "clean_end": Fault("half of the stream, then its proper end", Cut(0.5, "ended")),
    "end_marker_only": Fault("the end marker without a finish reason", Bent("end_marker_only"), stream_only=True),
    "no_end_marker": Fault("a finish reason without the end marker", Bent("no_end_marker"), stream_only=True),
    "error_in_stream": Fault("an error in mid-stream", Broken(0.5, Refusal(529, "Overloaded", "overloaded"))),
    "malformed_chunk": Fault("a chunk in the middle is not JSON", Bent("malformed_chunk"), stream_only=True),
    "duplicated_chunks": Fault("chunks come twice", Bent("duplicated_chunks"), True, True),
    "empty_chunks": Fault("chunks and events of nothing between the others", Bent("empty_chunks"), True, True),
    "comments": Fault("comments between the chunks", Bent("comments"), True, True),
    "crlf": Fault("lines end in CRLF", Bent("crlf"), True, True),
    "split_characters": Fault("chunks are cut within characters", Bent("split_characters"), True, True),
    "tool_json_cut": Fault("the JSON of a tool call is cut short", Bent("tool_json_cut"), stream_only=True),
}

FAULTS: Mapping[str, Fault] = MappingProxyType({**_REFUSALS, **_BODIES, **_SLOW, **_STREAMS})
"""Every fault by its name."""


def drawn(rates: Mapping[str, float], chance: float) -> Fault | None:
    """The fault that `chance` (uniform from 0 to 1) falls on when each has its rate of the unit interval, or None."""
    for name, rate in rates.items():
        chance -= rate
        if chance < 0:
            return FAULTS[name]
    return None


def forced(value: str) -> Fault:
    """The fault that the header's value names. Raises ValueError, saying what would be right, for a value that names none."""
    name, _, option = (part.strip() for part in value.partition(";"))
    if name not in FAULTS:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(FAULTS)}")
    fault = FAULTS[name]
    if not option:
        return fault
    key, _, number = option.partition("=")
    if key != "pause_s" or not isinstance(fault.act, Slow):
        raise ValueError(f"{option!r} is no option of {name}; only slow faults have one, pause_s=SECONDS")
    try:
        pause_s = float(number)
    except ValueError:
        pause_s = math.nan
    if not 0 <= pause_s <= FOREVER_S:
        raise ValueError(f"pause_s must be a number of seconds from 0 to {FOREVER_S:g}, not {number!r}")
    return replace(fault, act=replace(fault.act, pause_s=pause_s))
