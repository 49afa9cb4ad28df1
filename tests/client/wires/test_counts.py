import pytest

from harness.client.wires.counts import count, inside, usage_of
from harness.told import Usage


@pytest.mark.parametrize(
    ("told", "counted"),
    [(0, 0), (7, 7), (7.0, 7), (7.5, None), (-1, None), ("7", None), (True, None), (None, None), (float("inf"), None)],
)
def test_a_count_is_a_whole_number_from_zero(told, counted):
    assert count(told) == counted


def test_a_path_that_ends_early_leads_to_none():
    assert inside({"a": {"b": 1}}, "a", "b") == 1
    assert inside({"a": 3}, "a", "b") is None
    assert inside(None, "a") is None


def test_usage_without_counts_has_no_source():
    assert usage_of(None, None, cached=3) == Usage()
    assert usage_of(None, 3).source == "usage"


def test_a_prompt_of_no_tokens_was_not_counted():
    assert usage_of(0, 0) == Usage()
    assert usage_of(0, 5) == Usage(None, 5, source="usage")
    assert usage_of(5, 0) == Usage(5, 0, source="usage")
