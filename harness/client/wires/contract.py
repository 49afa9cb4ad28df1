"""What every wire is: how its servers are addressed, and how what came back is read: a body by a function, a stream by a reader."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from harness.ask import JsonObject, Prompt
from harness.told import Failure, Reply, StructuredBy, Usage

Chunk = tuple[float, bytes]
"""Bytes with the second (monotonic clock) at which they arrived."""


@dataclass(frozen=True, slots=True)
class Marks:
    """When what came arrived (monotonic seconds): first content, first visible content, last content, each piece of content."""

    first: float | None = None
    visible: float | None = None
    last: float | None = None
    pieces: tuple[float, ...] = ()


@dataclass(slots=True)
class Decoded:
    """What a body or a stream says; of a failed one, what had come until then."""

    reply: Reply = field(default_factory=Reply)
    usage: Usage = field(default_factory=Usage)
    marks: Marks = field(default_factory=Marks)
    failure: Failure | None = None


class Event(NamedTuple):
    """One piece of a stream: when the bytes that complete it arrived, its name ("" where it has none), its data.

    `whole` is false for the last one if the stream ended before what ends it.
    """

    at: float
    name: str
    raw: bytes
    whole: bool = True

    @property
    def data(self) -> str:
        """The data as text; bytes that are not UTF-8 are replaced by U+FFFD."""
        return self.raw.decode("utf-8", "replace")

    def json(self) -> Any:
        """The data's value. Raises orjson.JSONDecodeError."""
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            return orjson.loads(self.data)  # a character that is broken is no reason to lose the rest


class CallDrafted(Protocol):
    """A tool call in the making."""

    id: str
    name: str
    arguments: list[str]


class Drafted(Protocol):
    """A reply in the making: its pieces of text and of reasoning, and its tool calls by their index."""

    text: list[str]
    reasoning: list[str]

    @property
    def calls(self) -> Mapping[int, CallDrafted]:
        """The tool calls."""
        ...


class Reader(Protocol):
    """Reads one stream, while it comes or afterwards."""

    @property
    def draft(self) -> Drafted:
        """What came so far."""
        ...

    def feed(self, at: float, data: bytes) -> None:
        """Bytes that arrived then."""
        ...

    def done(self) -> Decoded:
        """The reply, now that nothing more comes; of a server that ignored `stream`, the reply of its body."""
        ...


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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request before it goes out: its address, headers and body, for which model, streamed or not, how many seconds it may take."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: JsonObject
    model: str
    stream: bool
    total_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of those that an attempt takes; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True)
class Next:
    """The request that follows an answer, where an attempt takes several; it goes out `after_s` seconds later.

    `streams`: its bytes are the reply as it is written, and are waited for like those of a stream. `replaces`: its answer takes the
    place of the one before among the chunks to be read. `optional`: if it fails, the attempt is what it was without it. `cancel`:
    where to POST if the attempt is given up meanwhile.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    streams: bool = False
    replaces: bool = False
    optional: bool = False
    cancel: str | None = None


Course = Generator[Next, Turn, bool]
"""The requests after the first, each chosen in the light of the answer before it, which is sent into the generator.

What it returns says whether the whole is given up, so that the server is told to cancel it.
"""


@dataclass(frozen=True)
class Wire:
    """One response format: its name, the kinds of providers that speak it, how it is read.

    `messages` names the keys of the request's body that hold messages; the rest are parameters. `writes` are the parameters that the format
    has and litellm's classes leave out.

    `refuses` says what is wrong with a prompt that this format has no form for. `shape` changes the request that litellm built, and raises ValueError
    for what it has no form for. `course` says which requests follow the first, given its answer and whether a stream is wanted; the chunks to be
    read are then those of all answers, with an empty chunk between two. What the first request carried in its headers, the key among it,
    goes along to its own host only, to hosts of `domain` if it went to one of them, and from loopback to loopback. `structured` reads from a
    body how it asks for JSON by means of the format's own, None if it does not; without it, the format has no such means.
    """

    name: str
    endpoints: Mapping[str, Endpoint]
    read_body: Callable[[Sequence[Chunk]], Decoded]
    reader: Callable[[], Reader]
    messages: frozenset[str] = field(default=frozenset({"messages"}))
    writes: Mapping[str, Writer] = field(default_factory=dict)
    refuses: Callable[[Prompt], str | None] | None = None
    shape: Callable[[Outgoing], Outgoing] | None = None
    course: Callable[[Turn, bool], Course] | None = None
    domain: str | None = None
    structured: Callable[[JsonObject], StructuredBy | None] | None = None

    def read_stream(self, chunks: Iterable[Chunk]) -> Decoded:
        """The reply of a stream."""
        reader = self.reader()
        for at, data in chunks:
            reader.feed(at, data)
        return reader.done()


def answers(chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """The chunks of each answer of an attempt that took several."""
    found: list[list[Chunk]] = [[]]
    for chunk in chunks:
        if chunk[1]:
            found[-1].append(chunk)
        else:
            found.append([])
    return found
