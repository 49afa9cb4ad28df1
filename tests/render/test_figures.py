import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judged import Estimate
from harness.render.figures import DASH, ago, count, percent, plural, seconds, short, size, usd


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (0.0, "$0.00"),
        (12.3, "$12.30"),
        (1234.5, "$1,234.50"),
        (0.5, "$0.500"),
        (0.00123, "$0.00123"),
        (1e-7, "$0.000000100"),
    ],
)
def test_dollars_keep_three_digits_and_unknown_is_no_zero(value, text):
    assert usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, DASH), (0.0004, "0 ms"), (0.087, "87 ms"), (0.9996, "1.00 s"), (1.25, "1.25 s"), (125.0, "2 min 05 s")],
)
def test_seconds_take_the_unit_that_reads_best(value, text):
    assert seconds(value) == text


def test_an_estimate_of_seconds_reads_as_its_value():
    assert seconds(Estimate(0.25, 40)) == "250 ms"


def test_percent_shows_the_interval_only_where_there_is_one():
    assert percent(Estimate(0.923, 40, 0.801, 0.968)) == "92 (80–97)"
    assert percent(Estimate(0.5, 1)) == "50"
    assert percent(None) == DASH


def test_counting_words():
    assert plural(1, "trial") == "1 trial"
    assert plural(2000, "trial") == "2,000 trials"
    assert plural(2, "reply") == "2 replies"
    assert count(1234567) == "1,234,567"


@given(st.floats(min_value=1e-9, max_value=0.99))
def test_a_small_amount_reads_back_within_half_a_percent(value):
    assert float(usd(value).removeprefix("$")) == pytest.approx(value, rel=5.1e-3)


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (-0.1, "0 seconds ago"),
        (1.9, "1 second ago"),
        (179, "2 minutes ago"),
        (3600, "1 hour ago"),
        (86399, "23 hours ago"),
        (200_000, "2 days ago"),
    ],
)
def test_how_long_ago_is_told_in_the_largest_whole_unit(age, text):
    assert ago(age) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (61_700, "61.7 kB"), (3_200_000, "3.2 MB"), (10**15, "1000.0 TB")],
)
def test_sizes_are_in_powers_of_1000(value, text):
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (950, "950"), (999, "999"), (1000, "1.00k"), (9_994, "9.99k"), (9_996, "10.0k"), (61_234, "61.2k"), (99_960, "100k"),
     (999_499, "999k"), (999_500, "1.00M"), (1_234_567, "1.23M"), (2_500_000_000, "2.50G"), (None, "–")],
)  # fmt: skip
def test_large_numbers_in_three_digits(value, said):
    assert short(value) == said
