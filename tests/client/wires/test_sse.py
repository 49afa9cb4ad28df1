import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.client.wires.sse import Events, begins
from tests.client.wires.splitting import split

SAID = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)


def cut(raw, places):
    """The bytes in chunks, each arriving at its own second."""
    edges = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return [(float(number), raw[start:end]) for number, (start, end) in enumerate(pairwise(edges))]


@given(
    st.lists(SAID, min_size=1, max_size=5),
    st.lists(st.integers(0, 500), max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_events_are_the_same_however_they_are_cut_and_whatever_ends_a_line(said, places, end):
    raw = "".join(f"event: e{end}: comment{end}data: {json.dumps(one)}{end}{end}" for one in said).encode()
    found = split(Events(), cut(raw, places))
    assert [json.loads(event.data) for event in found] == said
    assert all(event.name == "e" and event.whole for event in found)


@given(st.binary(max_size=200), st.lists(st.integers(0, 500), max_size=5))
def test_no_bytes_break_the_reading(raw, places):
    assert [event.data for event in split(Events(), cut(raw, places))] == [
        event.data for event in split(Events(), [(0.0, raw)])
    ]


def test_an_event_arrived_when_its_data_was_complete():
    chunks = [(1.0, b"data: a"), (2.0, b"b\n"), (3.0, b"\ndata: c\n\n")]
    assert [(event.at, event.data) for event in split(Events(), chunks)] == [(2.0, "ab"), (3.0, "c")]


def test_several_data_lines_are_one_event():
    assert [event.data for event in split(Events(), [(0.0, b"data: a\ndata:b\ndata\n\n")])] == ["a\nb\n"]


def test_events_without_data_are_none_and_a_name_holds_for_one_event():
    found = split(Events(), [(0.0, b"event: ping\n\nid: 3\ndata: x\n\n")])
    assert [(event.name, event.data) for event in found] == [("", "x")]


def test_an_event_without_its_empty_line_is_given_but_not_whole():
    found = split(Events(), [(0.0, b"data: a\n\ndata: b")])
    assert [(event.data, event.whole) for event in found] == [("a", True), ("b", False)]


def test_a_stream_is_told_by_its_first_field():
    assert begins(b"\n: hi\n")
    assert begins(b"data: x\n")
    assert not begins(b'{"data": 1}')


def test_a_nameless_event_of_nothing_is_none_but_a_named_one_is():
    assert list(split(Events(), [(0.0, b"data:\n\ndata: \n\ndata")])) == []
    found = split(Events(), [(0.0, b"event: output\ndata:\n\n")])
    assert [(event.name, event.data) for event in found] == [("output", "")]
