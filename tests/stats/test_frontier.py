import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import aiq, frontier, hull, quality_at


def test_the_frontier_is_what_nothing_cheaper_reaches():
    points = [(3.0, 0.9), (1.0, 0.5), (2.0, 0.4), (2.0, 0.7), (4.0, 0.9)]
    assert frontier(points) == [1, 3, 0]


def test_of_equal_points_the_first_stays():
    assert frontier([(1.0, 0.5), (1.0, 0.5)]) == [0]


def test_nothing_has_no_frontier():
    assert frontier([]) == []


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1)), min_size=1))
def test_every_point_is_matched_by_one_on_the_frontier_that_costs_no_more(points):
    front = [points[i] for i in frontier(points)]
    assert front == sorted(set(front))
    assert all(any(cost <= point[0] and quality >= point[1] for cost, quality in front) for point in points)


def test_the_hull_leaves_out_what_a_mix_of_others_reaches():
    points = [(1.0, 0.5), (2.0, 0.55), (3.0, 0.9), (4.0, 0.8), (1.5, 0.4)]
    assert hull(points) == [0, 2]
    assert quality_at(points, 2.0) == pytest.approx(0.7)
    assert quality_at(points, 0.5) == 0.5
    assert quality_at(points, 9.0) == 0.9


def test_aiq_is_the_mean_height_of_the_hull():
    points = [(1.0, 0.5), (3.0, 0.9)]
    assert aiq(points, 1.0, 3.0) == pytest.approx(0.7)
    assert aiq(points, 1.0, 5.0) == pytest.approx(0.8)
    assert aiq([*points, (2.0, 0.9)], 1.0, 3.0) == pytest.approx(0.8)
    assert aiq(points, 2.0, 2.0) == pytest.approx(0.7)
