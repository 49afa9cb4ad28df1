"""What the objectives do on small tables whose right answer is plain."""

import pytest

from harness import routing
from tests.routing.test_choose import answers
from tests.stats.tables import Table

OVERLOADED = ("overloaded", "provider")


def asked(marks, costs=None, seconds=None, table=None, **columns):
    """A trial for each provider and mark, with the provider's cost and seconds."""
    table = table or Table()
    for provider, values in marks.items():
        more = {"cost_usd": (costs or {}).get(provider), "latency_s": (seconds or {}).get(provider, 1.0), **columns}
        answers({provider: values}, table, **more)
    return table


def route(table: Table, **terms):
    (found,) = routing.choose(*table.frames(), incumbent=None, objective=routing.Objective(**terms)).routes
    return found


ALIKE = {"dear": [1] * 150 + [0] * 50, "cheap": [1] * 150 + [0] * 50}
DEAR = {"dear": 0.01, "cheap": 0.001}


def test_cost_takes_the_cheaper_one_that_keeps_the_floor():
    marks = {"dear": [1] * 151 + [0] * 49, "cheap": [1] * 150 + [0] * 50}
    found = route(asked(marks, DEAR), name="cost")
    assert found.weights == {"cheap": 0.99, "dear": 0.01}
    assert found.costs == {"cheap": 0.001, "dear": 0.01}
    assert found.gain is not None
    assert found.difference is not None
    assert found.gain.value == pytest.approx(0.9)
    assert "cheap is cheaper than dear (" in found.why
    assert "$1 instead of $10 for 1,000 calls" in found.why
    assert "is within 2 points of dear with a probability of " in found.why


def test_cost_does_not_take_one_that_is_below_the_floor():
    found = route(asked({"dear": [1] * 200, "cheap": [1] * 150 + [0] * 50}, DEAR), name="cost")
    assert (found.decision, found.weights) == ("hold", {"dear": 1.0})
    assert found.why.startswith("dear stays: cheap is within 2 points of dear with a probability of 0.00 (cheaper: ")


def test_cost_waits_where_the_floor_is_open_and_says_how_many_cases_would_tell():
    found = route(
        asked({"dear": [1, 1, 1, 1, 0] * 4, "cheap": [1, 1, 1, 0, 1] * 3 + [1, 0, 1, 0, 1]}, DEAR), name="cost"
    )
    assert found.decision == "insufficient"
    assert found.n_needed
    assert found.why.startswith("dear stays for now: cheap is within 2 points of dear")
    assert f"about {found.n_needed:,} more cases would tell" in found.why


def test_a_wider_floor_lets_a_weaker_one_in():
    marks = {"dear": [1] * 200, "cheap": [1] * 190 + [0] * 10}
    assert route(asked(marks, DEAR), name="cost").decision == "hold"
    assert route(asked(marks, DEAR), name="cost", floor=0.12).decision == "shift"


def test_the_floor_holds_below_the_best_and_not_only_below_the_incumbent():
    """A cheap incumbent is no excuse for a cheaper one: quality would fall by two points each time."""
    marks = {"best": [1] * 300, "middle": [1] * 294 + [0] * 6, "last": [1] * 285 + [0] * 15}
    table = asked(marks, {"best": 0.01, "middle": 0.005, "last": 0.001})
    first = routing.choose(*asked({"middle": [1]}).frames(), incumbent=None, objective=routing.Objective())
    (found,) = routing.choose(*table.frames(), incumbent=first, objective=routing.Objective("cost")).routes
    assert found.incumbent == "middle"
    assert found.weights.get("last", 0) == 0


def test_an_incumbent_surely_below_the_floor_gives_way_to_one_that_keeps_it():
    table = asked({"best": [1] * 300, "weak": [1] * 150 + [0] * 150}, {"best": 0.01, "weak": 0.001})
    weak = routing.choose(*asked({"weak": [1]}).frames(), incumbent=None, objective=routing.Objective())
    (found,) = routing.choose(*table.frames(), incumbent=weak, objective=routing.Objective("cost")).routes
    assert found.weights == {"best": 0.99, "weak": 0.01}
    assert "best takes over from weak, which is within 2 points of best with a probability of 0.00" in found.why


def test_an_unknown_cost_is_never_the_cheaper_one():
    found = route(asked(ALIKE, {"dear": 0.01, "cheap": None}), name="cost")
    assert found.weights == {"dear": 1.0}
    assert "left out: cheap shares no case of known cost with dear" in found.why


def test_a_limit_of_latency_is_hard_and_quality_decides_among_those_that_keep_it():
    marks = {"slow": [1] * 100, "fair": [1] * 90 + [0] * 10, "poor": [1] * 50 + [0] * 50}
    found = route(asked(marks, seconds={"slow": 9, "fair": 2, "poor": 1}), name="latency", slo_s=5)
    assert (found.incumbent, found.weights) == ("fair", {"fair": 1.0})
    assert "slow ends its reply within 5 s for 0 of 100 requests" in found.why


