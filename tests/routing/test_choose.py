from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import routing, stats
from harness.errors import NothingSelected, WrongUse
from harness.judged import RoutingTable
from tests.stats.tables import Table

OVERLOADED, AUTH = ("overloaded", "provider"), ("auth", "account")


def choose(table: Table, incumbent: RoutingTable | None = None, **terms) -> RoutingTable:
    return routing.choose(*table.frames(), incumbent=incumbent, objective=routing.Objective(**terms))


def only(table: Table, incumbent: RoutingTable | None = None, **terms):
    (route,) = choose(table, incumbent, **terms).routes
    return route


def answers(values: Mapping[str, Sequence[float]], table: Table | None = None, **columns) -> Table:
    """A trial for each provider and case: `values` has each provider's values, case by case."""
    table = table or Table()
    for provider, marks in values.items():
        for number, value in enumerate(marks):
            table.trial(f"{columns.get('capability', 'math')}{number}", float(value), provider=provider, **columns)
    return table


def two_capabilities() -> Table:
    """Provider a is better over all, b is far better at logic."""
    table = answers({"a": [1] * 60, "b": [0] * 30 + [1] * 30})
    return answers({"a": [0] * 30 + [1] * 10, "b": [1] * 30 + [0] * 10}, table, capability="logic")


def test_traffic_shifts_where_the_challenger_is_better_and_stays_where_it_is_worse():
    logic, math = choose(two_capabilities()).routes
    assert (logic.capability, logic.decision, logic.incumbent, logic.challenger) == ("logic", "shift", "a", "b")
    assert (math.decision, math.weights, math.challenger) == ("hold", {"a": 1.0}, "b")


def test_a_shift_leaves_the_incumbent_a_hundredth_as_a_control():
    logic = choose(two_capabilities()).routes[0]
    assert logic.weights == {"b": 0.99, "a": 0.01}
    assert "so it gets 99 % and a keeps 1 % as a control" in logic.why


def test_each_shift_needs_a_probability_of_its_own_however_sure_the_others_are():
    table = answers({"a": [0] * 40, "b": [1] * 40}, capability="sure")
    answers({"a": [1, 0, 1, 0, 1, 0] * 3, "b": [1, 0, 0, 1, 1, 1] * 3}, table, capability="likely")
    answers({"a": [1] * 40, "b": [0] * 40}, table, capability="lost")
    route = choose(answers({"a": [1]})).routes[0]
    present = replace(
        choose(answers({"a": [1]})), routes=tuple(replace(route, capability=k) for k in ["likely", "lost", "sure"])
    )
    likely, _, sure = choose(table, present, confidence=0.95).routes
    assert likely.probability is not None
    assert 0.6 < likely.probability < 0.95
    assert (likely.decision, sure.decision) == ("insufficient", "shift")
    alone = choose(table, present, confidence=likely.probability - 0.001).routes
    assert [route.decision for route in alone] == ["shift", "hold", "shift"]


def test_the_evidence_is_the_posterior_of_paired_differences():
    route = only(answers({"a": [1, 1, 1, 1, 0], "b": [1, 0, 1, 0, 1]}))
    values = [[1, 1], [1, 0], [1, 1], [1, 0], [0, 1]]
    posterior = stats.crossed_posteriors(values, ["math"] * 5, range(5)).difference("math", 1, 0)
    assert posterior is not None
    assert route.difference.value == pytest.approx(posterior.mean, abs=1e-6)
    assert (route.difference.low, route.difference.high) == pytest.approx(posterior.interval(), abs=1e-6)
    assert route.difference.n == 5
    assert route.probability == pytest.approx(posterior.probability(), abs=1e-4)


def test_too_little_evidence_says_how_many_more_cases_would_decide():
    route = only(answers({"a": [1, 1, 1, 0], "b": [1, 1, 0, 1]}), choose(answers({"a": [1]})))
    assert route.decision == "insufficient"
    assert route.n_needed is None
    assert route.why.endswith("they are too alike for any practical number of cases to tell.")
    route = only(answers({"a": [1, 0, 1, 0, 0], "b": [1, 1, 1, 0, 0]}), choose(answers({"a": [1]})), confidence=0.95)
    values = [[1, 1], [0, 1], [1, 1], [0, 0], [0, 0]]
    posterior = stats.crossed_posteriors(values, ["math"] * 5, range(5)).difference("math", 1, 0)
    assert posterior is not None
    assert route.n_needed is not None
    assert route.n_needed > 1
    assert route.n_needed == posterior.needed(0.0, 0.95)
    assert route.weights == {"a": 1.0}
    assert f"about {route.n_needed} more cases would tell" in route.why


