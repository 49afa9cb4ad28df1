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
    ],
)
def test_terms_that_make_no_sense_are_refused(terms, complaint):
    with pytest.raises(WrongUse, match=complaint):
        Objective(**terms)
