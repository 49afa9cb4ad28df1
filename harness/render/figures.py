"""Numbers as people read them: percent, seconds, dollars, each with its interval; a dash where there is none."""

from __future__ import annotations

import math

from harness.judged import Estimate

DASH = "–"


def percent(estimate: Estimate | None) -> str:
    """`Estimate(0.92, …, 0.8, 0.97)` → "92 (80–97)": percent with its 95 % interval."""
    if estimate is None:
        return DASH
    if estimate.low is None or estimate.high is None:
        return f"{100 * estimate.value:.0f}"
    return f"{100 * estimate.value:.0f} ({100 * estimate.low:.0f}–{100 * estimate.high:.0f})"


def seconds(estimate: Estimate | float | None) -> str:
    """Seconds in the unit that needs no leading zeros: "87 ms", "1.25 s", "2 min 05 s"."""
    value = estimate.value if isinstance(estimate, Estimate) else estimate
    if value is None:
        return DASH
    if value < 0.9995:
        return f"{1000 * value:.0f} ms"
    if value < 99.995:
        return f"{value:.2f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def usd(value: float | None) -> str:
    """Dollars with three significant digits at least: "$12.30", "$0.00123"; a dash for unknown, which is not $0."""
    if value is None:
        return DASH
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    digits = 2 - math.floor(math.log10(value))
    return f"${value:.{digits}f}"


def count(value: int) -> str:
    """`2000` → "2,000"."""
    return f"{value:,}"


def plural(number: int, noun: str) -> str:
    """`(1, "trial")` → "1 trial"; `(2000, "trial")` → "2,000 trials"; a noun in y gets its ies."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun.removesuffix('y') + 'ies' if noun.endswith('y') else noun + 's'}"
