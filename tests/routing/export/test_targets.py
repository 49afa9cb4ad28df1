"""Each file against what its reader takes: the published forms, and our own schema."""

import json
import tomllib
from dataclasses import replace

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import WrongUse
from harness.routing.export import (
    TARGETS,
    Export,
    bifrost,
    envoy,
    openrouter,
    portkey,
    tensorzero,
    vllm,
    weights,
    weights_schema,
)
from harness.routing.export.plan import whole
from tests.routing.export.made import DEPLOYMENTS, EXPORT, TABLE, WEIGHTS

SHARES = {name: {who: share for who, share in mine.items() if share > 0} for name, mine in WEIGHTS.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_a_file_says_the_same_each_time_and_names_keys_without_writing_them(target):
    text = TARGETS[target].render(EXPORT)
    assert text == TARGETS[target].render(EXPORT)
    assert "sk-" not in text
    assert text.endswith("\n")


def test_weights_keep_to_their_schema_and_hold_all_evidence():
    found = json.loads(weights.render(EXPORT))
    jsonschema.Draft202012Validator.check_schema(weights_schema())
    jsonschema.validate(found, weights_schema())
    for name, shares in WEIGHTS.items():
        mine = found["capabilities"][name]["providers"]
        assert {who: one["weight"] for who, one in mine.items() if one["weight"]} == SHARES[name]
        assert sum(one["weight"] for one in mine.values()) == pytest.approx(1)
        assert set(shares) <= set(mine)
    openai = found["capabilities"]["code"]["providers"]["openai"]
    assert (openai["n"], openai["score_mean"], openai["fail_rate"]) == (48, 0.8, pytest.approx(0.02))
    assert (found["status"], found["suites"], found["objective"]["name"]) == ("active", {"smoke": "s1"}, "quality")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**found, "status": "maybe"}, weights_schema())


def test_envoy_gets_whole_weights_on_every_backend_and_no_more_rules_than_it_takes():
    (found,) = yaml.safe_load_all(envoy.render(EXPORT))
    assert (found["apiVersion"], found["kind"]) == ("aigateway.envoyproxy.io/v1beta1", "AIGatewayRoute")
    for rule in found["spec"]["rules"]:
        (match,) = rule["matches"][0]["headers"]
        assert (match["type"], match["name"]) == ("Exact", "x-ai-eg-model")
        backends = {one["name"]: one["weight"] for one in rule["backendRefs"]}
        assert all(isinstance(one, int) and 0 < one < 2**31 for one in backends.values())
        assert sum(backends.values()) == envoy.TOTAL
        assert set(backends) == set(SHARES[match["value"]])
    many = replace(TABLE, routes=tuple(replace(TABLE.routes[0], capability=f"k{n}") for n in range(40)))
    parts = list(yaml.safe_load_all(envoy.render(replace(EXPORT, table=many))))
    assert [len(one["spec"]["rules"]) for one in parts] == [15, 15, 10]
    assert len({one["metadata"]["name"] for one in parts}) == 3
    assert envoy.resource_name("My Provider/2_") == "my-provider-2"


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.floats(1e-9, 1), min_size=1, max_size=20),
    st.integers(200, 10_000),
)
def test_whole_shares_sum_up_and_lie_next_to_the_exact_ones(shares, total):
    found = whole(shares, total)
    assert sum(found.values()) == total
    assert all(one >= 1 for one in found.values())
    largest = max(shares, key=lambda name: shares[name])
    for name, share in shares.items():
        exact = share * total / sum(shares.values())
        assert name == largest or abs(found[name] - exact) <= 1


