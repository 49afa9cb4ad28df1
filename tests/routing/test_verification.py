from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.errors import WrongUse
from harness.routing import Objective, Outcomes, verify
from tests.routing.outcomes import table

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "outcomes"
published = pytest.mark.skipif(
    not PUBLISHED.is_dir(),
    reason=f"the published tables of outcomes are not at {PUBLISHED}: they are no part of the project",
)


def read(frame) -> Outcomes:
    columns = ["case_id", "capability", "provider", "score", "cost_usd", "latency_s"]
    return Outcomes.of(frame.reindex(columns=columns).itertuples(index=False, name=None))


def specialists(rng, capabilities=10, providers=4, spread=0.2):
    return rng.uniform(0.4, 0.7, (capabilities, 1)) + rng.normal(0, spread, (capabilities, providers))


def test_where_providers_differ_by_capability_choosing_gains():
    rates = specialists(np.random.default_rng(1))
    outcomes = read(table(1, rates, 200, costs=[1e-3, 2e-3, 3e-3, 4e-3]))
    (found,) = verify(outcomes, Objective(), [600], 10)
    assert found.splits == 10
    assert found.gain > 5
    assert found.worse == 0
    route, single = found.figures["route"], found.figures["best single"]
    assert found.gain == pytest.approx(100 * (route.accuracy - single.accuracy))
    assert found.figures["oracle"].accuracy >= route.accuracy > found.figures["zero router"].accuracy
    assert route.accuracy > found.figures["random"].accuracy
    assert found.aiq is not None
    assert found.aiq[1] > found.aiq[0]
    assert route.cost_per_call is not None
    assert route.cost_per_solved is not None
    assert single.cost_per_call is not None
    assert route.cost_per_solved > route.cost_per_call
    assert 1e-3 <= single.cost_per_call <= 4e-3


SHAPES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "two alike": (np.full((12, 2), 0.6), 100, {}),
    "many alike": (np.full((8, 12), 0.6), 100, {}),
    "one best everywhere": (np.tile([0.7, 0.6, 0.5], (10, 1)), 100, {}),
    "alike, unbalanced": (np.full((6, 3), 0.6), [500, 200, 100, 50, 20, 10], {}),
    "alike, graded": (np.full((10, 3), 0.6), 100, {"graded": True}),
    "alike, cells missing": (np.full((10, 4), 0.6), 100, {"missing": 0.3}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_where_nothing_can_be_gained_nothing_is_lost(shape):
    """Negative controls of many shapes: on average over splits no more than half a tenth of a point."""
    rates, sizes, more = SHAPES[shape]
    outcomes = read(table(3, rates, sizes, **more))
    for found in verify(outcomes, Objective(), [100, 400], 20):
        assert found.gain >= -0.05 - 2 * found.error


def test_a_shuffled_table_gains_nothing():
    outcomes = read(table(1, specialists(np.random.default_rng(1)), 200))
    shuffled = outcomes.shuffled()
    assert sorted(shuffled.scores.to_numpy().ravel()) == sorted(outcomes.scores.to_numpy().ravel())
    for found in verify(shuffled, Objective(), [100, 600], 20):
        assert -0.05 <= found.gain - 2 * found.error <= 0.2


def test_the_same_table_gives_the_same_figures():
    outcomes = read(table(2, specialists(np.random.default_rng(2)), 30))
    assert verify(outcomes, Objective(), [100], 3) == verify(outcomes, Objective(), [100], 3)


@published
def test_published_models_that_specialise_are_routed_better_than_the_best_of_them():
    (found,) = verify(read(pd.read_csv(PUBLISHED / "llmrouter.csv.gz")), Objective(), [1000], 12)
    assert found.gain >= 3.2
    assert found.worse == 0
    assert found.figures["route"].cost_per_call is None
    assert found.aiq is None


@published
def test_published_models_that_do_not_specialise_are_left_alone():
    (few,) = verify(read(pd.read_csv(PUBLISHED / "routellm.csv.gz")), Objective(), [300], 12)
    assert few.gain >= -0.03
    (shuffled,) = verify(read(pd.read_csv(PUBLISHED / "routellm.csv.gz")).shuffled(), Objective(), [1000], 6)
    assert shuffled.gain >= -0.05


def test_nothing_is_no_table_of_outcomes():
    with pytest.raises(WrongUse, match="no outcome"):
        Outcomes.of([])


def test_a_size_that_leaves_nothing_to_judge_on_is_refused():
    with pytest.raises(WrongUse, match="the table has 4"):
        verify(read(table(1, np.full((2, 2), 0.5), 2)), Objective(), [4], 2)


def test_repeats_are_averaged_and_costs_may_be_absent():
    rows = [("x", "k", "a", 1.0), ("x", "k", "a", 0.0), ("y", "k", "b", 1.0)]
    outcomes = read(pd.DataFrame(rows, columns=["case_id", "capability", "provider", "score"]))
    assert outcomes.scores.loc[("k", "x"), "a"] == 0.5
    assert outcomes.costs.isna().all(axis=None)