def test_a_margin_has_to_be_beaten_too():
    table = answers({"a": [1] * 50 + [0] * 50, "b": [1] * 60 + [0] * 40})
    present = choose(answers({"a": [1]}))
    assert only(table, present).decision == "shift"
    route = only(table, present, margin=0.3)
    assert route.decision == "hold"
    assert "is probably not better by more than 30 points (+10.0 points on the same 100 cases" in route.why


def test_of_several_better_ones_the_best_takes_over():
    table = answers({"a": [0] * 60 + [1] * 40, "b": [0] * 30 + [1] * 70, "c": [0] * 10 + [1] * 90})
    route = only(table, choose(answers({"a": [1]})))
    assert (route.decision, route.challenger) == ("shift", "c")


def test_the_first_incumbent_is_the_best_single_one_over_all_capabilities():
    table = answers({"a": [1, 1, 1, 1], "b": [1, 1, 0, 0]})
    answers({"a": [0, 1], "b": [1, 1]}, table, capability="logic")
    assert {route.incumbent for route in choose(table).routes} == {"a"}


@pytest.mark.parametrize(
    ("costs", "incumbent"), [({"a": 2.0, "b": 1.0}, "b"), ({"a": 1.0, "b": 1.0}, "a"), ({"a": None, "b": 9.0}, "b")]
)
def test_of_equals_the_cheaper_one_is_the_incumbent_then_the_first_by_name(costs, incumbent):
    table = Table()
    for provider, cost in costs.items():
        table.trial("x", 1.0, provider=provider, cost_usd=cost)
    assert only(table).incumbent == incumbent


def test_three_lucky_cases_do_not_make_an_incumbent():
    assert only(answers({"a": [1] * 90 + [0] * 10, "lucky": [1, 1, 1]})).incumbent == "a"


def test_the_present_route_decides_who_the_incumbent_is():
    first = choose(two_capabilities())
    second = choose(two_capabilities(), first)
    assert [route.incumbent for route in second.routes] == ["b", "a"]
    assert second.parent == routing.address(first)


def test_an_incumbent_without_a_scored_case_gives_way_to_the_best_single_one():
    gone = choose(answers({"z": [1] * 5}))
    assert only(answers({"a": [1] * 5, "b": [0] * 5}), gone).incumbent == "a"


def test_an_unreliable_provider_is_neither_challenger_nor_first_incumbent():
    table = answers({"a": [0] * 40 + [1] * 10, "b": [1] * 50})
    for number in range(40):
        table.trial(f"lost{number}", state="failed", fails=[OVERLOADED], provider="b")
    route = only(table)
    assert (route.incumbent, route.challenger, route.decision) == ("a", None, "insufficient")
    assert route.why == "a stays: there is nobody to compare it with; left out: b answers at most 65 % of its trials."


def test_where_nobody_is_reliable_the_best_is_still_the_incumbent():
    table = answers({"a": [1] * 3})
    for number in range(40):
        table.trial(f"lost{number}", state="failed", fails=[OVERLOADED])
    assert only(table).incumbent == "a"


def test_a_provider_that_could_not_be_asked_gains_nothing():
    table = answers({"a": [1] * 5}).trial("math0", state="failed", fails=[AUTH], provider="b")
    assert only(table).weights == {"a": 1.0}


def test_who_has_no_case_in_common_or_none_at_all_is_left_out_by_name():
    table = answers({"a": [1] * 5}).trial("other", 1.0, provider="b").trial("math0", provider="c")
    assert only(table).why.endswith("; left out: b shares no scored case with a, c has no scored case here.")


def test_a_capability_without_a_scored_case_keeps_its_present_route_and_its_evidence():
    first = choose(two_capabilities())
    table = answers({"a": [1] * 5, "b": [0] * 5}, run_id="run-2", suite="new", suite_hash="s2", price_id="p2")
    second = choose(table, first)
    assert second.routes[0] == first.routes[0]
    assert second.run_ids == ("run-1", "run-2")
    assert second.suite_hashes == {"new": "s2", "smoke": "s1"}
    assert second.price_ids == ("p1", "p2")


def test_where_nothing_could_be_judged_there_is_no_route():
    assert choose(Table().trial("x")).routes == ()


def test_nothing_measured_is_nothing_to_choose_from():
    with pytest.raises(NothingSelected, match="no trial was measured"):
        choose(Table().trial("x", 1.0, phase="warmup"))


def test_simulated_and_real_rows_do_not_mix():
    with pytest.raises(WrongUse, match="simulated and real providers are mixed"):
        choose(Table().trial("x", 1.0).trial("x", 1.0, provider="b", simulated=True))


