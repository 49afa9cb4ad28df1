"""Why there is no answer: HTTP status, headers and body → Failure, in this one place.

What a server says in its body weighs more than its status, since gateways rewrite statuses: a 500 whose body says
`overloaded_error` is `overloaded`. Error texts are in plain words, short, and without the key.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from harness.ask import Secret
from harness.told import Failure

RETRYABLE = frozenset(
    {
        "overloaded", "server_error", "bad_gateway", "timeout_first_token", "timeout_stall", "stream_truncated",
        "stream_malformed", "response_malformed", "empty_response", "rate_limited", "connect_refused", "connect_timeout",
        "connection_reset",
    }
)  # fmt: skip
"""What the next attempt may find otherwise. The total deadline is ours: a second attempt would take as long again."""

LONGEST_ERROR = 500
LONGEST_RETRY_AFTER_S = 31 * 86_400.0  # what is beyond a month is no promise but a mistake

_WORDS: Mapping[str, str] = {
    "quota_exhausted": """insufficient_quota|exceeded your current quota|credit balance is too low|billing_hard_limit|
        billing_not_active|insufficient (?:credit|balance|funds)|out of credits|quota_exhausted|calls / month""",
    "overloaded": r"overloaded_error|engine_overloaded|model_overloaded|\boverloaded\b",
    "context_overflow": """context_length_exceeded|maximum context length|prompt is too long|context window|
        too many (?:input )?tokens|input is too long|exceeds? the (?:model's )?(?:maximum )?(?:context|number of tokens)""",
    "content_filtered": """content_filter|content_policy_violation|responsibleaipolicyviolation|flagged by moderation|
        content management policy|moderation_blocked|input was flagged""",
    "model_not_found": r"""model_not_found|model_decommissioned|deploymentnotfound|unknown_model|invalid_model|
        model\W[^.]{0,120}\b(?:does not exist|not found|is not available|decommissioned)""",
    "unsupported_parameter": """unsupported_parameter|unsupported_value|unrecognized request argument|unknown_parameter|
        unknown parameter|extra_forbidden|extra inputs are not permitted|does not support (?:parameter|tools|thinking)|cannot find field""",
    "auth": "invalid_api_key|authentication_error|incorrect api key|api key not valid|invalid x-api-key",
    "rate_limited": "rate_limit_exceeded|rate_limit_error|too many requests|rate limit reached",
}
_PATTERNS = {kind: re.compile(re.sub(r"\n\s*", "", words), re.IGNORECASE) for kind, words in _WORDS.items()}

_STATUS = {
    400: "bad_request", 401: "auth", 402: "quota_exhausted", 403: "auth", 404: "model_not_found", 408: "server_error",
    413: "bad_request", 429: "rate_limited", 502: "bad_gateway", 503: "overloaded", 504: "bad_gateway", 529: "overloaded",
}  # fmt: skip
_LASTING_LIMIT = re.compile(r"PerDay|\blimit: 0\b|credits are depleted|spend(?:ing)? cap", re.IGNORECASE)
"""What tells a limit that waiting a minute does not lift in an error of Google's, whose prose is the same for both."""
_GATEWAY = range(520, 528)  # Cloudflare's own

_KEY_SHAPES = re.compile(r"\b(?:sk|pk|rk|gsk|hf|r8|xai|pplx|nvapi|AIza)[-_]?[A-Za-z0-9*_-]{12,}")


def failure(kind: str, error: str, *, key: Secret | None = None, retry_after_s: float | None = None) -> Failure:
    """A failure whose error is scrubbed and cut; retryable as its kind is."""
    return Failure(kind, scrub(error, key), kind in RETRYABLE, retry_after_s)


def scrub(text: str, key: Secret | None = None) -> str:
    """The text on one line, at most 500 characters, without the key and without anything that has a key's shape."""
    if key is not None and key.reveal():
        text = text.replace(key.reveal(), "***")
    text = " ".join(_KEY_SHAPES.sub("***", text).split())
    return text if len(text) <= LONGEST_ERROR else text[: LONGEST_ERROR - 1] + "…"