def test_portkey_balances_by_weight_within_the_capability_that_the_metadata_say():
    found = json.loads(portkey.render(EXPORT))
    assert found["strategy"]["mode"] == "conditional"
    assert {one["query"]["metadata.capability"]["$eq"]: one["then"] for one in found["strategy"]["conditions"]} == {
        name: name for name in WEIGHTS
    }
    targets = {one["name"]: one for one in found["targets"]}
    assert found["strategy"]["default"] in targets
    for name, shares in SHARES.items():
        assert targets[name]["strategy"] == {"mode": "loadbalance"}
        assert {one["virtual_key"]: one["weight"] for one in targets[name]["targets"]} == shares
    assert targets["math"]["targets"][0]["override_params"] == {"model": "openai/gpt-oss-120b"}


def test_tensorzero_samples_candidates_and_falls_back_to_the_others():
    found = tomllib.loads(tensorzero.render(EXPORT))
    for name, shares in SHARES.items():
        function = found["functions"][name]
        assert function["experimentation"]["candidate_variants"] == shares
        assert set(function["experimentation"]["fallback_variants"]) == set(DEPLOYMENTS) - set(shares)
        assert {one["model"] for one in function["variants"].values()} <= set(found["models"])
    assert found["models"]["groq"]["providers"]["groq"] == {
        "type": "groq", "model_name": "openai/gpt-oss-120b", "api_key_location": "env::GROQ_API_KEY",
    }  # fmt: skip


def test_bifrost_has_a_virtual_key_for_each_capability_and_names_its_models():
    found = json.loads(bifrost.render(EXPORT))
    keys = {one["name"]: one for one in found["governance"]["virtual_keys"]}
    for name, shares in SHARES.items():
        assert {one["provider"]: one["weight"] for one in keys[name]["provider_configs"]} == shares
        assert all(one["allowed_models"] for one in keys[name]["provider_configs"]), "an empty list denies all"
    assert found["providers"]["openai"]["keys"][0]["value"] == "env.OPENAI_API_KEY"
    assert {one["name"] for mine in found["providers"].values() for one in mine["keys"]} == set(DEPLOYMENTS)


def test_openrouter_gets_an_order_limits_and_the_split_to_draw_by():
    found = json.loads(openrouter.render(EXPORT))["capabilities"]
    facts = found["facts"]
    assert facts["request"]["models"] == ["openai/gpt-5.4-mini", "anthropic/claude-haiku-5-5", "openai/gpt-oss-120b"]
    assert list(facts["split"].values()) == [0.7, 0.2, 0.1]
    assert facts["request"]["provider"]["max_price"] == {"prompt": 1.0, "completion": 4.0}
    assert not {"sort", "weight"} & set(facts["request"]["provider"])


def test_the_semantic_router_gets_scores_in_its_own_domains():
    found = yaml.safe_load(vllm.render(EXPORT))
    domains = {one["name"]: one for one in found["routing"]["signals"]["domains"]}
    assert set(domains) == {"computer science", "math", "other"}
    best = {one["name"]: one["modelRefs"][0]["model"] for one in found["routing"]["decisions"]}
    assert best["math_route"] == "groq"
    scores = [one["score"] for domain in domains.values() for one in domain["model_scores"]]
    assert all(0 < one <= 1 for one in scores)
    pricing = {one["name"]: one["pricing"] for one in found["providers"]["models"]}
    assert pricing["openai"] == {"currency": "USD", "prompt_per_1m": 0.4, "completion_per_1m": 1.6}


def test_somebody_who_is_not_registered_cannot_be_exported():
    with pytest.raises(WrongUse, match="send traffic to groq"):
        Export(TABLE, {name: one for name, one in DEPLOYMENTS.items() if name != "groq"})


def test_tensorzero_itself_reads_the_file(tmp_path, monkeypatch):
    gateway = pytest.importorskip(
        "tensorzero", reason="tensorzero is not installed: only its published form is checked"
    )
    for one in DEPLOYMENTS.values():
        monkeypatch.setenv(str(one.key_variable), "none")
    (tmp_path / "tensorzero.toml").write_text(tensorzero.render(EXPORT))
    with gateway.TensorZeroGateway.build_embedded(config_file=str(tmp_path / "tensorzero.toml")) as loaded:
        assert loaded is not None