def test_an_incumbent_that_is_too_slow_gives_way():
    marks, seconds = {"slow": [1] * 100, "fair": [1] * 90 + [0] * 10}, {"slow": 9, "fair": 2}
    slow = routing.choose(*asked({"slow": [1]}).frames(), incumbent=None, objective=routing.Objective())
    objective = routing.Objective("latency", slo_s=5)
    (found,) = routing.choose(*asked(marks, seconds=seconds).frames(), incumbent=slow, objective=objective).routes
    assert found.weights == {"fair": 0.99, "slow": 0.01}
    assert found.why.startswith("fair takes over from slow, which ends its reply within 5 s for 0 of 100 requests: ")


def test_a_few_fast_replies_do_not_show_that_a_limit_is_kept():
    marks = {"slow": [1, 0] * 5, "fast": [1] * 10}
    slow = routing.choose(*asked({"slow": [1]}).frames(), incumbent=None, objective=routing.Objective())
    objective = routing.Objective(slo_s=5)
    (found,) = routing.choose(*asked(marks).frames(), incumbent=slow, objective=objective).routes
    assert (found.decision, found.weights) == ("insufficient", {"slow": 1.0})
    assert "fast ends its reply within 5 s for 10 of 10 requests" in found.why


def test_the_first_token_has_a_limit_of_its_own_and_who_fails_has_kept_none():
    table = asked({"a": [1] * 90 + [0] * 10, "b": [1] * 100}, ttft_s=0.2)
    for number in range(11):
        table.trial(f"lost{number}", state="failed", fails=[OVERLOADED], provider="b", capability="math")
    found = route(table, name="latency", slo_ttft_s=0.5)
    assert found.weights == {"a": 1.0}
    assert "b begins its reply within 0.5 s for 100 of 111 requests" in found.why


def test_what_was_timed_by_a_saturated_harness_shows_no_speed():
    table = asked({"a": [1] * 50 + [0] * 50})
    asked({"b": [1] * 100}, table=table, saturated=True)
    found = route(table, name="latency", slo_s=5)
    assert found.weights == {"a": 1.0}
    assert "b was timed while the harness was saturated (100 % of its calls)" in found.why


def test_balanced_weighs_cost_more_than_quality_on_a_scale_that_others_do_not_move():
    marks = {"good": [1] * 95 + [0] * 5, "cheap": [1] * 80 + [0] * 20}
    found = route(asked(marks, {"good": 0.01, "cheap": 0.0001}), name="balanced")
    assert found.incumbent == "cheap"
    assert found.weights == {"cheap": 1.0}
    wide = {"good": [1] * 95 + [0] * 5, "cheap": [1] * 20 + [0] * 80}
    assert route(asked(wide, {"good": 0.01, "cheap": 0.008}), name="balanced").weights == {"good": 1.0}


def test_dollars_weigh_a_solved_task_against_its_cost_and_the_wait():
    marks, costs = {"good": [1] * 90 + [0] * 10, "cheap": [1] * 80 + [0] * 20}, {"good": 0.05, "cheap": 0.001}
    assert route(asked(marks, costs), name="dollars", solved_usd=10).weights == {"good": 1.0}
    assert route(asked(marks, costs), name="dollars", solved_usd=0.05).weights == {"cheap": 1.0}
    slow = asked(marks, costs, {"good": 60, "cheap": 1})
    assert route(slow, name="dollars", solved_usd=10, second_usd=0.1).weights == {"cheap": 1.0}


def test_a_shift_by_dollars_says_what_it_gains_a_task():
    table = asked({"good": [1] * 90 + [0] * 10, "cheap": [1] * 80 + [0] * 20}, {"good": 0.01, "cheap": 0.001})
    first = routing.choose(*asked({"cheap": [1]}).frames(), incumbent=None, objective=routing.Objective())
    objective = routing.Objective("dollars", solved_usd=2)
    (found,) = routing.choose(*table.frames(), incumbent=first, objective=objective).routes
    assert found.decision == "shift"
    assert found.gain is not None
    assert found.difference is not None
    assert found.gain.value == pytest.approx(2 * found.difference.value - 0.009, abs=1e-4)
    assert "good is worth more than cheap (" in found.why


def test_an_unreliable_incumbent_gives_way_to_a_reliable_one():
    first = routing.choose(*answers({"a": [1]}).frames(), incumbent=None, objective=routing.Objective())
    table = answers({"a": [1] * 40, "b": [1] * 38 + [0] * 2})
    for number in range(20):
        table.trial(f"lost{number}", state="failed", fails=[OVERLOADED], provider="a")
    (found,) = routing.choose(*table.frames(), incumbent=first, objective=routing.Objective()).routes
    assert found.weights == {"b": 0.99, "a": 0.01}
    assert found.why.startswith("b takes over from a, which answers at most ")


def test_the_table_names_the_terms_it_was_chosen_on():
    table = routing.choose(
        *asked(ALIKE, DEAR).frames(), incumbent=None, objective=routing.Objective("cost", floor=0.03)
    )
    assert table.terms == {"floor": 0.03, "half_life_days": 30.0}
