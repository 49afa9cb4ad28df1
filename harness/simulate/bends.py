"""Bends: replies that are changed on their way out, on every wire alike.

A bend changes what is said before a wire writes it, the JSON that the wire wrote, or the order and form of its frames. None knows a wire:
token counts are found by their names, a stream's events by the line ends that part them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import orjson

from harness.simulate.reply import Frames, Said

OTHER_MODEL = "another-model"
SPLIT_PAUSE_S = 0.002
"""How long the rest of a character is held back, so that it arrives on its own."""

_COUNTS = re.compile(r"token|(?:^|_)eval_count$", re.IGNORECASE)
_USAGE = re.compile(r"^usage|^metrics$|^billed_units$|^meta$", re.IGNORECASE)
_LISTS = frozenset({"choices", "content", "candidates", "output"})
_DATA = re.compile(rb"^(?P<label>data: ?)?(?P<json>\{.*\})(?P<end>\r?)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A streamed reply: what is said, its frames, when each chunk is due, and how the wire writes another saying."""

    said: Said
    frames: Frames
    due: Sequence[float]
    write: Callable[[Said], Frames]


def bend_said(how: str, said: Said) -> Said:
    """What is said, changed if this bend is one of what is said."""
    return _SAID[how](said) if how in _SAID else said


def bend_body(how: str, body: bytes) -> bytes:
    """A JSON body, changed if this bend is one of JSON."""
    return orjson.dumps(_JSON[how](orjson.loads(body))) if how in _JSON else body


def bend_stream(how: str, out: Outgoing) -> Outgoing:
    """A streamed reply, changed if this bend is one of JSON or of frames."""
    if how in _JSON:
        frames, change = out.frames, _in_lines(_JSON[how])
        return replace(
            out,
            frames=replace(
                frames, head=change(frames.head), chunks=tuple(map(change, frames.chunks)), tail=change(frames.tail)
            ),
        )
    return _FRAMES[how](out) if how in _FRAMES else out


def broken(out: Outgoing, after: float, error: bytes) -> Outgoing:
    """The reply until this share of its chunks, and then the error's body as an event of the stream."""
    chunks = out.frames.chunks[: int(len(out.frames.chunks) * after)]
    return replace(out, frames=replace(out.frames, chunks=chunks, tail=_error_event(out.frames, error)))


def _error_event(frames: Frames, error: bytes) -> bytes:
    sample = frames.head + b"".join(frames.chunks[:1]) + frames.tail
    if sample.lstrip().startswith(b"event:"):
        return b"event: error\ndata: " + error + b"\n\n"
    return b"data: " + error + b"\n\n" if b"data:" in sample else error + b"\n"


