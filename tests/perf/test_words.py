"""What identity costs: every trial of every run has a content address."""

import hashlib
import json

import pytest

from tests.store.made import case, trial


@pytest.mark.benchmark(group="the address of a trial")
def test_ref(benchmark):
    """`Trial.ref` of a new trial of a known case: the address of what is asked, and of the trial."""

    def setup():
        one = trial()
        assert one.case.hash
        return (one,), {}

    ref = benchmark.pedantic(lambda one: one.ref, setup=setup, rounds=5_000)
    assert len(ref.trial_id) == 16


@pytest.mark.benchmark(group="the address of a trial")
def test_case_hash(benchmark):
    """`Case.hash` of a new case, which all trials of the case share."""
    assert benchmark.pedantic(lambda one: one.hash, setup=lambda: ((case(),), {}), rounds=5_000)


@pytest.mark.benchmark(group="the address of a trial")
def test_ref_peer_json_and_sha256(benchmark):
    """Peer: the same prompt as sorted JSON, hashed once."""
    asked = trial().case.prompt.as_json()
    assert benchmark(lambda: hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest())
