"""Looking at a comparison while it grows: how much of the error each look may spend, and what is still to be asked after it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from harness.judged import ALL, Comparison

LOOKS = 5
"""So many looks, after so many equal parts of the cases."""

Place = tuple[str, str, str]
"""Provider, suite, capability."""


def share(look: int, looks: int = LOOKS) -> float:
    """The share of the error that a look (from 1) may spend: what is spent until then grows with the cube of the share of the cases that were asked.

    All looks together spend it once, and by Boole's inequality no more, however their tests depend on each other; so it holds for every test and interval
    here, which a bound for normal statistics would not. Early looks are strict: of five they spend 0.8, 5.6, 15, 30 and 49 %.

    Sources: Lan and DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70 (1983) 659–663; the family of powers: Kim and DeMets,
    Biometrika 74 (1987) 149–154; intervals at each look: Jennison and Turnbull, JRSS B 51 (1989) 305–361.
    """
    return (look**3 - (look - 1) ** 3) / looks**3


def undecided(cells: Iterable[Comparison], fail_on: Collection[str]) -> frozenset[Place]:
    """The places of which a comparison still has something to find out: a cell is undecided, and none is bad enough already."""
    found: dict[Place, list[str]] = {}
    for one in cells:
        if ALL not in {one.suite, one.capability}:
            found.setdefault((one.provider, one.suite, one.capability), []).append(one.verdict)
    return frozenset(
        place for place, verdicts in found.items() if "undecided" in verdicts and not set(verdicts) & set(fail_on)
    )


def drawn(
    cases: Mapping[Place, Sequence[str]], look: int, left: Collection[Place] | None = None
) -> dict[str, set[tuple[str, str]]]:
    """Which cases (suite, case_id) each provider is asked until a look: so many fifths of those of each place, in their order.

    `cases` are the case_ids of each place; places that are not `left` (None: all are) get none.
    """
    found: dict[str, set[tuple[str, str]]] = {place[0]: set() for place in cases}
    for place, ids in cases.items():
        if left is None or place in left:
            found[place[0]] |= {(place[1], one) for one in ids[: math.ceil(len(ids) * look / LOOKS)]}
    return found