def _in_lines(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def one(found: re.Match[bytes]) -> bytes:
        return (found["label"] or b"") + orjson.dumps(change(orjson.loads(found["json"]))) + found["end"]

    return lambda data: _DATA.sub(one, data)


def _counts(change: Callable[[int], Any]) -> Callable[[Any], Any]:
    """Changes every count of tokens, however deep it stands."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: change(inner) if _COUNTS.search(name) and type(inner) is int else walk(inner)
                for name, inner in value.items()
            }
        return [walk(one) for one in value] if isinstance(value, list) else value

    return walk


def _uncounted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _uncounted(inner)
            for name, inner in value.items()
            if not _USAGE.search(name) and not (_COUNTS.search(name) and type(inner) is int)
        }
    return [_uncounted(one) for one in value] if isinstance(value, list) else value


def _no_choice(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: [] if name in _LISTS and isinstance(inner, list) else inner for name, inner in value.items()}
    return value


def _nothing(said: Said) -> Said:
    return replace(said, text=(), calls=(), finish="stop", stopped_by=None)


def _events(data: bytes) -> list[bytes]:
    """The events that the bytes hold, each with the line ends behind it; of a stream without empty lines, its lines."""
    end = next((one for one in (b"\r\n\r\n", b"\n\n") if one in data), b"\n")
    return [one + end for one in data.split(end) if one]


def _tail(part: slice) -> Callable[[Outgoing], Outgoing]:
    return lambda out: replace(out, frames=replace(out.frames, tail=b"".join(_events(out.frames.tail)[part])))


def _middle(chunks: Sequence[bytes]) -> int | None:
    """The place of the first chunk from the middle on that is not empty."""
    return next((place for place in range(len(chunks) // 2, len(chunks)) if chunks[place]), None)


def _malformed(out: Outgoing) -> Outgoing:
    chunks = list(out.frames.chunks)
    middle = _middle(chunks)
    if middle is not None:
        whole = chunks[middle].rstrip(b"\r\n")
        chunks[middle] = whole[:-2] + chunks[middle][len(whole) :]
    return replace(out, frames=replace(out.frames, chunks=tuple(chunks)))


def _duplicated(out: Outgoing) -> Outgoing:
    """The chunk in the middle comes twice, and so do the events without content, but for the last."""
    frames, chunks = out.frames, list(out.frames.chunks)
    middle = _middle(chunks)
    if middle is not None:
        chunks[middle] *= 2
    *before, last = _events(frames.tail) or [b""]
    tail = b"".join(one * 2 for one in before) + last
    return replace(out, frames=replace(frames, head=frames.head * 2, chunks=tuple(chunks), tail=tail))


def _with_empty(out: Outgoing) -> Outgoing:
    """A chunk of nothing behind each piece of text, and an event or line of nothing behind that."""
    said = out.said
    padded = out.write(replace(said, text=tuple(piece for one in said.text for piece in (one, "")))).chunks
    texts = 2 * len(said.text)
    nothing = b"data:\n\n\n" if b"data:" in out.frames.head + out.frames.tail else b"\n"
    chunks = [padded[at] + padded[at + 1] + nothing for at in range(0, texts, 2)]
    return replace(out, frames=replace(out.frames, chunks=(*chunks, *padded[texts:])))


def _commented(out: Outgoing) -> Outgoing:
    frames = out.frames
    comment = b": ping\n\n" if b"data:" in frames.head + frames.tail else b"\n"
    chunks = tuple(comment + one for one in frames.chunks)
    return replace(out, frames=replace(frames, head=comment + frames.head, chunks=chunks, tail=comment + frames.tail))


def _carriage(out: Outgoing) -> Outgoing:
    head, *chunks, tail = (
        re.sub(rb"\r?\n", b"\r\n", one) for one in (out.frames.head, *out.frames.chunks, out.frames.tail)
    )
    return replace(out, frames=replace(out.frames, head=head, chunks=tuple(chunks), tail=tail))


def _split(out: Outgoing) -> Outgoing:
    """Each chunk in as many as it takes to cut every character of several bytes behind its first."""
    chunks, due = list[bytes](), list[float]()
    for chunk, at in zip(out.frames.chunks, out.due, strict=False):
        cuts = [place + 1 for place, byte in enumerate(chunk) if byte >= 0xC0]
        for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(chunk)], strict=True)):
            chunks.append(chunk[start:end])
            due.append(at + number * SPLIT_PAUSE_S)
    return replace(out, frames=replace(out.frames, chunks=tuple(chunks)), due=due or out.due)


def _cut_tool(out: Outgoing) -> Outgoing:
    """The last tool call lacks the second half of its arguments; what ends the stream is as if it had them."""
    *others, last = out.said.calls or (None,)
    if last is None:
        return out
    short = replace(last, arguments=last.arguments[: len(last.arguments) // 2])
    chunks = out.write(replace(out.said, calls=(*others, short))).chunks
    return replace(out, frames=replace(out.frames, chunks=chunks))


def _at_once(out: Outgoing) -> Outgoing:
    frames = out.frames
    chunk = b"".join((frames.head, *frames.chunks, frames.tail))
    return replace(out, frames=replace(frames, head=b"", chunks=(chunk,), tail=b""), due=out.due[-1:])


_SAID: Mapping[str, Callable[[Said], Said]] = {
    "empty_choices": _nothing,
    "null_content": _nothing,
    "other_model": lambda said: replace(said, model=OTHER_MODEL),
}
_JSON: Mapping[str, Callable[[Any], Any]] = {
    "empty_choices": _no_choice,
    "usage_missing": _uncounted,
    "usage_zero": _counts(lambda _number: 0),
    "usage_negative": _counts(lambda number: -1 - number),
    "usage_text": _counts(lambda _number: "many"),
}
_FRAMES: Mapping[str, Callable[[Outgoing], Outgoing]] = {
    "end_marker_only": _tail(slice(-1, None)),
    "no_end_marker": _tail(slice(None, -1)),
    "malformed_chunk": _malformed,
    "duplicated_chunks": _duplicated,
    "empty_chunks": _with_empty,
    "comments": _commented,
    "crlf": _carriage,
    "split_characters": _split,
    "tool_json_cut": _cut_tool,
    "all_at_once": _at_once,
}
BENDS = MappingProxyType({**_SAID, **_JSON, **_FRAMES}).keys()
"""The name of every bend."""
