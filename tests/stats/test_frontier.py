from hypothesis import given
from hypothesis import strategies as st

from harness.stats import frontier


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