def from_http(status: int, headers: Mapping[str, str], body: bytes, key: Secret | None = None) -> Failure:
    """The failure that an answer with an HTTP status of 300 or more stands for; `headers` are looked up in lower case."""
    told = _json_of(body)
    said = _text_of(body) if told is None else _message_of(told)
    after = retry_after(headers, datetime.now(UTC))
    if 300 <= status < 400:
        place = headers.get("location", "nowhere")
        return failure("bad_request", f"HTTP {status}: the server redirects to {place}; is base_url right?", key=key)
    limit, delay = _google_limit(told)
    kind, after = limit or _kind(status, said), delay if after is None else after
    found = failure(kind, f"HTTP {status}: {said or 'no more was said'}", key=key, retry_after_s=after)
    if kind == "rate_limited" and status == 413:  # a request larger than the whole rate never fits
        return Failure(found.kind, found.error, False, after)
    return found


def from_error(error: Any, key: Secret | None = None) -> Failure:
    """The failure that an error object stands for which came with HTTP 200, as a body or in mid-stream."""
    said = _message_of(error)
    status = error.get("code", error.get("status")) if isinstance(error, Mapping) else None
    if not isinstance(status, int) or not 400 <= status < 600:
        status = 500
    limit, delay = _google_limit(error)
    return failure(limit or _kind(status, said), f"the server reports an error: {said}", key=key, retry_after_s=delay)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date.

    None where there is none, where it is not one of these, and where it is negative or beyond a month; a date in the past is 0.
    """
    seconds = _number(headers.get("retry-after-ms"), 0.001)
    if seconds is None and (value := headers.get("retry-after")) is not None:
        seconds = _number(value, 1.0)
        if seconds is None:
            seconds = _until(value, now)
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_RETRY_AFTER_S else None


def _number(value: str | None, scale: float) -> float | None:
    try:
        number = float(value or "") * scale
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(value: str, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def _kind(status: int, said: str) -> str:
    words = next((kind for kind, pattern in _PATTERNS.items() if pattern.search(said)), None)
    if words == "overloaded" and status == 429:
        words = None  # "overloaded" in the prose of a rate limit is an excuse, the status is the fact
    if words is not None and not (status in {401, 404} and words == "rate_limited"):
        return words
    if status in _STATUS:
        return _STATUS[status]
    if status >= 500:
        return "bad_gateway" if status in _GATEWAY else "server_error"
    return "bad_request"


def _google_limit(error: Any) -> tuple[str | None, float | None]:
    """The kind and the seconds to wait that an error of Google's tells for a limit (https://google.aip.dev/193); None and None for others.

    Its details name each limit that was met, by the minute or by the day, and the time to wait.
    """
    if isinstance(error, list) and len(error) == 1:
        error = error[0]
    if isinstance(error, Mapping) and isinstance(error.get("error"), Mapping):
        error = error["error"]
    if not isinstance(error, Mapping) or error.get("status") != "RESOURCE_EXHAUSTED":
        return None, None
    kind = "quota_exhausted" if _LASTING_LIMIT.search(json.dumps(error)) else "rate_limited"
    details = error.get("details")
    delays = [one.get("retryDelay") for one in details if isinstance(one, Mapping)] if isinstance(details, list) else []
    delay = next((_number(one.removesuffix("s"), 1.0) for one in delays if isinstance(one, str)), None)
    return kind, delay if delay is not None and 0 <= delay <= LONGEST_RETRY_AFTER_S else None


def _json_of(body: bytes) -> Any:
    """The body's value; None where it is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _text_of(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if "<" in text[:200]:
        text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]+>", " ", text)
    return " ".join(text.split())


def _message_of(value: Any) -> str:
    """What an error object says, with its type and code in brackets."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        return value if isinstance(value, str) else json.dumps(value)
    inner = value.get("error")
    if isinstance(inner, Mapping):
        return _message_of(inner)
    message = next((value[k] for k in ("message", "error", "detail", "msg") if isinstance(value.get(k), str)), None)
    if message is None:
        return json.dumps(dict(value))
    codes = [str(value[name]) for name in ("type", "code", "status") if value.get(name) not in (None, "", message)]
    return f"{message} [{', '.join(codes)}]" if codes else message
