"""The frontier of cost and quality: the points that no other point beats in both."""

from __future__ import annotations

from collections.abc import Sequence


def frontier(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the (cost, quality) points that no cheaper or equally cheap point reaches in quality, cheapest first.

    This is the Pareto front of minimal cost and maximal quality; of equal points the first one stays.
    """
    best = float("-inf")
    front = []
    for index in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i)):
        if points[index][1] > best:
            best = points[index][1]
            front.append(index)
    return front
