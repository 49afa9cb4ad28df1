from dataclasses import replace

import pytest

from harness import routing
from harness.errors import WrongUse
from tests.routing.test_file import LONE, OPEN, SHIFT, TABLE


def test_the_first_table_is_all_new():
    assert routing.diff(None, TABLE) == [
        "code: a 100 % (new, insufficient): nobody to compare",
        "math: a 100 % (new, insufficient): about 120 more cases",
        'tool calls: b 90 %, a 10 % (new, shift): b is better ("so").',
    ]


def test_the_same_table_changes_nothing():
    assert routing.diff(TABLE, TABLE) == []


def test_a_change_of_weights_says_from_what_to_what_and_why():
    before = replace(TABLE, routes=(replace(SHIFT, weights={"a": 1.0}, decision="hold"),))
    assert routing.diff(before, replace(TABLE, routes=(SHIFT,))) == [
        'tool calls: a 100 % → b 90 %, a 10 % (shift): b is better ("so").'
    ]


def test_a_change_of_mind_that_moves_no_traffic_is_told_too():
    before = replace(TABLE, routes=(replace(OPEN, decision="hold"),))
    assert routing.diff(before, replace(TABLE, routes=(OPEN,))) == [
        "math: still a 100 %, was hold, is insufficient: about 120 more cases"
    ]


def test_a_lost_route_and_changed_terms_are_told():
    after = replace(TABLE, routes=(OPEN, SHIFT), margin=0.02, prior_mass=20.0)
    assert routing.diff(TABLE, after) == [
        "margin: 0.0 → 0.02",
        "prior mass: 30.0 → 20.0",
        f"code: no longer routed (was {LONE.incumbent} 100 %)",
    ]


@pytest.mark.parametrize(("old", "new"), [(True, False), (False, True)])
def test_simulated_and_real_routes_never_replace_each_other(old, new):
    with pytest.raises(WrongUse, match="keep them in another --reports folder"):
        routing.check_replaces(replace(TABLE, simulated=old), replace(TABLE, simulated=new))


def test_routes_of_one_kind_replace_each_other_and_the_first_replaces_none():
    routing.check_replaces(TABLE, TABLE)
    routing.check_replaces(None, TABLE)
