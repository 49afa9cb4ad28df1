"""Labels as numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.late import pd


def codes_of(labels: Sequence[Hashable] | NDArray[np.generic]) -> tuple[NDArray[np.intp], int]:
    """Number the labels by first appearance, from 0: the code of each, and how many there are."""
    codes, names = pd.factorize(np.asarray(labels))
    return codes, len(names)
