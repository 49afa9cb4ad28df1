"""The quality floor of routes for cost, on simulated tables whose truth is known; `make calibrate` draws many more."""

import numpy as np

from tests.routing.floors import SHAPES, broken, tried


def test_the_floor_holds_where_the_usual_rule_breaks_it():
    found = [tried(shape, 300, seed) for shape in SHAPES for seed in range(6)]
    assert broken([one.under_shown for one in found]) <= 0.05
    assert broken([one.under_true for one in found]) <= broken([one.shown_under_true for one in found]) + 0.05
    assert broken([one.naive_under_true for one in found]) > 0.1


def test_money_is_saved_where_the_cheaper_one_is_as_good():
    found = [tried(SHAPES[0], 3000, seed) for seed in range(8)]
    assert np.mean([one.saved for one in found]) > 0.01
    assert all(one.saved >= -0.01 for one in found)
