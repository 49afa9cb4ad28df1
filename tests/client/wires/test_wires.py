import pytest

from harness.client.wires import WIRES, wire_for


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("openai", "openai_chat"),
        ("azure", "openai_chat"),
        ("groq", "openai_chat"),
        ("anthropic", "anthropic_messages"),
        ("gemini", "gemini"),
    ],
)
def test_a_kind_has_its_wire(kind, name):
    wire = wire_for(kind)
    assert wire is not None
    assert wire.name == name


def test_what_no_wire_serves_has_none():
    assert wire_for("bedrock") is None


def test_no_kind_is_served_twice():
    kinds = [kind for wire in WIRES for kind in wire.endpoints]
    assert len(kinds) == len(set(kinds))
