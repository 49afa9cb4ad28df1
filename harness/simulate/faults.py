"""The faults that a simulated provider can show: rows of data, drawn by a profile's rates or forced by a request header.

A fault is what happens, not how a wire writes it: each wire puts a `Refusal` into its own error form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

FORCE_HEADER = "x-simulate-fault"
"""A request with this header gets the fault that it names, whatever the profile's rates."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error in place of an answer. `code` is what tells it from others of its status, where there is such a thing."""

    status: int
    message: str
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection closes in the middle of the answer, after this share of its chunks (of its bytes, not streamed)."""

    after: float


Fault = Refusal | Cut

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "rate_limited": Refusal(
            429, "Rate limit reached: too many requests", code="rate_limit_exceeded", headers={"retry-after": "1"}
        ),
        "server_error": Refusal(500, "The server had an error while processing your request"),
        "overloaded": Refusal(529, "Overloaded", code="overloaded"),
        "stream_truncated": Cut(after=0.5),
    }
)


def drawn(rates: Mapping[str, float], chance: float) -> Fault | None:
    """The fault that `chance` (uniform from 0 to 1) falls on when each has its rate of the unit interval, or None."""
    for name, rate in rates.items():
        chance -= rate
        if chance < 0:
            return FAULTS[name]
    return None
