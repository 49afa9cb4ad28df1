"""Routes on cases that they were not chosen from."""

import numpy as np
import pytest

from harness import routing
from harness.errors import NothingSelected
from harness.routing.crossfit import _Cases
from harness.routing.evidence import Evidence
from tests.routing.test_choose import answers
from tests.routing.test_objectives import asked
from tests.stats.tables import Table


def proof(table: Table, present=None, **terms):
    evidence = Evidence.gather(*table.frames())
    routes = {route.capability: route for route in present.routes} if present else {}
    return routing.cross_fit(evidence, routes, routing.Objective(**terms))


def specialists(n=60, **columns) -> Table:
    """Provider a is good at math, b at logic; with costs and seconds."""
    rng = np.random.default_rng(0)
    table = Table()
    for capability, rates in (("math", (0.9, 0.5)), ("logic", (0.5, 0.9)), ("facts", (0.8, 0.7))):
        marks = {name: (rng.random(n) < rate).astype(float) for name, rate in zip("ab", rates, strict=True)}
        asked(marks, {"a": 0.002, "b": 0.001}, {"a": 2, "b": 1}, table, capability=capability, **columns)
    return table


def test_each_case_is_judged_once_and_the_route_beats_the_incumbent_where_providers_specialise():
    found = proof(specialists())
    assert (found.cases, found.folds, found.gain.n) == (180, 10, 180)
    assert found.gain.low is not None
    assert found.gain.value > found.gain.low > 0
    assert routing.objection(found, routing.Objective()) is None
    ways = found.ways
    assert set(ways) == {"route", "incumbent", "best single", "random", "oracle", "zero router"}
    assert ways["oracle"].accuracy >= ways["route"].accuracy > ways["zero router"].accuracy
    assert ways["route"].accuracy > ways["random"].accuracy
    assert found.gain.value == pytest.approx(ways["route"].accuracy - ways["incumbent"].accuracy)
    assert found.singles["a"][0] == pytest.approx(0.002)
    assert ways["route"].cost_per_solved == pytest.approx(ways["route"].cost_per_call / ways["route"].accuracy)
    assert ways["route"].latency_p95_s == 2
    assert found.aiq is not None
    assert found.aiq[1] > found.aiq[0]


def test_a_route_by_chance_is_refused():
    """Providers that are alike: a low confidence shifts on noise, and held-out cases say so."""
    rng = np.random.default_rng(5)
    table = Table()
    for capability in "klmn":
        answers({name: (rng.random(40) < 0.6).astype(float).tolist() for name in "abc"}, table, capability=capability)
    found = proof(table, confidence=0.51)
    objection = routing.objection(found, routing.Objective(confidence=0.51))
    assert found.moved > 0
    assert found.gain.value < 0
    assert objection is not None
    assert objection.startswith("the route does not beat the incumbent: it solves ")


def test_a_route_that_hangs_on_a_few_cases_is_refused_unless_it_is_the_first():
    table = answers(
        {"a": [1] * 30 + [0] * 10, "b": [1] * 40}, answers({"a": [1] * 5, "b": [0] * 5}), capability="logic"
    )
    found = proof(table, confidence=0.999999)
    assert (found.moved, found.gain.value) == (0, 0)
    assert "hangs on a few cases" in str(routing.objection(found, routing.Objective()))
    assert routing.objection(found, routing.Objective(), first=True) is None


def test_cases_of_one_cluster_are_never_parted():
    """Clones of a few sources: parted, each would tell the answer of its twin."""
    rng = np.random.default_rng(1)
    table = Table()
    for source in range(20):
        lucky = float(rng.random() < 0.5)
        for clone in range(10):
            table.trial(f"{source}-{clone}", 0.5, provider="a", cluster=f"s{source}")
            table.trial(f"{source}-{clone}", lucky, provider="b", cluster=f"s{source}")
    found = proof(table, confidence=0.6)
    assert found.folds == 10
    evidence = Evidence.gather(*table.frames())
    folds = _Cases.of(evidence).folds()
    for source in set(evidence.clusters):
        assert len(set(folds[(evidence.clusters == source).to_numpy()])) == 1


def test_what_is_worth_more_is_in_the_unit_of_the_objective():
    table = specialists()
    saved = proof(table, name="cost", floor=0.5)
    mine, theirs = saved.ways["route"].cost_per_call, saved.ways["incumbent"].cost_per_call
    assert mine is not None
    assert theirs is not None
    assert saved.worth == pytest.approx(1 - mine / theirs)
    paid = proof(table, name="dollars", solved_usd=2.0, second_usd=0.01)
    assert paid.worth is not None
    assert paid.worth > 0.05
    assert proof(table, name="balanced").worth is not None
    unknown = answers({"a": [1] * 30, "b": [0] * 30}, cost_usd=None)
    assert proof(unknown, name="cost").worth is None
    assert routing.objection(proof(unknown, name="cost"), routing.Objective("cost")) is None


def test_a_route_for_cost_that_falls_below_its_floor_is_refused():
    table = asked({"dear": [1] * 100, "cheap": [1] * 60 + [0] * 40}, {"dear": 0.01, "cheap": 0.001})
    low = proof(table, name="cost", floor=0.9)
    assert low.ways["route"].accuracy < 0.7
    assert "falls below the floor of 2 points" in str(routing.objection(low, routing.Objective("cost")))


def test_the_present_routes_are_the_incumbent():
    table = specialists()
    present = routing.choose(*table.frames(), incumbent=None, objective=routing.Objective())
    found = proof(table, present)
    assert found.ways["incumbent"].accuracy > found.ways["best single"].accuracy
    assert found.moved < 0.05


def test_one_case_cannot_be_held_out():
    with pytest.raises(NothingSelected, match="too few cases"):
        proof(answers({"a": [1]}))
