"""Two runs of a real fleet whose truth changes between them: routes follow where it did and stay elsewhere, and `verify` agrees with the truth."""

import json
import tomllib

import pytest

from harness.errors import ExitCode
from tests.cli.conftest import call
from tests.cli.test_regression import record, write_suites

PROFILE = """\
[{0}]
quality = {{ default = {1}, facts = {2} }}
ttft_s = {{ median = 0.004, sigma = 0.05 }}
inter_token_s = {{ median = 0.0005, sigma = 0.05 }}
prices = {{ input = 1, output = 1 }}
"""
BEFORE, AFTER = {"swift": (0.95, 0.95), "other": (0.6, 0.6)}, {"swift": (0.95, 0.35), "other": (0.6, 0.9)}
"""Quality by default and in facts: at first swift is better everywhere, then the other one is in facts."""


def profiles(truth):
    return "".join(PROFILE.format(name, *qualities) for name, qualities in truth.items())


def routes(folder):
    table = tomllib.loads((folder / "reports" / "routing.toml").read_text())["routes"]
    return {name: max(one["weights"], key=one["weights"].get) for name, one in table.items()}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A project after the first run and its routes, and a second run of the changed fleet."""
    folder = tmp_path_factory.mktemp("changed")
    write_suites(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        record(folder, profiles(BEFORE), 1, patch)
        assert call("route", "--apply").code == ExitCode.FINE
        first = routes(folder)
        record(folder, profiles(AFTER), 1, patch)
    return folder, first


def test_the_route_shifts_where_the_truth_did_and_holds_elsewhere(changed, monkeypatch):
    folder, first = changed
    monkeypatch.chdir(folder)
    assert set(first.values()) == {"sim"}
    before = (folder / "reports" / "routing.toml").read_bytes()
    verified = json.loads(call("verify", "--json").out)
    assert verified["objection"] is None
    gain = verified["proof"]["gain"]
    true = (0.9 - 0.35) / 4
    assert gain["low"] <= true <= gain["high"], "four capabilities of the same size, one of which changed"
    said = call("route", "--apply")
    assert said.code == ExitCode.FINE
    assert routes(folder) == {**first, "facts": "other"}
    assert "facts: sim 100 % → other 99 %, sim 1 % (shift): other is better than sim (" in said.out
    table = tomllib.loads((folder / "reports" / "routing.toml").read_text())
    decisions = {name: one["decision"] for name, one in table["routes"].items()}
    assert decisions == {"facts": "shift", "math": "hold", "code": "hold", "tools": "hold"}
    assert call("route", "--rollback").code == ExitCode.FINE
    assert (folder / "reports" / "routing.toml").read_bytes() == before
