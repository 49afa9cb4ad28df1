"""Each way in which litellm's table says a price, and what is made of it."""

import pytest

from harness.ask import Prices, PriceTier
from harness.registry.pricing import prices_of

PLAIN = {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6}


def test_each_class_of_tokens_is_read():
    row = PLAIN | {
        "cache_read_input_token_cost": 1e-7,
        "cache_creation_input_token_cost": 2e-6,
        "cache_creation_input_token_cost_above_1hr": 3e-6,
        "output_cost_per_reasoning_token": 5e-6,
    }
    assert prices_of(row, "t") == Prices(1e-6, 4e-6, 1e-7, 2e-6, "t", 3e-6, 5e-6)


def test_longer_prompts_are_tiers_in_order_and_batches_are_left_out():
    row = PLAIN | {
        "output_cost_per_token_above_272k_tokens": 9e-6,
        "input_cost_per_token_above_128k_tokens": 2e-6,
        "cache_creation_input_token_cost_above_1hr_above_128k_tokens": 3e-6,
        "input_cost_per_token_above_500_tokens": None,
        "input_cost_per_token_batches": 5e-7,
        "input_cost_per_token_above_272k_tokens_priority": 8e-6,
    }
    tiers = (PriceTier(128_000, input=2e-6, cache_write_1h=3e-6), PriceTier(272_000, output=9e-6))
    assert prices_of(row, "t") == Prices(1e-6, 4e-6, id="t", tiers=tiers)


def test_at_xai_the_tier_begins_at_its_threshold():
    row = PLAIN | {"litellm_provider": "xai", "input_cost_per_token_above_200k_tokens": 2e-6}
    assert prices_of(row, "t").tiers == (PriceTier(199_999, input=2e-6),)


def test_of_ranges_the_first_is_the_base_and_nothing_is_taken_from_a_shorter_one():
    ranges = [
        {"range": [32000.0, 1e6], "input_cost_per_token": 3e-6, "output_cost_per_token": 9e-6},
        {
            "range": [0, 32000.0],
            "input_cost_per_token": 1e-6,
            "output_cost_per_token": 2e-6,
            "cache_read_input_token_cost": 1e-7,
            "output_cost_per_reasoning_token": 5e-6,
        },
        {"max_results_range": [0, 1], "input_cost_per_query": 1},
    ]
    tier = PriceTier(32_000, input=3e-6, output=9e-6, cached_input=3e-6, reasoning=9e-6)
    assert prices_of({"tiered_pricing": ranges}, "t") == Prices(1e-6, 2e-6, 1e-7, id="t", reasoning=5e-6, tiers=(tier,))


def test_a_range_without_a_price_of_the_output_takes_the_models():
    ranges = [{"range": [0, 10], "input_cost_per_token": 1e-6}]
    assert prices_of(PLAIN | {"tiered_pricing": ranges}, "t") == Prices(1e-6, 4e-6, id="t")


def test_one_rule_of_a_provider_prices_what_its_models_do_not_say():
    assert prices_of(PLAIN | {"litellm_provider": "fireworks_ai"}, "t").cached_input == 5e-7


def test_a_price_by_the_hour_varies():
    assert prices_of(PLAIN | {"off_peak_pricing": {"hours_utc": "00:00-04:00"}}, "t").varies
    assert not prices_of(PLAIN, "t").varies


@pytest.mark.parametrize(
    "row", [{}, {"input_cost_per_second": 1}, PLAIN | {"input_cost_per_token": 0, "output_cost_per_token": 0}]
)
def test_a_row_without_a_price_of_a_token_has_none(row):
    assert prices_of(row, "t") == Prices()
