import math

import pytest

from harness.errors import WrongUse
from harness.routing import Objective


def test_by_default_quality_counts_and_80_percent_are_sure_enough():
    assert Objective() == Objective("quality", margin=0.0, confidence=0.8, prior_mass=30)


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ({"name": "beauty"}, "'beauty' is not known"),
        ({"margin": -0.01}, "margin of -0.01"),
        ({"margin": 1.0}, "margin of 1.0"),
        ({"margin": math.nan}, "margin of nan"),
        ({"confidence": 0.5}, "confidence of 0.5"),
        ({"confidence": 1.0}, "confidence of 1.0"),
        ({"prior_mass": 0}, "prior mass of 0"),
        ({"floor": 1.0}, "quality floor of 1.0"),
        ({"name": "latency"}, "say how long a reply may take"),
        ({"name": "latency", "slo_s": 0.0}, "a number of seconds above 0"),
        ({"slo_ttft_s": math.nan}, "a number of seconds above 0"),
        ({"name": "dollars"}, "say what a solved task is worth"),
        ({"name": "dollars", "solved_usd": 0.0}, "amounts of USD"),
        ({"name": "dollars", "solved_usd": 1.0, "second_usd": -1.0}, "amounts of USD"),
        ({"half_life_days": 0.0}, "half-life of 0.0 days"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms, complaint):
    with pytest.raises(WrongUse, match=complaint):
        Objective(**terms)


def test_only_what_matters_to_an_objective_is_named_with_its_table():
    assert Objective().terms == {"half_life_days": 30.0}
    assert Objective("cost").terms == {"floor": 0.02, "half_life_days": 30.0}
    assert Objective("dollars", solved_usd=2, slo_s=5).terms == {
        "slo_s": 5.0, "solved_usd": 2.0, "second_usd": 0.0, "half_life_days": 30.0,
    }  # fmt: skip
