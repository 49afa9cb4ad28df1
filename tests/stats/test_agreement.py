"""Agreement and Cohen's kappa: against statsmodels' figures, and by simulation."""

import numpy as np
import pytest

from harness.stats import agreement


def pairs(table, names=None):
    names = names or range(len(table))
    return [
        (a, b) for a, row in zip(names, table, strict=True) for b, n in zip(names, row, strict=True) for _ in range(n)
    ]


def kappa_of(found):
    kappa = agreement(found).kappa
    assert kappa
    assert kappa.low is not None
    assert kappa.high is not None
    return kappa.value, kappa.low, kappa.high


@pytest.mark.parametrize(
    ("table", "kappa", "low", "high"),
    [
        ([[20, 5], [10, 15]], 0.4, 0.151092290476661, 0.6489077095233389),
        ([[11, 2, 19], [1, 3, 3], [0, 8, 82]], 0.3745224801645606, 0.2199331544812161, 0.5291118058479051),
        ([[44, 5, 1], [7, 20, 3], [9, 5, 6]], 0.49152542372881347, 0.35015820121748686, 0.6328926462401401),
    ],
)
def test_kappa_is_that_of_statsmodels(table, kappa, low, high):
    """`statsmodels.stats.inter_rater.cohens_kappa` of 0.14."""
    assert kappa_of(pairs(table)) == pytest.approx((kappa, low, high), rel=1e-6)


@pytest.mark.parametrize(
    ("table", "kappa", "low", "high"),
    [
        ([[11, 2, 19], [1, 3, 3], [0, 8, 82]], 0.42036944583125313, 0.2455514367019081, 0.5951874549605982),
        ([[44, 5, 1], [7, 20, 3], [9, 5, 6]], 0.4545454545454546, 0.27034863162707257, 0.6387422774638366),
    ],
)
def test_with_an_order_near_misses_count_for_more(table, kappa, low, high):
    found = agreement(pairs(table))
    assert found.weighted == pytest.approx((kappa, low, high), rel=1e-6)
    assert agreement(pairs(table, ["a", "b", "c"])).weighted is None


def test_full_agreement_leaves_room_for_doubt():
    value, low, high = kappa_of(pairs([[10, 0], [0, 10]]))
    assert (value, high) == (1.0, 1.0)
    assert 0.5 < low < 0.8


def test_who_always_says_the_same_shows_nothing():
    assert agreement([("a", "a")] * 5).kappa is None
    assert agreement([("a", "a"), ("b", "a")]).kappa == (0.0, None, None)
    with pytest.raises(ValueError, match="at least one pair"):
        agreement([])


def test_the_interval_holds_the_true_kappa():
    """Two raters who share half of their labels and draw the others at random have kappa 0.5."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        one = rng.integers(0, 2, 120)
        other = np.where(rng.random(120) < 0.5, one, rng.integers(0, 2, 120))
        _, low, high = kappa_of(list(zip(one.tolist(), other.tolist(), strict=True)))
        held += low <= 0.5 <= high
    assert 0.92 <= held / 400 <= 0.98
