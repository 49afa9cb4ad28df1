"""What every wire is: how its servers are addressed, and two pure functions that read what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness.ask import Prompt
from harness.told import Failure, Reply, Usage

Chunk = tuple[float, bytes]
"""Bytes with the second (monotonic clock) at which they arrived."""


@dataclass(frozen=True, slots=True)
class Marks:
    """When what came arrived (monotonic seconds): first content, first visible content, last content, each piece of content."""

    first: float | None = None
    visible: float | None = None
    last: float | None = None
    pieces: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a body or a stream says; of a failed one, what had come until then."""

    reply: Reply = field(default_factory=Reply)
    usage: Usage = field(default_factory=Usage)
    marks: Marks = field(default_factory=Marks)
    failure: Failure | None = None


Writer = Callable[[dict[str, Any], Any], bool]
"""Writes a parameter's value into a body that is complete but for it; False if the format has no way to say it."""


class Builder(Protocol):
    """Builds requests for a kind whose class at litellm does not build whole ones: from litellm's parameters, by other functions of its.

    Whether the reply is streamed is said by the address, not in the body.
    """

    def serves(self, prompt: Prompt) -> bool:
        """Whether the request for this prompt can be built without asking anybody; what cannot, litellm calls."""
        ...

    def sends(self, name: str) -> bool:
        """Whether litellm's parameter of this name comes into the body."""
        ...

    def body(self, model: str, messages: list[Any], options: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """The body: `options` are litellm's parameters, `said` what it wants to know of the call; the lists and dicts may be changed."""
        ...

    def url(self, base: str, model: str, *, stream: bool) -> str:
        """The address."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one kind of provider (litellm's name) on a wire is addressed.

    `base` is used where the registry gives no base_url; None: litellm knows it, or there is none and base_url must be given. `path` is appended to the base unless it
    ends so already; None: litellm's own rule. `{model}` and `{api_version}` in it are filled in. `key_header` carries the key; None:
    litellm's own headers. `asks_usage`: a stream tells its usage only when asked to, by `stream_options`. `has_responses`: some models answer in
    OpenAI's responses API only. `host_first`: the model may
    be written `host/owner/model`, which the server knows as `owner/model:host`. `builder` builds body and address where litellm's class for
    the kind does not. `streams_unasked`: a body must say that it wants no stream. `translated_as`: the kind whose classes at litellm build the
    request, if not its own.
    """

    base: str | None = None
    path: str | None = None
    key_header: str | None = None
    asks_usage: bool = False
    has_responses: bool = False
    host_first: bool = False
    builder: Builder | None = None
    streams_unasked: bool = False
    translated_as: str | None = None


@dataclass(frozen=True)
class Wire:
    """One response format: its name, the kinds of providers that speak it, how it is read.

    `messages` names the keys of the request's body that hold messages; the rest are parameters. `writes` are the parameters that the format
    has and litellm's classes leave out.
    """

    name: str
    endpoints: Mapping[str, Endpoint]
    read_body: Callable[[Sequence[Chunk]], Decoded]
    read_stream: Callable[[Sequence[Chunk]], Decoded]
    messages: frozenset[str] = field(default=frozenset({"messages"}))
    writes: Mapping[str, Writer] = field(default_factory=dict)