def test_simulated_evidence_does_not_follow_real_routes():
    present = choose(Table().trial("x", 1.0))
    with pytest.raises(WrongUse, match="for real providers and the new ones for simulated"):
        choose(Table().trial("x", 1.0, simulated=True), present)


def test_the_table_says_what_it_rests_on():
    table = choose(Table().trial("x", 1.0, simulated=True, price_id=None), confidence=0.9, margin=0.01, prior_mass=20)
    assert table == replace(
        table, objective="quality", margin=0.01, confidence=0.9, prior_mass=20, run_ids=("run-1",), price_ids=(),
        suite_hashes={"smoke": "s1"}, simulated=True, created=datetime(2026, 11, 21, tzinfo=UTC), parent=None,
    )  # fmt: skip


def test_the_same_rows_in_another_order_give_the_same_table():
    calls, scores = two_capabilities().frames()
    shuffled = calls.sample(frac=1, random_state=1), scores.sample(frac=1, random_state=2)
    objective = routing.Objective()
    assert routing.choose(*shuffled, incumbent=None, objective=objective) == choose(two_capabilities())


marks = st.lists(
    st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3, st.sampled_from(["math", "logic", "code"])),
    min_size=1,
    max_size=30,
)


def table_of(rows, providers) -> Table:
    table = Table()
    for number, row in enumerate(rows):
        for provider, value in zip(providers, row, strict=False):
            table.trial(f"c{number}", value, provider=provider, capability=row[3])
    return table


@settings(max_examples=15, deadline=None)
@given(rows=marks)
def test_weights_are_shares_for_every_table(rows):
    for route in choose(table_of(rows, ["a", "b", "c"])).routes:
        assert sum(route.weights.values()) == pytest.approx(1)
        assert all(0 <= weight <= 1 for weight in route.weights.values())
        assert (route.decision == "shift") == (len(route.weights) == 2)


COSTS = {"a": 1.0, "b": 2.0, "c": 3.0}
TERMS: tuple[dict[str, Any], ...] = (
    {},
    {"name": "cost"},
    {"name": "latency", "slo_s": 2.0},
    {"name": "balanced"},
    {"name": "dollars", "solved_usd": 5.0, "second_usd": 0.5},
)


@settings(max_examples=40, deadline=None)
@given(
    rows=marks,
    missing=st.sets(st.tuples(st.integers(0, 29), st.sampled_from("abc"))),
    noise=st.randoms(use_true_random=False),
    costs=st.sampled_from([COSTS, dict.fromkeys("abc", 1.0)]),
    terms=st.sampled_from(TERMS),
)
def test_a_worse_and_dearer_provider_changes_no_weight(rows, missing, noise, costs, terms):
    without, worse = Table(), Table()
    for number, row in enumerate(rows):
        for name, value in zip("abc", row[:3], strict=True):
            if (number, name) not in missing or name == "a":
                for table in (without, worse):
                    table.trial(f"c{number}", value, provider=name, capability=row[3], cost_usd=costs[name])
        lost = min(row[:3]) * noise.random()
        worse.trial(f"c{number}", lost, provider="worst", capability=row[3], cost_usd=9.0)
    weights = [[route.weights for route in choose(table, **terms).routes] for table in (worse, without)]
    assert weights[0] == weights[1]


@settings(max_examples=15, deadline=None)
@given(rows=marks, terms=st.sampled_from(TERMS))
def test_a_provider_without_data_gains_no_traffic(rows, terms):
    table = table_of(rows, ["a", "b"])
    for number, row in enumerate(rows):
        table.trial(f"c{number}", provider="mute", capability=row[3], cost_usd=0.0)
    without = choose(table_of(rows, ["a", "b"]), **terms).routes
    assert [route.weights for route in choose(table, **terms).routes] == [route.weights for route in without]


def test_a_shift_at_80_percent_is_right_in_about_80_percent_or_more():
    rng = np.random.default_rng(3)
    good = shifts = 0
    for _ in range(60):
        base, gain = rng.uniform(0.4, 0.8), rng.normal(-0.03, 0.2, 4)
        table = Table()
        for capability, difference in enumerate(gain):
            for number in range(25):
                name = f"{capability}-{number}"
                draw = rng.random()
                table.trial(name, float(draw < base), provider="a", capability=f"k{capability}")
                again = draw if rng.random() < 0.5 else rng.random()
                table.trial(name, float(again < base + difference), provider="b", capability=f"k{capability}")
        for route in choose(table).routes:
            if route.decision == "shift":
                better = gain[int(route.capability[1:])] > 0
                good += better == (route.challenger == "b")
                shifts += 1
    assert shifts >= 20
    assert good / shifts >= 0.78
