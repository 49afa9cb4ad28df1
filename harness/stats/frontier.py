"""The frontier of cost and quality: the points that no other point beats in both."""

from __future__ import annotations

import itertools
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


def hull(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the corners of the non-decreasing convex hull of (cost, quality), cheapest first.

    What lies on it can be reached by sending shares of the traffic, drawn at random, to its two neighbouring corners.

    Source: Andrew, Another efficient algorithm for convex hulls in two dimensions, Information Processing Letters 9 (1979) 216–219.
    """
    corners: list[int] = []
    for index in frontier(points):
        while len(corners) > 1 and _slope(points, corners[-2], corners[-1]) <= _slope(points, corners[-1], index):
            corners.pop()
        corners.append(index)
    return corners


def _slope(points: Sequence[tuple[float, float]], left: int, right: int) -> float:
    (cost, quality), (dearer, better) = points[left], points[right]
    return (better - quality) / (dearer - cost)


def quality_at(points: Sequence[tuple[float, float]], cost: float) -> float:
    """The quality that the hull reaches at a cost: the zero router. Below the cheapest corner it is that corner's."""
    corners = [points[index] for index in hull(points)]
    for (left, low), (right, high) in itertools.pairwise(corners):
        if cost < right:
            return low + (high - low) * max(0.0, (cost - left) / (right - left))
    return corners[-1][1]


def aiq(points: Sequence[tuple[float, float]], cheapest: float, dearest: float) -> float:
    """Average improvement in quality: the mean height of the hull from `cheapest` to `dearest`, which may be the same.

    Source: Hu et al., RouterBench (2024), arXiv 2403.12031, section 3.
    """
    if dearest <= cheapest:
        return quality_at(points, dearest)
    inner = [points[index][0] for index in hull(points) if cheapest < points[index][0] < dearest]
    places = [cheapest, *inner, dearest]
    heights = [quality_at(points, place) for place in places]
    areas = [
        (right - left) * (low + high) / 2
        for (left, right), (low, high) in zip(itertools.pairwise(places), itertools.pairwise(heights), strict=True)
    ]
    return sum(areas) / (dearest - cheapest)
