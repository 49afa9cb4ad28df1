from hypothesis import given
from hypothesis import strategies as st

from harness.client.wires.json_lines import Lines, first_object
from tests.client.wires.splitting import split


@given(st.lists(st.binary(max_size=5), max_size=6), st.data())
def test_lines_are_the_same_wherever_the_bytes_are_split(texts, data):
    raw = b"\n".join(texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    pieces = [(float(at), raw[a:b]) for at, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(raw)], strict=True))]
    found = split(Lines(), pieces)
    assert [one.data for one in found] == [one.data for one in split(Lines(), [(0.0, raw)])]
    assert all(one.whole for one in found[:-1])
    assert all(one.data.strip(" \t\r\n\v\f") for one in found)


def test_a_line_is_dated_by_the_bytes_that_complete_it():
    assert [
        (one.at, one.data, one.whole) for one in split(Lines(), [(1.0, b'{"a'), (2.0, b'":1}\n\n\n[2'), (3.0, b"]")])
    ] == [
        (2.0, '{"a":1}', True),
        (3.0, "[2]", False),
    ]


def test_the_first_object_is_told_if_it_is_one():
    assert first_object(b'\n{"a": 1}\n{') == {"a": 1}
    for raw in (b"", b"\n \n", b"[1]\n", b"{\n", b'{"a": '):
        assert first_object(raw) is None
