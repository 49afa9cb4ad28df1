"""litellm understands the fleet: its own decoders, both wires, streamed and not."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.simulate import FleetProcess, write_keys
from tests.simulate.served import CASES, FORM, QUICK_TOML, SCHEMA, SUM, TRIP

COMBINATIONS = list(itertools.product(("openai", "anthropic"), (False, True), CASES))


def request(fleet, kind, stream, case):
    form = {"type": "json_schema", "json_schema": {"name": "form", "schema": SCHEMA, "strict": True}}
    return {
        "model": f"{kind}/simulated-right",
        "api_base": fleet.base_url("right", kind),
        "stream": stream,
        **({"stream_options": {"include_usage": True}} if stream and kind == "openai" else {}),
        **({"response_format": form} if case is FORM else {}),
        **case.prompt.as_json(),
    }


@pytest.fixture(scope="module")
def replies(tmp_path_factory):
    """What litellm makes of each combination, by (kind, stream, case's id); asked in one go, since litellm starts slowly."""
    folder = tmp_path_factory.mktemp("fleet")
    write_keys(folder / "keys", CASES)
    (folder / "fleet.toml").write_text(QUICK_TOML)
    with FleetProcess(folder / "keys", fleet=folder / "fleet.toml") as fleet:
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("litellm_asks.py")],
            input=json.dumps([request(fleet, *one) for one in COMBINATIONS]),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout.splitlines()[-1])
    return {(kind, stream, case.id): reply for (kind, stream, case), reply in zip(COMBINATIONS, got, strict=True)}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_litellm_reads_text_tools_structured_output_and_usage(replies, kind, stream):
    text, tools, form = (replies[kind, stream, case.id] for case in (SUM, TRIP, FORM))
    assert SUM.reference
    assert TRIP.reference
    assert (text["text"], text["calls"], text["finish"]) == (SUM.reference.text, [], "stop")
    assert tools["text"] == TRIP.reference.text
    assert [[name, json.loads(arguments)] for name, arguments in tools["calls"]] == [
        [call.name, json.loads(call.arguments)] for call in TRIP.reference.tool_calls
    ]
    assert tools["finish"] == "tool_calls"
    assert (json.loads(form["text"]), form["calls"], form["finish"]) == ({"city": "Rome"}, [], "stop")
    for case in (SUM, TRIP):
        assert replies[kind, stream, case.id]["usage"] == replies["openai", False, case.id]["usage"]
