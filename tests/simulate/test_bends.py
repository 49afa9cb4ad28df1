"""Replies that go out changed: each bend changes what it says and nothing else, whatever the wire's form."""

import json

import pytest

from harness.simulate.bends import BENDS, Outgoing, bend_body, bend_said, bend_stream, broken
from harness.simulate.reply import Frames, Said, SaidCall

SAID = Said("t", "m", "p", 0, 9, ("Gr", "üß", "e"), (SaidCall("a", "f", ('{"a"', ": 1", "2}")),))


def written(said):
    """As a wire would write it: an event for each piece, usage with the last but one, an end marker."""
    pieces = [*said.text, *(piece for call in said.calls for piece in (call.name, *call.arguments))]
    counted = {"usage": {"prompt_tokens": 9, "details": [{"cachedTokenCount": 2}]}, "finish": "stop"}
    return Frames(event({"role": "x"}), tuple(event({"text": one}) for one in pieces), event(counted) + event("END"))


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def lines(said):
    """As a wire whose streams are lines of JSON would write it."""

    def cut(data):
        return data.replace(b"data: ", b"").replace(b"\n\n", b"\n")

    frames = written(said)
    return Frames(b"", tuple(map(cut, frames.chunks)), cut(frames.tail), "application/x-ndjson")


def out(write=written, said=SAID):
    frames = write(said)
    return Outgoing(said, frames, [float(number) for number in range(len(frames.chunks))], write)


def sent(bent):
    return b"".join((bent.frames.head, *bent.frames.chunks, bent.frames.tail))


@pytest.mark.parametrize("how", sorted(BENDS))
@pytest.mark.parametrize("write", [written, lines])
def test_a_bend_changes_the_reply_somewhere_and_leaves_as_many_chunks_as_times(how, write):
    plain = out(write)
    said = bend_said(how, SAID)
    bent = bend_stream(how, out(write, said))
    body = json.dumps({"choices": [1], "usage": {"prompt_tokens": 3}}).encode()
    changed = said != SAID or bent != plain or bend_body(how, body) != body
    assert changed
    assert len(bent.frames.chunks) <= len(bent.due)


@pytest.mark.parametrize("how", ["empty_chunks", "comments", "crlf", "split_characters", "all_at_once"])
def test_what_a_reader_should_not_mind_has_the_same_data(how):
    def data(bent):
        found = [line[6:] for line in sent(bent).splitlines() if line.startswith(b"data: ")]
        return [one for one in found if json.loads(one) != {"text": ""}]

    assert data(bend_stream(how, out())) == data(out())


@pytest.mark.parametrize(
    ("how", "usage"),
    [
        ("usage_zero", {"usage": {"prompt_tokens": 0, "details": [{"cachedTokenCount": 0}]}, "finish": "stop"}),
        ("usage_negative", {"usage": {"prompt_tokens": -10, "details": [{"cachedTokenCount": -3}]}, "finish": "stop"}),
        (
            "usage_text",
            {"usage": {"prompt_tokens": "many", "details": [{"cachedTokenCount": "many"}]}, "finish": "stop"},
        ),
        ("usage_missing", {"finish": "stop"}),
    ],
)
@pytest.mark.parametrize("write", [written, lines])
def test_token_counts_are_found_by_their_names(how, usage, write):
    tail = bend_stream(how, out(write)).frames.tail
    assert json.loads(tail.split(b"\n")[0].removeprefix(b"data: ")) == usage
    counts = json.dumps({"usage": {"prompt_tokens": 9, "details": [{"cachedTokenCount": 2}]}, "finish": "stop"})
    assert json.loads(bend_body(how, counts.encode())) == usage


def test_the_end_is_cut_at_its_last_event():
    tail = out().frames.tail
    marker, rest = (bend_stream(how, out()).frames.tail for how in ("end_marker_only", "no_end_marker"))
    assert marker == event("END")
    assert rest + marker == tail


@pytest.mark.parametrize(
    ("write", "frame"), [(written, b"data: %b\n\n"), (lines, b"%b\n"), (None, b"event: error\ndata: %b\n\n")]
)
def test_an_error_comes_in_the_form_of_the_streams_own_events(write, frame):
    def named(said):
        return Frames(b"event: begin\n" + written(said).head, written(said).chunks, b"")

    bent = broken(out(write or named), 0.5, b'{"error":1}')
    assert bent.frames.tail == frame % b'{"error":1}'
    assert len(bent.frames.chunks) == len(written(SAID).chunks) // 2


def test_a_malformed_chunk_is_one_that_has_bytes():
    frames = Frames(b"", (event({"a": 1}), b"", b"", event({"b": {"c": 2}})), b"")
    bent = bend_stream("malformed_chunk", Outgoing(SAID, frames, [0.0] * 4, written))
    assert bent.frames.chunks == (event({"a": 1}), b"", b"", event({"b": {"c": 2}})[:-4] + b"\n\n")
    twice = bend_stream("duplicated_chunks", Outgoing(SAID, frames, [0.0] * 4, written))
    assert twice.frames.chunks[3] == event({"b": {"c": 2}}) * 2


@pytest.mark.parametrize("how", ["malformed_chunk", "duplicated_chunks", "split_characters", "tool_json_cut"])
def test_a_reply_of_nothing_stays_one(how):
    nothing = Outgoing(Said("t", "m", "p", 0, 9), Frames(b"", (), b""), [0.0], written)
    assert bend_stream(how, nothing) == nothing


def test_characters_are_cut_behind_their_first_byte():
    bent = bend_stream("split_characters", out())
    assert [chunk for chunk in bent.frames.chunks if chunk.endswith(b"\xc3")] != []
    assert list(bent.due) == sorted(bent.due)


def test_arguments_are_cut_in_half_and_the_end_says_nothing_of_it():
    bent = bend_stream("tool_json_cut", out())
    assert b": 1" not in sent(bent)
    assert bent.frames.tail == out().frames.tail
