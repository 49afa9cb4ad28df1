"""The file is read by LiteLLM's own router, and traffic is split as it says."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
import yaml

from harness.client.door import litellm as door
from harness.routing.export import Export, litellm
from tests.routing.export.made import DEPLOYMENTS, EXPORT, STANDINGS, TABLE, WEIGHTS

KEY = "sk-a-key-that-must-never-be-written"


@pytest.fixture(scope="module")
def config():
    return yaml.safe_load(litellm.render(EXPORT))


@pytest.fixture(scope="module")
def router(config):
    with pytest.MonkeyPatch.context() as patch:
        for one in DEPLOYMENTS.values():
            patch.setenv(str(one.key_variable), KEY)
        settings = config["router_settings"]
        yield door().Router(model_list=config["model_list"], **settings)


def test_traffic_is_split_as_intended_for_each_capability(router):
    """10,000 draws each: within 2 points, also with two and three siblings, a share near 0 and one of 0."""
    for capability, weights in WEIGHTS.items():
        drawn = Counter[str]()
        for _ in range(10_000):
            found = router.get_available_deployment(model=capability, messages=[{"role": "user", "content": "hi"}])
            drawn[found["model_info"]["id"]] += 1
        for name, weight in weights.items():
            assert drawn[f"{capability}::{name}"] / 10_000 == pytest.approx(weight, abs=0.02)
        assert sum(drawn.values()) == 10_000
    assert drawn["tools::groq"] == 0


def test_keys_are_named_and_read_from_the_environment(router):
    text = litellm.render(EXPORT)
    assert "os.environ/OPENAI_API_KEY" in text
    assert KEY not in text
    found = router.get_available_deployment(model="math", messages=[{"role": "user", "content": "hi"}])
    assert found["litellm_params"]["api_key"] in {KEY, "os.environ/GROQ_API_KEY"}


def test_every_sibling_has_a_weight_a_stable_id_prices_and_its_limits(config):
    members = [one for one in config["model_list"] if one["model_name"] in WEIGHTS]
    assert len({one["model_info"]["id"] for one in members}) == len(members) == 10
    assert all(one["litellm_params"]["weight"] > 0 for one in members)
    openai = next(one["litellm_params"] for one in members if one["model_info"]["id"] == "code::openai")
    assert openai["input_cost_per_token"] == 4e-7
    assert (openai["rpm"], openai["tpm"], openai["max_parallel_requests"], openai["timeout"]) == (500, 200_000, 8, 60)
    assert openai["api_base"] == "https://api.openai.com/v1"


def test_requests_fall_back_to_the_siblings_first_then_to_the_best(config):
    fallbacks = {name: order for one in config["router_settings"]["fallbacks"] for name, order in one.items()}
    assert fallbacks["code"] == ["openai", "anthropic", "groq"]
    assert fallbacks["math"] == ["anthropic", "openai"]
    assert {"openai", "anthropic", "groq"} <= {one["model_name"] for one in config["model_list"]}


def test_the_artefact_of_heuristic_v2_is_accepted_and_says_what_was_measured(config):
    door()
    from litellm.router_strategy.complexity_router.tier_predictor import (  # noqa: PLC0415
        TierSuccessPredictor,
        TrainedTierArtifact,
    )

    (auto,) = [one for one in config["model_list"] if one["model_name"] == "auto"]
    said = auto["litellm_params"]["complexity_router_config"]
    assert said["tiers"] == {"SIMPLE": "groq", "MEDIUM": "openai", "COMPLEX": "openai", "REASONING": "anthropic"}
    artefact = TrainedTierArtifact.model_validate(said["heuristic_v2_artifact"])
    assert [round(one.successes / one.observations, 6) for one in artefact.global_statistics] == [0.6, 0.8, 0.8, 0.9]
    assert TierSuccessPredictor(artefact) is not None


@pytest.mark.filterwarnings("ignore:Items .* on TypedDict class")  # litellm's own
def test_the_group_that_chooses_by_the_prompt_routes_in_litellm(router):
    asked = [{"role": "user", "content": "Prove that the integral of 1/x diverges, step by step."}]
    found = asyncio.run(router.async_get_available_deployment(model="auto", request_kwargs={}, messages=asked))
    assert found["model_info"]["id"] == "anthropic", "only the best is measured above the threshold in reasoning"


def test_without_measurements_or_where_the_name_is_taken_there_is_no_such_group():
    names = {one["model_name"] for one in yaml.safe_load(litellm.render(replace(EXPORT, standings=())))["model_list"]}
    assert "auto" not in names
    table = replace(TABLE, routes=(replace(TABLE.routes[0], capability="auto"),))
    taken = yaml.safe_load(litellm.render(Export(table, DEPLOYMENTS, STANDINGS)))["model_list"]
    assert all("complexity_router_config" not in one["litellm_params"] for one in taken)
