"""What reading suites costs, before a run can begin."""

from pathlib import Path

import pytest
import yaml

from harness import load

SUITES = Path(__file__).parents[2] / "suites"
FACTS = SUITES / "facts.yaml"


@pytest.mark.benchmark(group="load every shipped suite")
def test_load_shipped_suites(benchmark):
    """`load.suites` of the shipped folder: YAML read, cases generated, everything checked."""
    suites = benchmark.pedantic(load.suites, ([SUITES],), rounds=5)
    assert len(suites) >= 10


@pytest.mark.benchmark(group="load one YAML suite")
def test_load_yaml_suite(benchmark):
    """`load.suites` of one YAML file, with the line of everything in it."""
    (suite,) = benchmark.pedantic(load.suites, ([FACTS],), rounds=10)
    assert len(suite.cases) >= 40


@pytest.mark.benchmark(group="load one YAML suite")
def test_load_peer_yaml(benchmark):
    """Peer: PyYAML's loader in C reads the same text, and nothing is checked."""
    text = FACTS.read_text(encoding="utf-8")
    assert benchmark.pedantic(yaml.load, (text, yaml.CSafeLoader), rounds=10)["cases"]
