"""`export`: the routes in force as files for others."""

import json
import tomllib

import pytest
import yaml

from harness.errors import ExitCode
from tests.cli.conftest import call


def test_one_target_is_printed_and_several_are_written(copied, tmp_path):
    said = call("export", "weights", "--reports", copied)
    assert said.code == ExitCode.FINE
    assert "these routes are of simulated providers" in said.err
    found = json.loads(said.out)
    routes = tomllib.loads((copied / "routing.toml").read_text())["routes"]
    assert set(found["capabilities"]) == set(routes)
    assert found["capabilities"]["facts"]["providers"]["sim-swift"]["n"] == 2
    written = call("export", "litellm", "envoy", "tensorzero", "--reports", copied, "--out", tmp_path / "out")
    assert written.code == ExitCode.FINE
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "envoy.yaml",
        "litellm.yaml",
        "tensorzero.toml",
    ]
    groups = {
        one["model_name"] for one in yaml.safe_load((tmp_path / "out" / "litellm.yaml").read_text())["model_list"]
    }
    assert set(routes) <= groups


def test_a_candidate_can_be_exported_and_json_holds_the_texts(copied):
    said = call("export", "portkey", "bifrost", "--routes", copied / "routing.toml", "--reports", copied, "--json", "--out", copied / "o")  # fmt: skip
    assert set(json.loads(said.out)) == {"portkey.json", "bifrost.json"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["litellm", "envoy"], "several files need a folder"),
        (["nginx"], "invalid choice: 'nginx'"),
        ([], "the following arguments are required: TARGET"),
    ],
)
def test_what_makes_no_sense_is_said(copied, words, complaint):
    said = call("export", *words, "--reports", copied)
    assert said.code == ExitCode.WRONG_USE
    assert complaint in said.err


def test_without_routes_there_is_nothing_to_export(copied):
    (copied / "routing.toml").unlink()
    said = call("export", "weights", "--reports", copied)
    assert said.code == ExitCode.WRONG_USE
    assert "`harness route --apply` writes it" in said.err


def test_keys_are_never_written(copied, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef-never")
    file = copied / "routing.toml"
    text = (
        file.read_text()
        .replace("sim-swift", "anthropic")
        .replace("sim-careful", "openai")
        .replace("simulated = true", "simulated = false")
    )
    file.write_text(text)
    for target in ("litellm", "tensorzero", "bifrost", "weights", "vllm", "openrouter", "envoy", "portkey"):
        said = call("export", target, "--reports", copied)
        assert said.code == ExitCode.FINE
        assert "sk-0123" not in said.out
    assert "os.environ/OPENAI_API_KEY" in call("export", "litellm", "--reports", copied).out
