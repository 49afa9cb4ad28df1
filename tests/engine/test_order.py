"""An order holds each number once, and the seed decides it."""

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from harness.engine.order import mixed


@given(st.integers(0, 3000), st.text(max_size=5))
def test_each_number_is_there_once(total, seed):
    assert sorted(mixed(total, seed)) == list(range(total))


@given(st.integers(60, 600))
def test_the_seed_decides(total):
    assert list(mixed(total, "1")) == list(mixed(total, "1")) != list(mixed(total, "2"))


def test_a_part_of_it_is_drawn_from_the_whole():
    """A tenth of a permutation of 10,000 holds about a tenth of each thousand (a chi-squared of 9 degrees, p > 1e-6)."""
    for seed in "abcdef":
        thousands = Counter(number // 1000 for number in islice(mixed(10_000, seed), 1000))
        assert sum((thousands[n] - 100) ** 2 / 100 for n in range(10)) < 45


def test_it_takes_no_memory_however_many_there_are():
    assert len(set(islice(mixed(10**18, "seed"), 1000))) == 1000
