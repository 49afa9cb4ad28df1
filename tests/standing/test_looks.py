import numpy as np
import pytest

from harness import standing
from harness.judged import Comparison
from tests.standing import error_rates


def test_all_looks_together_spend_the_error_once_and_early_ones_little():
    shares = [standing.share(look) for look in range(1, standing.LOOKS + 1)]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.008)


def cell(provider: str, verdict: str, suite: str = "s", measure: str = "quality") -> Comparison:
    return Comparison(provider, suite, "c", measure, simulated=False, verdict=verdict, why="")  # type: ignore[arg-type]


def test_a_place_is_undecided_while_a_cell_of_it_is_and_none_is_bad_enough():
    cells = [
        cell("a", "equal"), cell("a", "undecided", measure="latency"),
        cell("b", "regressed"), cell("b", "undecided", measure="latency"),
        cell("c", "equal"), cell("c", "undecided", suite="all"),
    ]  # fmt: skip
    assert standing.undecided(cells, ("regressed",)) == {("a", "s", "c")}
    assert standing.undecided(cells, ("missing",)) == {("a", "s", "c"), ("b", "s", "c")}


def test_a_look_draws_so_many_fifths_of_each_place_that_is_left():
    cases = {("a", "s", "c"): [f"n{k}" for k in range(10)], ("a", "s", "d"): ["x"], ("b", "s", "c"): ["n0"]}
    assert standing.drawn(cases, 1) == {"a": {("s", "n0"), ("s", "n1"), ("s", "x")}, "b": {("s", "n0")}}
    assert standing.drawn(cases, 3, {("a", "s", "c")}) == {"a": {("s", f"n{k}") for k in range(6)}, "b": set()}
    assert len(standing.drawn(cases, 5)["a"]) == 11


def test_looking_five_times_calls_no_more_than_5_percent_of_what_did_not_change():
    found = error_rates.looks(error_rates.latency(100, 0.15), "latency", 60)
    assert found.called <= 0.1  # a true 5 % stays within in 19 of 20 samples of 60
    naive = error_rates.looks(error_rates.latency(100, 0.15), "latency", 60, honest=False)
    assert naive.called > found.called


def test_a_large_change_is_found_before_all_cases_are_asked():
    found = error_rates.looks(error_rates.quality(200, 0.25), "quality", 30)
    assert found.regressed >= 0.9
    assert found.asked < 0.85
    assert np.isclose(standing.share(5), 0.488)
